/**
 * Writes contracts/policy/Bounds.sol from the table in src/policy/bounds.ts, so that what is checked before a deployment is what the contract
 * checks. With --check it fails where the file differs, and writes nothing.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

const SOURCE = "src/policy/bounds.ts";
const TARGET = "contracts/policy/Bounds.sol";

const { values: options } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const wanted = library(readFileSync(SOURCE, "utf8"));
if (!options.check) writeFileSync(TARGET, wanted);
else if (readFileSync(TARGET, "utf8") !== wanted)
  fail(`${TARGET} is not what ${SOURCE} makes of it: run npm run bounds`);
else console.log(`${TARGET}: as ${SOURCE} has it`);

function library(source: string): string {
  const [, table] = /^export const BOUNDS = \{\n(.*)\n\} as const;$/ms.exec(source) ?? [];
  if (table === undefined) fail(`${SOURCE} has no table`);
  return `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

// Generated from ${SOURCE} by \`npm run bounds\`. Do not edit.

/// @title What a configuration may be, and what a pauser may do
library Bounds {
${table.split("\n").map(constant).join("\n")}
}
`;
}

function constant(line: string): string {
  const comment = /^ {2}\/\*\* (.*) \*\/$/.exec(line)?.[1];
  if (comment !== undefined) return `    /// @notice ${comment}`;
  const [, name, value] = /^ {2}([A-Z][A-Z0-9_]*): ([1-9][\d_]*),$/.exec(line) ?? [];
  if (name !== undefined) return `    uint256 internal constant ${name} = ${value};`;
  if (line !== "") fail(`${SOURCE}: a line of the table is neither a comment nor a number: ${line.trim()}`);
  return "";
}

function fail(reason: string): never {
  console.error(`${reason}.`);
  process.exit(1);
}
