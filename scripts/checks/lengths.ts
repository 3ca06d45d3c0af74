/**
 * Fails where a function, a modifier or a block of assembly has more than 60 lines. What does not
 * fit on a screen is not read as one piece. A mocha suite is a list of tests, and has no such
 * bound.
 *
 * lengths.json holds the longer ones of scenarios and tests with their lines. The list only shrinks: a function must not
 * grow, and an entry that is needed no more is a fault.
 */
import { globSync, readFileSync } from "node:fs";

import parser from "@solidity-parser/parser";
import ts from "typescript";

const MOST = 60; // lines, the first and the last included
const TYPESCRIPT = ["{src,packages,scripts,scenarios,tools,bench,hardhat,test,e2e}/**/*.ts"];
const SOLIDITY = ["{contracts,bench,test,e2e}/**/*.sol"];
const GENERATED = /node_modules|typechain-types|\/dist\//;
const SUITE = /^(?:describe|it)\b/;
const KNOWN = JSON.parse(readFileSync("scripts/checks/lengths.json", "utf8")) as Record<string, number>;

const unused = new Set(Object.keys(KNOWN));
const faults: string[] = [];
let count = 0;
for (const path of files(TYPESCRIPT)) checkTypeScript(path);
for (const path of files(SOLIDITY)) checkSolidity(path);
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

function checkSolidity(path: string): void {
  const tree = parser.parse(readFileSync(path, "utf8"), { loc: true });
  const add =
    (name: string) => (node: { loc?: { start: { line: number }; end: { line: number } }; name?: unknown }) => {
      check(path, typeof node.name === "string" ? node.name : name, node.loc!.start.line, node.loc!.end.line);
    };
  parser.visit(tree, {
    FunctionDefinition: add("a function"),
    ModifierDefinition: add("a modifier"),
    InlineAssemblyStatement: add("a block of assembly"),
    AssemblyFunctionDefinition: add("a function in assembly"),
  });
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
