/**
 * Fails where a sentence of a comment or of a document has more than 20 words. `--list PATH` prints those below a path,
 * whether or not it is held to the rule.
 */
import { globSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { longSentences, sentencesOfCode, sentencesOfMarkdown, type Sentence } from "./prose/sentences.js";

/** What is not held to the rule yet. The list only shrinks: a path without a long sentence must leave it. */
const NOT_YET = ["contracts/proof/StateProof.sol", "contracts/proof/TrieNode.sol", "contracts/proof/TrieReader.sol"];
const CODE = [
  "{src,packages,scripts,scenarios,tools,bench,hardhat,test,e2e,fixtures,toolchain}/**/*.{ts,mjs}",
  "{contracts,bench,test,e2e}/**/*.sol",
  "*.ts",
];
const DOCUMENTS = ["*.md", "docs/*.md", "packages/*/*.md", "vectors/*.md", ".github/*.md"];
const GENERATED = /node_modules|typechain-types|\/dist\//;

const { values: options } = parseArgs({ options: { list: { type: "string" } } });
const found = new Map<string, Sentence[]>();
for (const path of files(CODE)) add(path, sentencesOfCode(readFileSync(path, "utf8")));
for (const path of files(DOCUMENTS)) add(path, sentencesOfMarkdown(readFileSync(path, "utf8")));

const shown = options.list ?? "";
const faults = [...found].flatMap(([path, sentences]) => {
  const isShown = options.list === undefined ? !NOT_YET.some((part) => path.startsWith(part)) : path.startsWith(shown);
  return isShown ? sentences.map(({ line, words, text }) => `${path}:${line}: ${words} words: ${text}`) : [];
});
if (options.list === undefined)
  for (const part of NOT_YET)
    if (![...found.keys()].some((path) => path.startsWith(part)))
      faults.push(`${part} has no long sentence any more: take it off the list`);
for (const fault of faults) console.error(fault);
// Not process.exit: it would cut off what a pipe has not taken yet.
if (faults.length > 0) process.exitCode = 1;
else console.log(`prose: no sentence above 20 words, ${NOT_YET.length} paths aside`);

function files(patterns: string[]): string[] {
  return globSync(patterns).filter((path) => !GENERATED.test(path));
}

function add(path: string, sentences: readonly Sentence[]): void {
  const long = longSentences(sentences);
  if (long.length > 0) found.set(path, long);
}
