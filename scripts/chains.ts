/**
 * Writes contracts/anchor/NativeChains.sol and docs/chains.md from the table in src/anchor/chains.ts. So contract, SDK and documents know
 * the same chains. With --check it fails where a file differs, and writes nothing.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { format, resolveConfig } from "prettier";

import { documentOf } from "./chains/document.js";
import { libraryOf } from "./chains/library.js";
import { CHAINS } from "../src/anchor/chains.js";

const SOURCE = "src/anchor/chains.ts";
const TARGETS = { "contracts/anchor/NativeChains.sol": libraryOf, "docs/chains.md": documentOf };

const { values: options } = parseArgs({ options: { check: { type: "boolean", default: false } } });
for (const [target, write] of Object.entries(TARGETS)) {
  const wanted = await format(write(CHAINS, SOURCE), { ...(await resolveConfig(target)), filepath: target });
  if (!options.check) writeFileSync(target, wanted);
  else if (readFileSync(target, "utf8") === wanted) console.log(`${target}: as ${SOURCE} has it`);
  else {
    console.error(`${target} is not what ${SOURCE} makes of it: run npm run chains.`);
    process.exitCode = 1;
  }
}
