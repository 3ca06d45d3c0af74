import { existsSync } from "node:fs";

import { toBytes, toHex, type Hex } from "../src/core/bytes.js";
import { decodeHeader, hashHeader } from "../src/header/header.js";
import { concat } from "../tools/buildTrie.js";
import { readVector, vectorFiles, VECTORS } from "../tools/vectors.js";

/** One slot of an account of a real chain, with the proof that a client gave. */
export interface RealSlot {
  /** The vector's name, and the slot's place in it where it has several. */
  name: string;
  stateRoot: Hex;
  account: Hex;
  slot: Hex;
  /** Zero where the slot is absent. */
  value: bigint;
  accountProof: readonly Hex[];
  storageProof: readonly Hex[];
  header?: { rlp: Hex; number: bigint; hash: Hex };
}

interface Vector {
  id: string;
  stateRoot: Hex;
  address: Hex;
  accountExists: boolean;
  accountProof: Hex[];
  headerRlp?: Hex;
  storage: { slot: Hex; value: Hex; proof: Hex[] }[];
}

/**
 * The vector on which figures are quoted: account and balance of USDT on mainnet. It has eight
 * nodes each, and the block's header.
 */
export const QUOTED = "mainnet-usdt-19493153";

/** Every slot of an existing account whose storage has a trie; undefined where the folder of vectors is missing. */
export function readRealSlots(): RealSlot[] | undefined {
  if (!existsSync(VECTORS)) return undefined;
  const vectors = vectorFiles("real")
    .filter((file) => !file.endsWith("INDEX.json"))
    .map((file) => readVector<Vector>(file))
    .filter(({ accountExists }) => accountExists);
  const slots = vectors.flatMap(({ id, stateRoot, address: account, accountProof, headerRlp, storage }) =>
    storage
      .filter(({ proof }) => proof.length > 0)
      .map(({ slot, value, proof }, index, { length }): RealSlot => ({
        name: length === 1 ? id : `${id} #${index}`,
        ...{ stateRoot, account, accountProof, storageProof: proof },
        slot: toHex(toBytes(slot, "slot", 32)),
        value: BigInt(value),
        ...(headerRlp === undefined ? {} : { header: headerOf(headerRlp) }),
      })),
  );
  return slots.sort((a, b) => Number(b.name.startsWith(QUOTED)) - Number(a.name.startsWith(QUOTED)));
}

/** The nodes end to end. */
export function join(...proofs: readonly (readonly Hex[])[]): Hex {
  return toHex(concat(proofs.flat().map((node) => toBytes(node, "node"))));
}

/** Bytes of all nodes of a slot and its account. */
export function proofBytes({ accountProof, storageProof }: RealSlot): number {
  return byteLength(join(accountProof, storageProof));
}

export function byteLength(hex: Hex): number {
  return (hex.length - 2) / 2;
}

function headerOf(rlp: Hex): NonNullable<RealSlot["header"]> {
  return { rlp, number: decodeHeader(rlp).number, hash: hashHeader(rlp) };
}
