import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

import type { Hex } from "../../src/core/bytes.js";

/** Vectors from real chains and official suites; a folder beside the project, which not every machine has. */
export const VECTORS = join(import.meta.dirname, "..", "..", "..", "shared", "vectors");

/** Skips the running suite or test, with a word, where the vectors are missing. */
export function needVectors(context: Mocha.Context): void {
  if (existsSync(VECTORS)) return;
  console.log("      skipped: the folder of vectors is missing");
  context.skip();
}

/** A vector file's content. */
export function readVector<T>(path: string): T {
  return JSON.parse(readFileSync(join(VECTORS, path), "utf8")) as T;
}

/** The vector files below a folder, by their path in it. */
export function vectorFiles(folder: string): string[] {
  return readdirSync(join(VECTORS, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".json"))
    .map((entry) => join(folder, relative(join(VECTORS, folder), entry.parentPath), entry.name))
    .sort();
}

/** A header that some chain made, and what is known about it. */
export interface HonestHeader {
  file: string;
  id: string;
  rlp: Hex;
  /** Absent where the vector has none of its own. */
  hash?: Hex;
  fields?: number;
  number?: Hex;
  parentHash?: Hex;
  stateRoot?: Hex;
  timestamp?: Hex;
  rpc?: Record<string, unknown>;
}

/** Bytes that are not a header. */
export interface MalformedHeader {
  file: string;
  id: string;
  rlp: Hex;
  /**
   * Where `rlp` is a whole block that cannot be taken apart: what a lenient reader would take for its header. It may be sound, the
   * fault lying elsewhere in the block.
   */
  slice?: Hex;
}

/** A JSON-RPC block, and whether its fields can be believed. */
export interface RpcCase {
  file: string;
  id: string;
  rpc: Record<string, unknown>;
  accept: boolean;
  mutated?: string;
}

export interface HeaderVectors {
  honest: HonestHeader[];
  malformed: MalformedHeader[];
  rpc: RpcCase[];
}

interface Case {
  id?: string;
  hash?: Hex;
  fields?: number;
  number?: Hex;
  parentHash?: Hex;
  stateRoot?: Hex;
  timestamp?: Hex;
  rlp?: Hex;
  rpc?: Record<string, unknown>;
  headerRlp?: Hex;
  blockRlp?: Hex;
  strictHeaderDecode?: string;
  exception?: string | null;
  expect?: string;
  mutated?: string;
  blocks?: Case[];
}

const folder = "conformance/headers";

/** Every header of every file, by what is to become of it. */
export function readHeaderVectors(): HeaderVectors {
  const vectors: HeaderVectors = { honest: [], malformed: [], rpc: [] };
  for (const file of vectorFiles(folder)) {
    const { cases } = readVector<{ cases: Case[] }>(file);
    for (const [index, item] of cases.entries())
      addCase(vectors, file.slice(folder.length + 1), `${item.id ?? index}`, item);
  }
  for (const file of vectorFiles("real")) {
    const item = readVector<{ id?: string; headerRlp?: Hex; blockHash?: Hex; stateRoot?: Hex; headerFields?: number }>(
      file,
    );
    if (item.headerRlp === undefined) continue;
    const { headerRlp: rlp, blockHash: hash, stateRoot, headerFields: fields } = item;
    vectors.honest.push({ file, id: item.id!, rlp, ...defined({ hash, stateRoot, fields }) });
  }
  return vectors;
}

function addCase(vectors: HeaderVectors, file: string, id: string, item: Case): void {
  if (file === "rpc-mismatch.json" || file === "rpc-mutations.json") {
    const accept = item.expect === "accept";
    vectors.rpc.push({ file, id, rpc: item.rpc!, accept, ...defined({ mutated: item.mutated }) });
  } else if (file === "official-malformed-headers.json") {
    vectors.malformed.push(malformed(file, id, item));
  } else if (file === "bc-invalid-blocks.json") {
    // Blocks that break the rules of consensus. Most have a header that is sound as such, and is to be read. "ok" says that it is
    // canonical RLP; by the names of the cases, a few are headers with a field of the wrong type, or without one, all the same.
    const rlp = item.headerRlp ?? firstItem(item.blockRlp!);
    const wrongField =
      /#BLOCK_\w+_(Prefixed0000|TooShort|TooLarge|GivenAsList)#/.test(id) ||
      item.exception === "BlockException.INCORRECT_BLOCK_FORMAT";
    if (item.strictHeaderDecode !== "ok") vectors.malformed.push(malformed(file, id, item));
    else if (wrongField) vectors.malformed.push({ file, id, rlp });
    else vectors.honest.push({ file, id, rlp });
  } else if (item.blocks !== undefined) {
    for (const [index, block] of item.blocks.entries()) {
      if (block.rlp !== undefined) addCase(vectors, file, `${id} block ${index}`, block);
    }
  } else {
    const { rlp, hash, fields, number, parentHash, stateRoot, timestamp, rpc } = item;
    const known = defined({ hash, fields, number, parentHash, stateRoot, timestamp, rpc });
    vectors.honest.push({ file, id, rlp: rlp!, ...known });
  }
}

function malformed(file: string, id: string, { headerRlp, blockRlp }: Case): MalformedHeader {
  if (headerRlp !== undefined) return { file, id, rlp: headerRlp };
  return { file, id, rlp: blockRlp!, slice: firstItem(blockRlp!) };
}

/** What a lenient reader would take for a block's first item: as long as its prefix says, or as there is. */
function firstItem(block: Hex): Hex {
  const bytes = Buffer.from(block.slice(2), "hex");
  const at = 1 + widthOfLength(bytes[0]!);
  const width = widthOfLength(bytes[at]!);
  const length = width === 0 || width > 6 ? bytes.length : bytes.readUIntBE(at + 1, width);
  return `0x${bytes.subarray(at, at + 1 + width + length).toString("hex")}`;
}

function widthOfLength(prefix: number): number {
  return Math.max(0, (prefix & 0x3f) - 0x37);
}

/** The members that have a value; `exactOptionalPropertyTypes` tells absent from undefined. */
function defined<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
}

/** How many of each file, as text. */
export function countByFile(items: readonly { file: string }[]): string {
  const counts = new Map<string, number>();
  for (const { file } of items) counts.set(file, (counts.get(file) ?? 0) + 1);
  return [...counts].map(([file, count]) => `${file} ${count}`).join(", ");
}
