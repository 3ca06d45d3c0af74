import { invalidHex, toBytes, toBytesEach, toHex, type Hex } from "../core/bytes.js";
import { verifyAccount, verifySlot } from "./account.js";
import type { ProofVerdict } from "./reasons.js";
import { verifyHashedKey } from "./trie.js";
import { accountOf, slotBytes, type SlotInput, type WitnessAccount } from "./witness.js";

/** A trie's nodes as `eth_getProof` lists them: RLP in hexadecimal, the root first, embedded nodes not listed. */
export type ProofNodes = readonly string[];

/**
 * What the nodes of an `accountProof` show about an account under a state root. An account that is not in the trie is absent,
 * and every slot of it with it.
 *
 * @param question.stateRoot 32 bytes, which the caller knows to be right
 * @param question.account its address, 20 bytes
 * @throws INVALID_HEX if the root, the address or a node has another form
 * @example
 * const { accountProof } = await provider.send("eth_getProof", [vault, [], "latest"]);
 * const verdict = verifyAccountProof({ stateRoot, account: vault, proof: accountProof });
 * if (verdict.status === "present") console.log(verdict.value.balance);
 */
export function verifyAccountProof(question: {
  readonly stateRoot: string;
  readonly account: string;
  readonly proof: ProofNodes;
}): ProofVerdict<WitnessAccount> {
  const root = toBytes(question.stateRoot, "state root", 32);
  const address = toBytes(question.account, "account", 20);
  return withValue(verifyAccount(root, address, nodesOf(question.proof)), accountOf);
}

/**
 * What the nodes of a `storageProof` show about a slot under a storage root. A slot that is absent reads as zero in the EVM; a present
 * one is never zero.
 *
 * @param question.storageRoot 32 bytes, out of an account that was proven
 * @throws INVALID_HEX if the root, the slot or a node has another form
 * @example
 * const verdict = verifyStorageProof({ storageRoot, slot: 7n, proof: answer.storageProof[0].proof });
 * if (verdict.status !== "invalid") console.log(verdict.status === "present" ? verdict.value : 0n);
 */
export function verifyStorageProof(question: {
  readonly storageRoot: string;
  readonly slot: SlotInput;
  readonly proof: ProofNodes;
}): ProofVerdict<bigint> {
  const root = toBytes(question.storageRoot, "storage root", 32);
  return verifySlot(root, slotBytes(question.slot), nodesOf(question.proof));
}

/**
 * What nodes show about a key of any trie whose keys are hashes: the leaf as it stands there.
 *
 * Whoever may choose the key may choose what is proven. For accounts and slots use {@link verifyAccountProof} and
 * {@link verifyStorageProof}, which hash.
 *
 * @param question.root 32 bytes, which the caller knows to be right
 * @param question.hashedKey 32 bytes
 * @throws INVALID_HEX if the root, the key or a node has another form
 * @example
 * const verdict = verifyTrieProof({ root, hashedKey: toHex(keccak256(key)), proof });
 * if (verdict.status === "present") console.log(verdict.value); // the leaf's RLP
 */
export function verifyTrieProof(question: {
  readonly root: string;
  readonly hashedKey: string;
  readonly proof: ProofNodes;
}): ProofVerdict<Hex> {
  const root = toBytes(question.root, "root", 32);
  const key = toBytes(question.hashedKey, "hashed key", 32);
  return withValue(verifyHashedKey(root, key, nodesOf(question.proof)), toHex);
}

function nodesOf(proof: ProofNodes): Uint8Array[] {
  if (!Array.isArray(proof)) throw invalidHex("proof", proof, "a list of nodes");
  return toBytesEach(proof, (i) => `node ${i} of the proof`);
}

function withValue<From, To>(verdict: ProofVerdict<From>, convert: (value: From) => To): ProofVerdict<To> {
  return verdict.status === "present" ? { status: "present", value: convert(verdict.value) } : verdict;
}
