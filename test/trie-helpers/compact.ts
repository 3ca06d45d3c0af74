import type { Interface } from "ethers";

import { toHex } from "../../src/core/bytes.js";
import { climbSlot, verifyCompact } from "../../src/proof/compact.js";
import { PROOF_REASONS } from "../../src/proof/reasons.js";
import { verifyAccountSlot, type WitnessVerdict } from "../../src/proof/witness.js";
import { rlpInteger, rlpList, rlpString, buildTrie, type BuiltTrie } from "./buildTrie.js";
import { keccak256 } from "../../src/core/keccak.js";
import type { Random } from "./random.js";
import type { Caller, Line } from "./verifiers.js";

/** What is asked of a compact witness. */
export interface Question {
  readonly root: Uint8Array;
  readonly address: Uint8Array;
  readonly slot: Uint8Array;
  readonly witness: Uint8Array;
}

/** Answers of one implementation: `present: 5`, `present: -`, `absent: -`, or `invalid Reason`. */
export interface CompactVerifier {
  readonly name: string;
  accountSlot(question: Question): Promise<Line>;
  /** A slot's part alone: `root: 5`, `root: -`, or `invalid Reason`. */
  slotPart(key: Uint8Array, part: Uint8Array): Promise<Line>;
}

export function lineOf(verdict: WitnessVerdict): Line {
  if (verdict.status === "invalid") return `invalid ${verdict.reason}`;
  return `${verdict.account.status}: ${verdict.slots.map((slot) => (slot.status === "present" ? slot.value : "-")).join(" ")}`;
}

/** What the verifier of nodes says of the same state. */
export function plainLine({ root, address, slot, witness }: Question): Line {
  return lineOf(verifyAccountSlot(root, address, slot, witness));
}

export const typescriptCompact: CompactVerifier = {
  name: "TypeScript",
  async accountSlot({ root, address, slot, witness }) {
    return lineOf(verifyCompact(root, address, slot, witness));
  },
  async slotPart(key, part) {
    const found = climbSlot(key, part);
    return typeof found === "string" ? `invalid ${found}` : `${toHex(found.root)}: ${found.value ?? "-"}`;
  },
};

/** A contract with the functions of `CompactProofHarness`. */
export function solidityCompact(name: string, call: Caller, to: string, abi: Interface): CompactVerifier {
  const ask = async (method: string, args: readonly unknown[]) =>
    abi.decodeFunctionResult(method, await call(to, abi.encodeFunctionData(method, args)));
  return {
    name,
    async accountSlot({ root, address, slot, witness }) {
      const [status, slotStatus, value, reason] = await ask("accountSlot", [root, toHex(address), slot, witness]);
      // Nothing but a reason is told of what is invalid.
      if (reason !== 0n)
        return status + slotStatus + value === 0n ? `invalid ${PROOF_REASONS[Number(reason)]}` : "invalid, and more";
      const shown = slotStatus === 2n ? `${value}` : value === 0n && slotStatus === 1n ? "-" : "inconsistent";
      return `${status === 2n ? "present" : "absent"}: ${shown}`;
    },
    async slotPart(key, part) {
      const [reason, present, value, root] = await ask("slotPart", [key, part]);
      if (reason !== 0n) return `invalid ${PROOF_REASONS[Number(reason)]}`;
      return `${root}: ${present ? value : "-"}`;
    },
  };
}

/** Slots whose hashed keys share eight nibbles: below 128, their leaves are embedded. */
export const COLLIDING = [0x9dacn, 0x19c5en] as const;

export const slotOf = (value: bigint | number): Uint8Array =>
  Uint8Array.from(Buffer.from(value.toString(16).padStart(64, "0"), "hex"));

/** A canonical positive integer of exactly `length` bytes. */
export function integer(random: Random, length: number): bigint {
  const bytes = random.bytes(length);
  bytes[0] = 1 + random.next(255);
  return BigInt(toHex(bytes));
}

/** A random account with storage among others, and slots to ask about. */
export interface World {
  readonly state: BuiltTrie;
  readonly storage: BuiltTrie;
  /** One of the accounts of the state trie; nobody's address is another. */
  readonly address: Uint8Array;
  readonly stored: ReadonlyMap<string, bigint>;
  readonly slots: readonly Uint8Array[];
}

export function accountRlp(random: Random, storageRoot: Uint8Array): Uint8Array {
  const nonce = random.next(3) === 0 ? 0n : integer(random, 1 + random.next(8));
  const balance = random.next(3) === 0 ? 0n : integer(random, 1 + random.next(32));
  return rlpList([rlpInteger(nonce), rlpInteger(balance), rlpString(storageRoot), rlpString(random.bytes(32))]);
}

export function randomWorld(random: Random): World {
  const stored = new Map<string, bigint>();
  for (let i = 0, size = [0, 1, 2, 3, 20, 300][random.next(6)] as number; i < size; i++)
    stored.set(
      toHex(random.bytes(32)),
      random.next(3) === 0 ? BigInt(1 + random.next(255)) : integer(random, 1 + random.next(32)),
    );
  if (random.next(2) === 0) for (const slot of COLLIDING) stored.set(toHex(slotOf(slot)), BigInt(1 + random.next(127)));
  const known = [...stored.keys()].map((slot) => Uint8Array.from(Buffer.from(slot.slice(2), "hex")));
  const storage = buildTrie(
    known.map((slot) => ({ key: keccak256(slot), value: rlpInteger(stored.get(toHex(slot)) as bigint) })),
  );
  const address = random.bytes(20);
  const others = Array.from({ length: [0, 1, 2, 40, 300][random.next(5)] as number }, () => ({
    key: keccak256(random.bytes(20)),
    value: accountRlp(random, random.bytes(32)),
  }));
  const state = buildTrie([{ key: keccak256(address), value: accountRlp(random, storage.root) }, ...others]);
  const slots = [...known.slice(0, 4), ...known.slice(-2), random.bytes(32), random.bytes(32), slotOf(COLLIDING[0])];
  return { state, storage, address, stored, slots };
}
