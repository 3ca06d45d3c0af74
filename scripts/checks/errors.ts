/**
 * Fails where a bare `Error` is made outside of tests: it has no code, and not the values that disagreed. Those are a
 * SettlementGuardError, or a CliError. What stands for a client's own error says so in a comment before it. A file of such
 * errors alone says so in its first line.
 */
import { globSync, readFileSync } from "node:fs";

import ts from "typescript";

const SOURCES = ["{src,scripts,scenarios,tools,bench,hardhat}/**/*.ts", "packages/*/src/**/*.ts"];
const GENERATED = /node_modules|typechain-types|\/dist\//;
const ALLOWED = "// a client's own error";
const ALL_ALLOWED = "// clients' own errors";

const faults: string[] = [];
let files = 0;
for (const path of globSync(SOURCES).filter((file) => !GENERATED.test(file))) {
  files += 1;
  const text = readFileSync(path, "utf8");
  if (text.includes("Error(") && !text.startsWith(ALL_ALLOWED)) check(path, text);
}
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);
console.log(`errors: no bare Error in ${files} files`);

function check(path: string, text: string): void {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const lines = text.split("\n");
  const visit = (node: ts.Node): void => {
    if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText() === "Error") {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      if (lines[line - 1]?.trim().startsWith(ALLOWED) !== true)
        faults.push(`${path}:${line + 1}: throw a SettlementGuardError, or a CliError, with the values that disagreed`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
}
