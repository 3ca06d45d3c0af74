/**
 * Fails where the result of a low-level call is thrown away. In Solidity that is `x.call(..)` as a
 * statement, or with its flag left out. In Yul it is `pop(staticcall(..))`. Works on the compiler's
 * own syntax trees, so a build must exist.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface Node {
  nodeType?: string;
  [key: string]: unknown;
}

const LOW_LEVEL = new Set(["call", "staticcall", "delegatecall", "callcode"]);
const BUILD_INFO = "artifacts/build-info";

const findings = new Set<string>();
let sources = 0;
for (const file of readdirSync(BUILD_INFO).filter((name) => name.endsWith(".output.json"))) {
  const { output } = JSON.parse(readFileSync(join(BUILD_INFO, file), "utf8")) as {
    output: { sources: Record<string, { ast: Node }> };
  };
  for (const [source, { ast }] of Object.entries(output.sources)) {
    if (!source.startsWith("project/")) continue;
    sources += 1;
    visit(ast, source.replace(/^project\//, ""));
  }
}
for (const finding of findings) console.error(finding);
if (findings.size > 0) process.exit(1);
console.log(`low-level calls: none of ${sources} sources drops a result`);

function visit(node: unknown, source: string): void {
  if (Array.isArray(node)) {
    for (const child of node) visit(child, source);
    return;
  }
  if (typeof node !== "object" || node === null) return;
  const { nodeType, ...rest } = node as Node;
  if (dropsResult(nodeType, rest))
    findings.add(`${source}: byte ${String(rest["src"]).split(":")[0]}: the result of a low-level call is dropped`);
  for (const child of Object.values(rest)) visit(child, source);
}

function dropsResult(nodeType: string | undefined, node: Record<string, unknown>): boolean {
  switch (nodeType) {
    case "ExpressionStatement":
      return isLowLevelCall(node["expression"] as Node);
    case "VariableDeclarationStatement":
      return isLowLevelCall(node["initialValue"] as Node) && (node["declarations"] as unknown[])[0] === null;
    case "Assignment": {
      const components = (node["leftHandSide"] as { components?: unknown[] }).components;
      return isLowLevelCall(node["rightHandSide"] as Node) && components?.[0] === null;
    }
    case "YulFunctionCall": {
      const [argument] = node["arguments"] as { functionName?: { name: string } }[];
      return (
        (node["functionName"] as { name: string }).name === "pop" && LOW_LEVEL.has(argument?.functionName?.name ?? "")
      );
    }
    default:
      return false;
  }
}

/** `x.call(..)`, and `x.call{value: v}(..)`, on an address: a contract's own function of that name has another type. */
function isLowLevelCall(node: Node | null | undefined): boolean {
  if (node?.nodeType !== "FunctionCall") return false;
  let callee = node["expression"] as Node;
  if (callee.nodeType === "FunctionCallOptions") callee = callee["expression"] as Node;
  const type = (callee["typeDescriptions"] as { typeIdentifier?: string } | undefined)?.typeIdentifier ?? "";
  return (
    callee.nodeType === "MemberAccess" && LOW_LEVEL.has(String(callee["memberName"])) && /t_function_bare/.test(type)
  );
}
