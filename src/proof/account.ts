import { SettlementGuardError } from "../core/errors.js";
import { keccak256 } from "../core/keccak.js";
import type { ProofVerdict } from "./reasons.js";
import { verifyHashedKey } from "./trie.js";

/** An account as the state trie holds it. */
export interface Account {
  readonly nonce: bigint;
  /** In wei. */
  readonly balance: bigint;
  /** keccak256(0x80) where the account has no storage. */
  readonly storageRoot: Uint8Array;
  /** keccak256("") where it has no code. */
  readonly codeHash: Uint8Array;
}

/**
 * What a proof shows about an account under a state root. An account in the trie is present, also without nonce, balance and code.
 * One that is not in it is absent, with every slot.
 *
 * @param stateRoot 32 bytes, authenticated by the caller
 * @param address 20 bytes; hashed here
 * @throws INVALID_HEX if the root or the address has another length
 */
export function verifyAccount(
  stateRoot: Uint8Array,
  address: Uint8Array,
  nodes: readonly Uint8Array[],
): ProofVerdict<Account> {
  expectLength(stateRoot, 32, "state root");
  expectLength(address, 20, "address");
  const verdict = verifyHashedKey(stateRoot, keccak256(address), nodes);
  if (verdict.status !== "present") return verdict;
  const value = decodeAccount(verdict.value);
  return value === undefined ? { status: "invalid", reason: "AccountMalformed" } : { status: "present", value };
}

/**
 * What a proof shows about a slot under a storage root. A present value is never zero: the trie does not store zeros.
 *
 * @param storageRoot 32 bytes, out of an account that was proven
 * @param slot 32 bytes; hashed here
 * @throws INVALID_HEX if the root or the slot has another length
 */
export function verifySlot(
  storageRoot: Uint8Array,
  slot: Uint8Array,
  nodes: readonly Uint8Array[],
): ProofVerdict<bigint> {
  expectLength(storageRoot, 32, "storage root");
  expectLength(slot, 32, "slot");
  const verdict = verifyHashedKey(storageRoot, keccak256(slot), nodes);
  if (verdict.status !== "present") return verdict;
  const value = decodeSlot(verdict.value);
  return value === undefined ? { status: "invalid", reason: "ValueMalformed" } : { status: "present", value };
}

/** rlp([nonce, balance, storageRoot, codeHash]), or undefined if the bytes are anything else. */
export function decodeAccount(bytes: Uint8Array): Account | undefined {
  const end = bytes.length;
  // The two hashes take 66 bytes, so that the list always has one length byte.
  if (end < 70 || bytes[0] !== 0xf8 || bytes[1] !== end - 2) return undefined;
  const nonce = decodeInteger(bytes, 2);
  if (nonce === undefined || nonce.next > 11) return undefined;
  const balance = decodeInteger(bytes, nonce.next);
  if (balance === undefined || balance.next !== end - 66) return undefined;
  if (bytes[end - 66] !== 0xa0 || bytes[end - 33] !== 0xa0) return undefined;
  return {
    nonce: nonce.value,
    balance: balance.value,
    storageRoot: bytes.subarray(end - 65, end - 33),
    codeHash: bytes.subarray(end - 32),
  };
}

/** The parts of rlp([nonce, balance, storageRoot, codeHash]) of which a witness has some: both integers as RLP, and the hashes. */
export function accountPieces(
  bytes: Uint8Array,
): { readonly integers: Uint8Array; readonly storageRoot: Uint8Array; readonly codeHash: Uint8Array } | undefined {
  const account = decodeAccount(bytes);
  if (account === undefined) return undefined;
  const { storageRoot, codeHash } = account;
  return { integers: bytes.subarray(2, bytes.length - 66), storageRoot, codeHash };
}

/** The canonical integer that a storage leaf holds, or undefined if the bytes are anything else, zero included. */
export function decodeSlot(bytes: Uint8Array): bigint | undefined {
  const integer = decodeInteger(bytes, 0);
  return integer === undefined || integer.value === 0n || integer.next !== bytes.length ? undefined : integer.value;
}

/** One canonical RLP integer of at most 32 bytes: no leading zero, and no prefix before a byte below 0x80. */
function decodeInteger(bytes: Uint8Array, at: number): { value: bigint; next: number } | undefined {
  const marker = bytes[at];
  if (marker === undefined || marker > 0xa0 || marker === 0) return undefined;
  if (marker < 0x80) return { value: BigInt(marker), next: at + 1 };
  const size = marker - 0x80;
  const next = at + 1 + size;
  const first = bytes[at + 1] ?? 0;
  if (next > bytes.length || (size > 0 && first === 0) || (size === 1 && first < 0x80)) return undefined;
  let value = 0n;
  for (let i = at + 1; i < next; i++) value = (value << 8n) | BigInt(bytes[i] as number);
  return { value, next };
}

export function expectLength(bytes: Uint8Array, length: number, what: string): void {
  if (bytes.length === length) return;
  throw new SettlementGuardError(
    "INVALID_HEX",
    { what, value: `${bytes.length} bytes`, expected: `${length} bytes` },
    `${what} has ${bytes.length} bytes: expected ${length}`,
  );
}
