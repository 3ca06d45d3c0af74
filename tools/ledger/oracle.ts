import { createMPT, verifyMerkleProof } from "@ethereumjs/mpt";
import { RLP } from "@ethereumjs/rlp";
import { AbiCoder, encodeBytes32String, HDNodeWallet, id, keccak256 } from "ethers";

import { toBytes, toHex, type Hex } from "../../src/core/bytes.js";
import type { LedgerRow } from "../../scenarios/types.js";
import { rlpInteger } from "../buildTrie.js";

/** What development chains fund. */
const PHRASE = "test test test test test test test test test test test junk";

/** The development account of an index. */
export function developmentAccount(index: number): Hex {
  return HDNodeWallet.fromPhrase(PHRASE, undefined, `m/44'/60'/0'/0/${index}`).address as Hex;
}

/** A ledger's key, made with ethers alone. */
export function keyByEthers(owner: string, kind: string, asset = "USDC"): Hex {
  const types = ["bytes32", "address", "bytes32", "bytes32"];
  const values = [id("settlement-guard.ledger.key"), owner, encodeBytes32String(asset), encodeBytes32String(kind)];
  return keccak256(AbiCoder.defaultAbiCoder().encode(types, values)) as Hex;
}

/** The root of a ledger of these entries, by `@ethereumjs/mpt`. */
export async function rootByMpt(entries: readonly (readonly [key: Hex, value: bigint])[]): Promise<Hex> {
  const trie = await createMPT({ useKeyHashing: true });
  for (const [key, value] of entries) if (value !== 0n) await trie.put(toBytes(key, "key"), rlpInteger(value));
  return toHex(trie.root());
}

/** What a slot held under a state root, by `@ethereumjs/mpt`, which throws where a node answered anything else. */
export async function valueByMpt(stateRoot: Hex, { account, slot, answer }: NonNullable<LedgerRow["proof"]>) {
  const fields = await under(stateRoot, account, answer.accountProof ?? []);
  const [, , storageRoot] = RLP.decode(fields!) as Uint8Array[];
  const word = await under(toHex(storageRoot!), slot, answer.storageProof![0]!.proof ?? []);
  return word === null ? 0n : BigInt(toHex(RLP.decode(word) as Uint8Array));
}

/** A proof from the root down. The first node must hash to the root. */
async function under(root: Hex, key: Hex, nodes: readonly string[]): Promise<Uint8Array | null> {
  if (keccak256(nodes[0]!) !== root) throw new RangeError(`the proof does not begin at ${root}`);
  const proof = nodes.map((node) => toBytes(node, "node"));
  return verifyMerkleProof(toBytes(key, "key"), proof, { useKeyHashing: true });
}
