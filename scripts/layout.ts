/**
 * Keeps in snapshots/storage-layout.json how the guard's namespaces (ERC-7201) lie in storage. A
 * protocol behind a proxy that upgrades reads what the old version wrote. With --check it fails
 * where anything differs: that breaks such an upgrade.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { id, keccak256, toBeHex } from "ethers";

import { BUILDS, inspect } from "../tools/compile.js";

const SNAPSHOT = "snapshots/storage-layout.json";
const SOURCE = "contracts/mocks/StorageLayouts.sol";
/** What is kept in storage as a number, so that its order and its size are part of the layout. */
const ENUMS = ["Status", "Action", "Verdict"];

/** https://docs.soliditylang.org/en/latest/internals/layout_in_storage.html#json-output */
interface StorageLayout {
  types: Record<string, Type>;
}
interface Type {
  label: string;
  encoding: string;
  numberOfBytes: string;
  members?: { label: string; slot: string; offset: number; type: string }[];
}

/** The parts of the compiler's syntax tree that are read here. */
interface Node {
  nodeType: string;
  name?: string;
  members?: Node[];
  nodes?: Node[];
  documentation?: { text: string };
  constant?: boolean;
  value?: { value?: string };
}

interface Layout {
  namespaces: Record<string, { slot: string; struct: string }>;
  structs: Record<string, string[]>;
  enums: Record<string, string[]>;
}

const { values: options } = parseArgs({ options: { check: { type: "boolean", default: false } } });
// The oldest compiler and the newest must agree, of course. The pipeline and the optimizer have no part in it.
const [oldest, newest] = await Promise.all([BUILDS[0]!, BUILDS[1]!].map(layoutOf));
// The oldest compiler's tree leaves out what is written above a struct, and with it the names of namespaces.
const expected = textOf({ ...newest!, namespaces: {} });
const actual = textOf({ ...oldest!, namespaces: {} });
if (actual !== expected) fail(`the compilers do not agree on the storage layout:\n${actual}and\n${expected}`);
if (options.check) check(textOf(newest!));
else {
  writeFileSync(SNAPSHOT, textOf(newest!));
  console.log(textOf(newest!));
}

/** Compares with what is committed. */
function check(layout: string): void {
  const committed = readFileSync(SNAPSHOT, "utf8");
  if (committed !== layout)
    fail(
      `${SNAPSHOT} has\n${committed}and this build\n${layout}A proxy that upgrades to this build misreads its storage. If no release has the old layout, run npm run layout`,
    );
  console.log("storage layout: as in the snapshot");
}

/** The layout as one compiler sees it. */
async function layoutOf(build: (typeof BUILDS)[number]): Promise<Layout> {
  const { contracts, sources } = await inspect<{ storageLayout: StorageLayout }, { ast: Node }>([SOURCE], build, {
    "*": { "": ["ast"] },
    [SOURCE]: { StorageLayouts: ["storageLayout"] },
  });
  const { types } = contracts![SOURCE]!["StorageLayouts"]!.storageLayout;
  const nodes = Object.values(sources!).flatMap(({ ast }) => flatten(ast));
  const layout: Layout = { namespaces: {}, structs: {}, enums: {} };
  const definitions = nodes.filter((it) => it.nodeType === "ContractDefinition");
  const constants = definitions.flatMap(({ nodes = [] }) => nodes.filter(({ constant }) => constant === true));
  for (const node of definitions) {
    const namespace = namespaceOf(node, constants);
    if (namespace !== undefined) layout.namespaces[namespace.id] = { slot: namespace.slot, struct: namespace.struct };
  }
  for (const { label, members } of Object.values(types))
    if (members) layout.structs[label] = members.map(describe(types));
  for (const { name, members } of nodes.filter((it) => it.nodeType === "EnumDefinition"))
    if (ENUMS.includes(name!)) layout.enums[name!] = members!.map((member) => member.name!);
  return layout;
}

function textOf(layout: Layout): string {
  return `${JSON.stringify(layout, (_, value: unknown) => sorted(value), 2)}\n`;
}

/** The namespace that a contract declares. A constant, here or in a library, must be what ERC-7201 makes of its name. */
function namespaceOf(
  { nodes = [] }: Node,
  constants: readonly Node[],
): { id: string; slot: string; struct: string } | undefined {
  const struct = nodes.find((node) => node.documentation?.text.includes("erc7201:"));
  if (struct === undefined) return undefined;
  const name = /erc7201:(\S+)/.exec(struct.documentation!.text)![1]!;
  const slot = toBeHex(BigInt(keccak256(toBeHex(BigInt(id(name)) - 1n, 32))) & ~0xffn, 32);
  const isKept = constants.some(({ value }) => value?.value === slot);
  if (!isKept) fail(`no constant is ${slot}, the slot of ${name} (struct ${struct.name})`);
  return { id: name, slot, struct: struct.name! };
}

function describe(types: Record<string, Type>): (member: NonNullable<Type["members"]>[number]) => string {
  return ({ label, slot, offset, type }) => {
    const { label: typeLabel, numberOfBytes } = types[type]!;
    return `slot ${slot}, byte ${offset}, ${numberOfBytes} bytes: ${typeLabel} ${label}`;
  };
}

function flatten(node: Node): Node[] {
  return [node, ...(node.nodes ?? []).flatMap(flatten)];
}

/** Objects by key, so that the order in which sources were read does not show. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function fail(reason: string): never {
  console.error(`${reason}.`);
  process.exit(1);
}
