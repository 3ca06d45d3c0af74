/**
 * Fails where a function, a modifier or a block of assembly has more than 60 lines. What does not
 * fit on a screen is not read as one piece. A mocha suite is a list of tests, and has no such
 * bound.
 *
 * lengths.json holds the longer ones of scenarios and tests with their lines. The list only shrinks: a function must not
 * grow, and an entry that is needed no more is a fault.
 */
import { globSync, readFileSync } from "node:fs";

import solc from "solc";
import ts from "typescript";

/** What this script reads of the compiler's answer. */
interface Parsed {
  readonly errors?: readonly { readonly formattedMessage: string }[];
  readonly sources: Readonly<Record<string, { readonly ast: SyntaxNode }>>;
}

interface SyntaxNode {
  readonly nodeType: string;
  readonly name?: string;
  /** Offset and length in bytes, and the file's index: `offset:length:file`. */
  readonly src: string;
}

const MOST = 60; // lines, the first and the last included
const TYPESCRIPT = ["{src,packages,scripts,scenarios,tools,bench,hardhat,test,e2e}/**/*.ts"];
const SOLIDITY = ["{contracts,bench,test,e2e}/**/*.sol"];
const GENERATED = /node_modules|typechain-types|\/dist\//;
/** What has a bound in the compiler's syntax tree. */
const BOUNDED = new Set(["FunctionDefinition", "ModifierDefinition", "InlineAssembly", "YulFunctionDefinition"]);
const SUITE = /^(?:describe|it)\b/;
const KNOWN = JSON.parse(readFileSync("scripts/checks/lengths.json", "utf8")) as Record<string, number>;

const unused = new Set(Object.keys(KNOWN));
const faults: string[] = [];
let count = 0;
for (const path of files(TYPESCRIPT)) checkTypeScript(path);
checkSolidity(files(SOLIDITY));
for (const entry of unused) faults.push(`lengths.json: ${entry} is not needed any more`);
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);
console.log(`lengths: ${count} functions and blocks of assembly, none above ${MOST} lines`);

function files(patterns: string[]): string[] {
  return globSync(patterns).filter((path) => !GENERATED.test(path));
}

function checkTypeScript(path: string): void {
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
  const lineOf = (position: number): number => source.getLineAndCharacterOfPosition(position).line + 1;
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && "body" in node && !isSuite(node as ts.FunctionLikeDeclaration))
      check(path, node.name?.getText() ?? "a function", lineOf(node.getStart()), lineOf(node.end));
    ts.forEachChild(node, visit);
  };
  visit(source);
}

/** What mocha calls to learn of tests: the callback of a suite, or a function that several suites share. */
function isSuite(node: ts.FunctionLikeDeclaration): boolean {
  const { parent, body } = node;
  if (ts.isCallExpression(parent) && parent.expression.getText().startsWith("describe")) return true;
  return body !== undefined && ts.isBlock(body) && body.statements.some((item) => SUITE.test(item.getText()));
}

/** The compiler parses all files at once, and stops there. So what they import need not be installed. Pragmas name several versions. */
function checkSolidity(paths: readonly string[]): void {
  const texts = new Map(paths.map((path) => [path, readFileSync(path, "utf8").replace(/^pragma [^;]+;/gm, "")]));
  const sources = Object.fromEntries([...texts].map(([path, content]) => [path, { content }]));
  const settings = { stopAfter: "parsing", outputSelection: { "*": { "": ["ast"] } } };
  const input = JSON.stringify({ language: "Solidity", sources, settings });
  const parsed = JSON.parse(solc.compile(input, { import: () => ({ contents: "" }) })) as Parsed;
  faults.push(...(parsed.errors ?? []).map(({ formattedMessage }) => formattedMessage));
  for (const [path, text] of texts) {
    const bytes = Buffer.from(text);
    visitSolidity(parsed.sources[path]?.ast, ({ nodeType, name, src }) => {
      const [offset, length] = src.split(":").map(Number) as [number, number];
      const lineAt = (position: number): number => bytes.subarray(0, position).toString().split("\n").length;
      check(path, name ?? nodeType, lineAt(offset), lineAt(offset + length));
    });
  }
}

function visitSolidity(node: unknown, found: (node: SyntaxNode) => void): void {
  if (typeof node !== "object" || node === null) return;
  if (BOUNDED.has((node as SyntaxNode).nodeType)) found(node as SyntaxNode);
  for (const member of Object.values(node)) visitSolidity(member, found);
}

function check(path: string, name: string, first: number, last: number): void {
  count += 1;
  const lines = last - first + 1;
  if (lines <= MOST) return;
  const entry = `${path} ${name}`;
  unused.delete(entry);
  const most = KNOWN[entry] ?? MOST;
  if (lines > most) faults.push(`${path}:${first}: ${name} has ${lines} lines, of ${most} at most`);
}
