import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

import type { Hex } from "../src/core/bytes.js";

/** Vectors from real chains and official suites. The folder lies beside the project; not every machine has it. */
export const VECTORS = join(import.meta.dirname, "..", "..", "shared", "vectors");

/** Vectors of our own: recorded by `scripts/recordVectors.ts`, part of the repository, never skipped. */
const OWN_VECTORS = join(import.meta.dirname, "..", "vectors");

/** Skips the running suite or test, with a word, where the vectors are missing. */
export function needVectors(context: Mocha.Context): void {
  if (existsSync(VECTORS)) return;
  console.log("      skipped: the folder of vectors is missing");
  context.skip();
}

/** The content of a vector file that lies beside the project. */
export function readVector<T>(path: string): T {
  return readJson<T>(join(VECTORS, path));
}

function readOwn<T>(name: string): T {
  return readJson<T>(join(OWN_VECTORS, name));
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, "utf8")) as T;
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

/**
 * Every header of ours, and of the folder beside the project where it is there. They are sorted by
 * what is to become of them.
 */
export function readHeaderVectors(): HeaderVectors {
  const vectors: HeaderVectors = { honest: ownHeaders(), malformed: [], rpc: [] };
  if (!existsSync(VECTORS)) return vectors;
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

export type OwnHeader = HonestHeader & Required<Pick<HonestHeader, "hash" | "fields" | "rpc">>;

/** Headers of our own, of every fork whose headers anvil makes, each with its hash and its JSON-RPC block. */
export function ownHeaders(): OwnHeader[] {
  const { cases } = readOwn<{ cases: Omit<OwnHeader, "file">[] }>("headers.json");
  return cases.map((item) => ({ file: "own", ...item }));
}

/** One answer of `eth_getProof`, recorded with the root under which it was given. */
export interface RealVector {
  id: string;
  headerRlp?: Hex;
  blockHash?: Hex;
  stateRoot: string;
  address: string;
  accountExists: boolean;
  account: { nonce: string; balance: string; storageHash: string; codeHash: string } | null;
  accountProof: string[];
  storage: { slot: string; value: string; proof: string[] }[];
}

/** The recorded answers: ours, and of the folder beside the project where it is there. */
export function realVectors(): RealVector[] {
  if (!existsSync(VECTORS)) return ownProofs();
  const files = readdirSync(join(VECTORS, "real")).filter((file) => file.endsWith(".json") && file !== "INDEX.json");
  return [...ownProofs(), ...files.sort().map((file) => readVector<RealVector>(join("real", file)))];
}

/** Answers of our own, all given under one header. */
export function ownProofs(): RealVector[] {
  type Block = Required<Pick<RealVector, "headerRlp" | "blockHash" | "stateRoot">>;
  const { block, cases } = readOwn<{ block: Block; cases: Omit<RealVector, keyof Block>[] }>("proofs.json");
  return cases.map((item) => ({ ...block, ...item }));
}

/** A key asked of a trie of our own. */
export interface TrieCase {
  trie: string;
  root: Hex;
  /** 32 bytes: the final key, hashed already. */
  key: Hex;
  /** Where the key is present: the leaf's value as it stands. */
  value?: Hex;
  /** Where it is absent: what stands in the way, in words. */
  absent?: "empty trie" | "empty child" | "other leaf" | "other extension";
  /** In geth's layout: root first, embedded nodes not listed. */
  proof: Hex[];
}

/** Every key of every trie of our own. */
export function ownTrieCases(): TrieCase[] {
  const { tries } = readOwn<{
    tries: {
      id: string;
      root: Hex;
      nodes: Hex[];
      cases: (Pick<TrieCase, "key" | "value" | "absent"> & { proof: number[] })[];
    }[];
  }>("tries.json");
  return tries.flatMap(({ id, root, nodes, cases }) =>
    cases.map((item) => ({ ...item, trie: id, root, proof: item.proof.map((index) => nodes[index]!) })),
  );
}

function addCase(vectors: HeaderVectors, file: string, id: string, item: Case): void {
  if (file === "rpc-mismatch.json" || file === "rpc-mutations.json") {
    const accept = item.expect === "accept";
    vectors.rpc.push({ file, id, rpc: item.rpc!, accept, ...defined({ mutated: item.mutated }) });
  } else if (file === "official-malformed-headers.json") {
    vectors.malformed.push(malformed(file, id, item));
  } else if (file === "bc-invalid-blocks.json") {
    // Blocks that break the rules of consensus. Most have a header that is sound as such, and is to
    // be read. "ok" says that it is canonical RLP. By the names of the cases, a few are headers
    // with a field missing or of the wrong type.
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

/**
 * What a lenient reader would take for a block's first item. It ends where its prefix says, or
 * where the bytes do.
 */
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
