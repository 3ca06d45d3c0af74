import { encodeBytes32String, getAddress, Wallet } from "ethers";

import { TIERS } from "../../src/anchor/tiers.js";
import { toWord, type Hex } from "../../src/core/bytes.js";
import { abiBook, abiCommitment, type AbiCommitment } from "../../src/ledger/abi.js";
import type { SignerSet } from "../../src/ledger/commitment.js";

const named = (text: string): Hex => encodeBytes32String(text) as Hex;

export const ZERO: Hex = `0x${"00".repeat(32)}`;
export const NOBODY: Hex = `0x${"00".repeat(20)}`;
export const MARKET = named("eth");
export const OTHER = named("btc");
export const USDC = named("USDC");
export const KIND = named("balance");
export const VERSION = named("1");
const DAY = 86_400;

/** The rules of the tests' markets, by their place in the book. */
export const RULES = { balance: 0, asset: 1, margin: 2, total: 3 } as const;

/** How a scope's ledger is watched in tests; times in seconds. */
export const WATCH = {
  delay: 2 * DAY,
  silence: 600,
  healAfter: 3,
  healFor: 300,
  tier: TIERS.indexOf("safe"),
  minDepth: 1,
  maxAge: 256,
  longestBlockTime: 13_500,
} as const;

/** Keys of numbers from 1 on. Those of a set stand in ascending order of their addresses. */
export function walletsFrom(first: number, count: number): Wallet[] {
  const wallets = Array.from({ length: count }, (_, i) => new Wallet(toWord(BigInt(first + i))));
  return wallets.sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
}

/** A set that a contract takes as well. */
export type SetInput = SignerSet & { signers: Hex[] };

export function setOf(wallets: readonly { address: string }[], threshold: number): SetInput {
  return { threshold, signers: wallets.map(({ address }) => getAddress(address) as Hex) };
}

/** A commitment as evidence, for the contract. */
export interface SignedInput {
  commitment: AbiCommitment;
  descendants: AbiCommitment[];
  set: SetInput;
  signatures: string[];
}

/** Of a commitment that is on record. */
export const ON_RECORD = {
  descendants: [] as AbiCommitment[],
  set: { threshold: 0, signers: [] as Hex[] },
  signatures: [] as string[],
};

export { abiCommitment as forContract, abiBook as bookForContract };
