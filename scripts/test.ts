/**
 * `npm test`: builds, with what only tests compile beside it. Then it runs the Solidity tests beside the others, and closes with one line
 * that tells passed from pending.
 *
 *     tsx scripts/test.ts [ARGUMENTS OF hardhat test…]
 *
 * With arguments it is `hardhat test`. Hardhat alone runs both kinds one after the other, and counts what is pending as passed.
 */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";

import { compileTargets } from "../tools/targets.js";

const manifest = createRequire(import.meta.url).resolve("hardhat/package.json");
const HARDHAT = join(dirname(manifest), "dist/src/cli.js");
/** Megabytes of heap for each process, mocha's workers included. With what lies beside it they stay under 2 GB. */
const NODE = ["--max-old-space-size=1024", "--max-semi-space-size=32", "--experimental-async-context-frame"];

type Counts = Record<"passing" | "failing" | "pending", number>;

const started = performance.now();
const args = process.argv.slice(2);
if (args.length > 0) process.exit(await run("test", ...args));
// A compiler has one core. What fails here fails again in the suite that asks for it, which says so.
void compileTargets().catch(() => undefined);
if ((await run("build", "--quiet")) !== 0) process.exit(1);

const [mocha, solidity] = await Promise.all([tests("mocha", true), tests("solidity", false)]);
process.stdout.write(`\n${solidity.output}`);
// Once more at the end, where whoever cuts the output leaves it.
for (const { output } of [mocha, solidity]) process.stdout.write(failuresIn(output));

const sum = (kind: keyof Counts): number => mocha.counts[kind] + solidity.counts[kind];
const seconds = ((performance.now() - started) / 1_000).toFixed(0);
const isGreen = mocha.code === 0 && solidity.code === 0 && mocha.counts.passing > 0 && solidity.counts.passing > 0;
console.log(
  `\n${isGreen ? "passed" : "FAILED"}: ${sum("passing")} passed, ${sum("failing")} failed, ${sum("pending")} pending in ${seconds} s`,
);
process.exit(isGreen ? 0 : 1);

async function run(...command: string[]): Promise<number> {
  const child = spawn(process.execPath, [...NODE, HARDHAT, ...command], { stdio: "inherit" });
  return new Promise((resolve) => child.on("close", (code) => resolve(code ?? 1)));
}

/** @param isShown at once; what runs beside it is shown at the end */
async function tests(kind: "mocha" | "solidity", isShown: boolean) {
  const child = spawn(process.execPath, [...NODE, HARDHAT, "test", kind, "--no-compile"], {
    stdio: ["inherit", "pipe", "inherit"],
    env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}) },
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    if (isShown) process.stdout.write(text);
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, output, counts: countsOf(output) };
}

/** What the reporter says after the line `  1 failing`, or nothing. */
function failuresIn(output: string): string {
  const lines = output.split("\n");
  const first = lines.findIndex((line) => /^ *\d+ failing/.test(stripVTControlCharacters(line)));
  return first < 0 ? "" : `\n${lines.slice(first).join("\n")}`;
}

/** Of the reporter's last lines: `  7 passing (12s)`. */
function countsOf(output: string): Counts {
  const plain = stripVTControlCharacters(output);
  const count = (kind: string): number =>
    Number([...plain.matchAll(new RegExp(`^ *(\\d+) ${kind}`, "gm"))].at(-1)?.[1] ?? 0);
  return { passing: count("passing"), failing: count("failing"), pending: count("pending") };
}
