import type { StateAnchor } from "../anchor/anchor.js";
import { TIERS, type Tier } from "../anchor/tiers.js";
import {
  domainSeparator,
  encodeType,
  hashStateAnchor,
  hashStruct,
  STATE_ANCHOR_TYPE,
  type TypedDataDomain,
  type TypedDataField,
} from "../anchor/typedData.js";
import { concat, toBytes, toHex, toWord, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { keccak256 } from "../core/keccak.js";
import { describeValue } from "../core/text.js";
import { hashRules, type RuleBook } from "./rules.js";

/** The format of a ledger that is a Merkle-Patricia trie: {@link LedgerTree}. */
export const LEDGER_FORMAT = 1;

/** A claim that is signed: this was the ledger of a scope when the chain was at this block. `ILedgerDesk` says what follows. */
export interface Commitment {
  /** The protocol whose scope it is. */
  readonly guard: Hex;
  /** 32 bytes. */
  readonly scope: Hex;
  /** Whose signers it is judged by, counted from 1. */
  readonly epoch: bigint;
  /** 1, 2, 3 and so on, across epochs. One is signed of a sequence in an epoch, also where it expires. */
  readonly sequence: bigint;
  readonly chainId: bigint;
  /** The block up to which the ledger follows the chain. */
  readonly anchor: StateAnchor;
  readonly ledgerRoot: Hex;
  /** {@link LEDGER_FORMAT}. */
  readonly format: number;
  /** {@link hashRules} of the rule book. */
  readonly rules: Hex;
  /** {@link hashCommitment} of the commitment before, zero for the first. */
  readonly previous: Hex;
  /** The last second in which it may be relayed, since 1970. It stays evidence afterwards. */
  readonly validUntil: bigint;
  /** The last height at which it may be relayed. */
  readonly validUntilBlock: bigint;
  /** How sure its signers were of the anchor's block. */
  readonly tier: Tier;
}

/** Who signs, and how many of them must. */
export interface SignerSet {
  /** More than half of them. */
  readonly threshold: number;
  /** In ascending order, each once, at most 32. */
  readonly signers: readonly Hex[];
}

/** What signers of the open epoch sign, to hand over to those of the next one. The rules stay. */
export interface LedgerEpoch {
  readonly guard: Hex;
  readonly scope: Hex;
  /** One more than the epoch that is open. */
  readonly epoch: bigint;
  readonly set: SignerSet;
  /** {@link hashRules} of the rule book. */
  readonly rules: Hex;
  /** The last second in which the signatures count, since 1970. */
  readonly validUntil: bigint;
}

/** What is signed with EIP-712: `signer.signTypedData(domain, types, message)` in ethers, with `primaryType` beside them in viem. */
export interface LedgerTypedData {
  readonly domain: TypedDataDomain & { chainId: bigint };
  readonly types: Record<string, TypedDataField[]>;
  readonly primaryType: string;
  readonly message: Record<string, unknown>;
}

const COMMITMENT_TYPE: readonly TypedDataField[] = [
  { name: "guard", type: "address" },
  { name: "scope", type: "bytes32" },
  { name: "epoch", type: "uint64" },
  { name: "sequence", type: "uint64" },
  { name: "chainId", type: "uint256" },
  { name: "anchor", type: "StateAnchor" },
  { name: "ledgerRoot", type: "bytes32" },
  { name: "format", type: "uint16" },
  { name: "rules", type: "bytes32" },
  { name: "previous", type: "bytes32" },
  { name: "validUntil", type: "uint64" },
  { name: "validUntilBlock", type: "uint64" },
  { name: "tier", type: "uint8" },
];

const EPOCH_TYPE: readonly TypedDataField[] = [
  { name: "guard", type: "address" },
  { name: "scope", type: "bytes32" },
  { name: "epoch", type: "uint64" },
  { name: "signers", type: "bytes32" },
  { name: "rules", type: "bytes32" },
  { name: "validUntil", type: "uint64" },
];

/**
 * The EIP-712 struct hash of a commitment: its name in events, and the next one's `previous`.
 *
 * @throws INVALID_COMMITMENT, INVALID_ANCHOR, INVALID_HEX
 * @example
 * const next = { ...commitment, sequence: commitment.sequence + 1n, previous: hashCommitment(commitment) };
 */
export function hashCommitment(commitment: Commitment): Hex {
  return toHex(structHashOf(commitment));
}

/**
 * What a ledger's signers sign.
 *
 * @param desk address of the `LedgerDesk`
 * @throws INVALID_COMMITMENT, INVALID_ANCHOR, INVALID_HEX
 * @example
 * const { domain, types, message } = commitmentTypedData(desk, commitment);
 * const signature = await signer.signTypedData(domain, types, message);
 */
export function commitmentTypedData(desk: string, commitment: Commitment): LedgerTypedData {
  structHashOf(commitment); // refuses what cannot be signed
  return {
    domain: domainOf(desk, commitment.chainId),
    types: { Commitment: [...COMMITMENT_TYPE], StateAnchor: [...STATE_ANCHOR_TYPE] },
    primaryType: "Commitment",
    message: { ...commitment, tier: TIERS.indexOf(commitment.tier) },
  };
}

/**
 * The digest that a ledger's signers sign.
 *
 * @throws INVALID_COMMITMENT, INVALID_ANCHOR, INVALID_HEX, INVALID_TYPED_DATA
 * @example
 * const signature = await account.sign({ hash: commitmentDigest(desk, commitment) });
 */
export function commitmentDigest(desk: string, commitment: Commitment): Hex {
  const separator = domainSeparator(domainOf(desk, commitment.chainId));
  return toHex(keccak256(concat([Uint8Array.of(0x19, 0x01), separator, structHashOf(commitment)])));
}

/**
 * What signers of the open epoch sign to open the next one.
 *
 * @param desk address of the `LedgerDesk`
 * @throws INVALID_COMMITMENT, INVALID_HEX
 * @example
 * const { domain, types, message } = epochTypedData({ desk, chainId: 1n, next });
 */
export function epochTypedData({
  desk,
  chainId,
  next,
}: {
  readonly desk: string;
  readonly chainId: bigint;
  readonly next: LedgerEpoch;
}): LedgerTypedData {
  const { set, ...members } = next;
  return {
    domain: domainOf(desk, chainId),
    types: { Epoch: [...EPOCH_TYPE] },
    primaryType: "Epoch",
    message: { ...members, signers: hashSigners(set) },
  };
}

/**
 * The hash of a set of signers, as the desk has it.
 *
 * @throws INVALID_COMMITMENT unless a desk would take the set
 * @throws INVALID_HEX
 * @example
 * const signers = hashSigners({ threshold: 2, signers: [alice, bob, carol] });
 */
export function hashSigners({ threshold, signers }: SignerSet): Hex {
  const addresses = signers.map((signer) => addressWord(signer, "signer"));
  const isOrdered = signers.every((signer, i) => BigInt(signer) > BigInt(signers[i - 1] ?? 0));
  if (!isOrdered) throw invalid("signers", "the signers are not in strictly ascending order");
  if (!Number.isSafeInteger(threshold) || threshold > signers.length || 2 * threshold <= signers.length)
    throw invalid(
      "threshold",
      `a threshold of ${describeValue(threshold)} is not a majority of ${signers.length} signers`,
    );
  if (signers.length > 32) throw invalid("signers", `${signers.length} are more than 32 signers`);
  const words = [0x20n, BigInt(threshold), 0x40n, BigInt(signers.length)].map(wordOf);
  return toHex(keccak256(concat([...words, ...addresses])));
}

/**
 * The hash of the terms of an epoch, which the administrator announces.
 *
 * @throws as {@link hashSigners} and {@link hashRules}
 * @example
 * await desk.announceEpoch(guard, scope, hashTerms(set, book));
 */
export function hashTerms(set: SignerSet, book: RuleBook): Hex {
  return toHex(keccak256(concat([hashSigners(set), hashRules(book)].map((hash) => toBytes(hash, "hash", 32)))));
}

function domainOf(desk: string, chainId: bigint): TypedDataDomain & { chainId: bigint } {
  return { name: "Settlement Guard Ledger", version: "1", chainId, verifyingContract: desk };
}

function structHashOf(c: Commitment): Uint8Array {
  const words = [
    addressWord(c.guard, "guard"),
    toBytes(c.scope, "scope", 32),
    integer("epoch", c.epoch, 64),
    integer("sequence", c.sequence, 64),
    integer("chainId", c.chainId, 256),
    toBytes(hashStateAnchor(c.anchor), "anchor", 32),
    toBytes(c.ledgerRoot, "ledgerRoot", 32),
    integer("format", c.format, 16),
    toBytes(c.rules, "rules", 32),
    toBytes(c.previous, "previous", 32),
    integer("validUntil", c.validUntil, 64),
    integer("validUntilBlock", c.validUntilBlock, 64),
    wordOf(BigInt(tierOf(c.tier))),
  ];
  return hashStruct("Commitment", COMMITMENT_TYPE, words, encodeType("StateAnchor", STATE_ANCHOR_TYPE));
}

function tierOf(tier: Tier): number {
  const index = TIERS.indexOf(tier);
  if (index < 0) throw invalid("tier", `the tier is ${describeValue(tier)}: expected one of ${TIERS.join(", ")}`);
  return index;
}

function integer(member: string, value: bigint | number, bits: number): Uint8Array {
  const isInteger = typeof value === "bigint" || Number.isSafeInteger(value);
  if (!isInteger || BigInt(value) < 0n || BigInt(value) >> BigInt(bits) !== 0n)
    throw invalid(member, `${member} is ${describeValue(value)}: expected an integer of ${bits} bits`);
  return wordOf(BigInt(value));
}

function addressWord(address: string, what: string): Uint8Array {
  return concat([new Uint8Array(12), toBytes(address, what, 20)]);
}

function wordOf(value: bigint): Uint8Array {
  return toBytes(toWord(value), "word", 32);
}

function invalid(member: string, reason: string): SettlementGuardError<"INVALID_COMMITMENT"> {
  return new SettlementGuardError("INVALID_COMMITMENT", { member, reason }, reason);
}
