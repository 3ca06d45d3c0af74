/**
 * Fails where a sentence of a comment or of a document has more than 20 words. With `--list PATH` it looks below a path alone.
 */
import { globSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { longSentences, sentencesOfCode, sentencesOfMarkdown, type Sentence } from "./prose/sentences.js";

const CODE = [
  "{src,packages,scripts,scenarios,tools,bench,hardhat,test,e2e,toolchain}/**/*.{ts,mjs}",
  "{contracts,bench,test,e2e}/**/*.sol",
  "*.ts",
];
const DOCUMENTS = ["*.md", "docs/**/*.md", "packages/*/*.md", "vectors/*.md", ".github/*.md"];
const GENERATED = /node_modules|typechain-types|\/(?:dist|cache)\//;

const { values: options } = parseArgs({ options: { list: { type: "string" } } });
const found = new Map<string, Sentence[]>();
for (const path of files(CODE)) add(path, sentencesOfCode(readFileSync(path, "utf8")));
for (const path of files(DOCUMENTS)) add(path, sentencesOfMarkdown(readFileSync(path, "utf8")));

const faults = [...found]
  .filter(([path]) => path.startsWith(options.list ?? ""))
  .flatMap(([path, sentences]) => sentences.map(({ line, words, text }) => `${path}:${line}: ${words} words: ${text}`));
for (const fault of faults) console.error(fault);
// Not process.exit: it would cut off what a pipe has not taken yet.
if (faults.length > 0) process.exitCode = 1;
else console.log("prose: no sentence above 20 words");

function files(patterns: string[]): string[] {
  return globSync(patterns).filter((path) => !GENERATED.test(path));
}

function add(path: string, sentences: readonly Sentence[]): void {
  const long = longSentences(sentences);
  if (long.length > 0) found.set(path, long);
}
