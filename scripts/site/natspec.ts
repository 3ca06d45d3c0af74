import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const BUILD_INFO = "artifacts/build-info";
/** What a user inherits, calls or deploys. */
const SHOWN = /^project\/contracts\/(?!mocks\/|examples\/|reference\/)(?:(\w+)\/)?\w+\.sol$/;

/** What this script reads of the compiler's syntax tree. */
interface Node {
  id: number;
  nodeType: string;
  name?: string;
  /** Offset and length in bytes, and the file's index: `offset:length:file`. */
  src: string;
  kind?: string;
  visibility?: string;
  abstract?: boolean;
  contractKind?: string;
  documentation?: { text: string };
  /** Interfaces first, as far as they have the function. */
  baseFunctions?: number[];
  body?: Node | null;
  nodes?: Node[];
}

interface Source {
  path: string;
  ast: Node;
  text: Buffer;
}

/** One page a folder of contracts: its name, and its Markdown. */
export function natspecPages(): Map<string, string> {
  const sources = readSources();
  const byId = new Map<number, Node>();
  for (const { ast } of sources) collect(ast, byId);
  const pages = new Map<string, string>();
  for (const source of sources) {
    const folder = SHOWN.exec(source.path)?.[1] ?? "contracts";
    const sections = (source.ast.nodes ?? []).flatMap((node) => section(node, source, byId));
    if (sections.length > 0)
      pages.set(folder, [pages.get(folder) ?? `# Solidity: ${folder}`, ...sections].join("\n\n"));
  }
  return pages;
}

/** Every shown file once, from whichever build has it. */
function readSources(): Source[] {
  const found = new Map<string, Source>();
  for (const name of readdirSync(BUILD_INFO).filter((file) => file.endsWith(".output.json"))) {
    const { output } = readJson<{ output: { sources: Record<string, { ast: Node }> } }>(name);
    const { input } = readJson<{ input: { sources: Record<string, { content: string }> } }>(
      name.replace(".output.json", ".json"),
    );
    for (const [path, { ast }] of Object.entries(output.sources))
      if (SHOWN.test(path)) found.set(path, { path, ast, text: Buffer.from(input.sources[path]!.content) });
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(join(BUILD_INFO, name), "utf8")) as T;
}

function collect(node: Node, byId: Map<number, Node>): void {
  byId.set(node.id, node);
  for (const child of node.nodes ?? []) collect(child, byId);
}

/** A contract with its members, or a type or function of a file. */
function section(node: Node, source: Source, byId: Map<number, Node>): string[] {
  if (node.nodeType !== "ContractDefinition") return isDocumented(node) ? [member(node, source, byId, "##")] : [];
  const kind = `${node.abstract === true ? "abstract " : ""}${node.contractKind}`;
  const file = source.path.replace("project/", "");
  const head = `## ${node.name}\n\n*${kind}*, \`${file}\`\n\n${prose(node.documentation?.text ?? "")}`;
  return [head, ...(node.nodes ?? []).filter(isDocumented).map((item) => member(item, source, byId, "###"))];
}

function isDocumented(node: Node): boolean {
  return node.documentation !== undefined && node.name !== "" && node.visibility !== "private";
}

function member(node: Node, source: Source, byId: Map<number, Node>, level: string): string {
  const signature = `\`\`\`solidity\n${signatureOf(node, source)}\n\`\`\``;
  return `${level} ${node.name}\n\n${signature}\n\n${prose(textOf(node, byId))}`;
}

/** The documentation, or that of the function from which it is inherited. */
function textOf(node: Node, byId: Map<number, Node>): string {
  const text = node.documentation?.text ?? "";
  if (!text.includes("@inheritdoc")) return text;
  const bases = (node.baseFunctions ?? []).flatMap((id) => byId.get(id) ?? []);
  return bases.map((base) => textOf(base, byId)).find((inherited) => inherited !== "") ?? text;
}

/** The source up to the body; types whole. */
function signatureOf(node: Node, { text }: Source): string {
  const [start, length] = node.src.split(":").map(Number) as [number, number];
  const end = node.body ? Number(node.body.src.split(":")[0]) : start + length;
  const indent = " ".repeat(start - (text.lastIndexOf("\n", start) + 1));
  return text.subarray(start, end).toString().trimEnd().replaceAll(`\n${indent}`, "\n");
}

/** NatSpec as Markdown: parameters and results as a list, notes for developers after the notice. */
function prose(natspec: string): string {
  // What stands before the first tag is a notice.
  const [notice = "", ...tags] = natspec.split(/^ *@(?=[a-z])/m).map((tag) => tag.replace(/^ /gm, "").trim());
  const paragraphs = tags.map((tag) => {
    const [, name = "", text = ""] = /^([a-z:-]+)\s+(.*)$/s.exec(tag) ?? [];
    if (name === "title") return `**${text}**`;
    if (name === "notice" || name === "dev") return text;
    if (name === "param" || name === "return") return `- ${name === "return" ? "returns " : ""}${named(text)}`;
    return "";
  });
  return [notice, ...paragraphs].filter((text) => text !== "").join("\n\n");
}

function named(text: string): string {
  return text.replace(/^(\w+)\s+/, "`$1`: ");
}
