#!/usr/bin/env node
// The compiler from npm, in the form in which forge calls one: `--version`, and `--standard-json` from stdin.
import { readFileSync } from "node:fs";
import solc from "solc";

if (process.argv.includes("--version")) {
  console.log(
    `solc, the solidity compiler commandline interface\nVersion: ${solc.version().replace("Emscripten.clang", "Linux.g++")}`,
  );
} else {
  process.stdout.write(solc.compile(readFileSync(0, "utf8")));
}
