/**
 * Fails where an exported function or class has no `@example`. Fails where a member of an exported type can be assigned.
 */
import { readFileSync } from "node:fs";

import ts from "typescript";

/** What is made of Solidity has no comments of ours. */
const GENERATED = /typechain-types|\/abi\/|\/artifacts\//;

const entries = [...new Set(readFileSync("package.json", "utf8").match(/dist\/esm\/src\/[^"]+(?=\.d\.ts)/g))]
  .filter((path) => !GENERATED.test(path))
  .map((path) => `${path.replace("dist/esm/", "")}.ts`);
const { options } = ts.convertCompilerOptionsFromJson(
  { target: "es2022", module: "node16", moduleResolution: "node16", strict: true, skipLibCheck: true },
  ".",
);
const program = ts.createProgram(entries, options);
const checker = program.getTypeChecker();

const exported = new Map(entries.flatMap(exportsOf).map((symbol) => [symbol.name, symbol]));
const faults = [...exported.values()].flatMap(faultsOf);
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
else console.log(`exports: ${exported.size} names, each function with an example, each member readonly`);

/** The symbols themselves, where an entry passes them on. */
function exportsOf(entry: string): ts.Symbol[] {
  const source = program.getSourceFile(entry);
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new RangeError(`${entry} is no module: the manifest names it`);
  return checker
    .getExportsOfModule(module)
    .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol));
}

function faultsOf(symbol: ts.Symbol): string[] {
  const [declaration] = symbol.declarations ?? [];
  if (declaration === undefined) return [`${symbol.name} has no declaration`];
  if (ts.isFunctionDeclaration(declaration) || ts.isClassDeclaration(declaration)) {
    const hasExample = symbol.getJsDocTags(checker).some(({ name }) => name === "example");
    return hasExample ? [] : [`${symbol.name} has no @example`];
  }
  return assignable(declaration).map((member) => `${symbol.name}.${member} can be assigned: make it readonly`);
}

/** Members without `readonly`. */
function assignable(declaration: ts.Declaration): string[] {
  const type = ts.isTypeAliasDeclaration(declaration) ? declaration.type : declaration;
  if (!ts.isInterfaceDeclaration(type) && !ts.isTypeLiteralNode(type)) return [];
  return type.members
    .filter(ts.isPropertySignature)
    .filter(({ modifiers }) => !modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ReadonlyKeyword))
    .map(({ name }) => name.getText());
}
