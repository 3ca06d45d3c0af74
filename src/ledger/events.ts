import { TIERS } from "../anchor/tiers.js";
import { sameHex, toBytes, toHex, type Hex } from "../core/bytes.js";
import { SettlementGuardError, invalidResponse } from "../core/errors.js";
import { keccak256 } from "../core/keccak.js";
import { DISPUTES } from "../explain/guardErrors.js";
import { STATUSES } from "../policy/policy.js";
import { hashCommitment, type Commitment } from "./commitment.js";

/** What a word of an event says. */
type Kind = "hash" | "number" | "status" | "dispute";
type Words = readonly (readonly [name: string, kind: Kind])[];

/** What is read of an event: indexed words after those that name the ledger, and its data's first words. It may have more. */
interface Shape {
  readonly name: string;
  readonly topics?: Words;
  readonly data?: Words;
}

/** An event of a ledger, read. */
export interface LedgerEvent {
  /** Undefined for one that this library does not know. */
  readonly name: string | undefined;
  /** Its members by name: numbers as bigint, hashes in hexadecimal, a status and a dispute by their names. */
  readonly facts: Readonly<Record<string, bigint | string>>;
  /** Of the event LedgerCommitted. It hashes to the event's `hash`, unless its state root is zero: that is misstated anyway. */
  readonly commitment?: Commitment;
}

const SET = "(uint256,address[])";
const BOOK =
  "(bytes32,(bytes32,bytes32,address,bytes32,uint16,uint16,uint16,uint8,uint8)[],(address,bool,bytes32,bytes32)[])";
const WATCH = "address,uint24,uint24,uint8,uint24,uint8,uint16,uint24,uint16";
/** The contract's `Commitment`, as it stands in a signature. All of it is static. */
export const COMMITMENT_ABI =
  "(address,bytes32,uint64,uint64,uint256,(uint64,bytes32,bytes32),bytes32,uint16,bytes32,bytes32,uint64,uint64,uint8)";
const COMMITMENT_WORDS = 15;
const EVIDENCE: Words = [
  ["hash", "hash"],
  ["number", "number"],
  ["claimed", "hash"],
  ["actual", "hash"],
  ["evidence", "hash"],
];

/** The desk's events, by what hashes to their first topic. The next two name guard and scope. */
const OF_DESK: Readonly<Record<string, Shape>> = {
  "LedgerNamed(address,bytes32,bytes32)": { name: "LedgerNamed", data: [["config", "hash"]] },
  // Signers and rules stand side by side, or as one struct.
  [`LedgerOpened(address,bytes32,(${SET},${BOOK},${WATCH}))`]: { name: "LedgerOpened" },
  [`EpochOpened(address,bytes32,uint64,${SET},bytes32)`]: { name: "EpochOpened", data: [["epoch", "number"]] },
  "EpochAnnounced(address,bytes32,bytes32,uint256)": {
    name: "EpochAnnounced",
    data: [
      ["terms", "hash"],
      ["readyTime", "number"],
    ],
  },
  [`LedgerCommitted(address,bytes32,bytes32,${COMMITMENT_ABI})`]: {
    name: "LedgerCommitted",
    topics: [["hash", "hash"]],
  },
  "LedgerContradicted(address,bytes32,uint8,bytes32,uint64,bytes32,bytes32,bytes32)": {
    name: "LedgerContradicted",
    topics: [["dispute", "dispute"]],
    data: EVIDENCE,
  },
  "LedgerHealed(address,bytes32,uint64)": { name: "LedgerHealed", data: [["number", "number"]] },
  "LedgerRetired(address,bytes32)": { name: "LedgerRetired" },
};

/** The guard's events that say when a scope was stopped and went on. The second topic names the scope. */
const OF_GUARD: Readonly<Record<string, Shape>> = {
  "ScopeRaised(bytes32,bytes32,uint8,uint64)": {
    name: "ScopeRaised",
    topics: [["cause", "hash"]],
    data: [
      ["status", "status"],
      ["evidence", "number"],
    ],
  },
  "ScopeHealed(bytes32,bytes32,uint64)": {
    name: "ScopeHealed",
    topics: [["cause", "hash"]],
    data: [["evidence", "number"]],
  },
  "ScopeDisturbed(bytes32,uint256,uint256)": {
    name: "ScopeDisturbed",
    data: [
      ["gap", "number"],
      ["staleUntil", "number"],
    ],
  },
  "ScopePaused(bytes32,uint8,uint256)": {
    name: "ScopePaused",
    data: [
      ["status", "status"],
      ["until", "number"],
    ],
  },
};

/** Whose events, and how many topics name the ledger. */
const BOOKS = {
  desk: { shapes: byTopic(OF_DESK), naming: 3 },
  guard: { shapes: byTopic(OF_GUARD), naming: 2 },
} as const;

/** The first topics of the guard's events. */
export const GUARD_TOPICS: readonly Hex[] = [...BOOKS.guard.shapes.keys()];

/**
 * Reads an event by its first words. Members that were added at its end are passed over.
 *
 * @throws INVALID_RESPONSE for one that is shorter than its name says, or whose commitment has another hash
 */
export function readEvent(of: keyof typeof BOOKS, topics: readonly Hex[], data: Hex): LedgerEvent {
  const { shapes, naming } = BOOKS[of];
  const shape = shapes.get(topics[0]!);
  if (shape === undefined) return { name: undefined, facts: {} };
  const words = wordsOf(data);
  const facts = {
    ...factsOf(shape.name, shape.topics, topics.slice(naming)),
    ...factsOf(shape.name, shape.data, words),
  };
  if (shape.name !== "LedgerCommitted") return { name: shape.name, facts };
  const commitment = commitmentOf(words);
  const hash = hashOf(commitment);
  if (hash !== undefined && !sameHex(hash, facts["hash"] as string))
    throw invalidResponse("eth_getLogs", `a commitment hashes to ${hash}, and its event says ${facts["hash"]}`);
  return { name: shape.name, facts, commitment };
}

/** A desk relays a state root of zero, which is no anchor here. Nobody may break a trail by it. */
function hashOf(commitment: Commitment): Hex | undefined {
  try {
    return hashCommitment(commitment);
  } catch (error) {
    if (SettlementGuardError.is(error, "INVALID_ANCHOR")) return undefined;
    throw error;
  }
}

function byTopic(shapes: Readonly<Record<string, Shape>>): ReadonlyMap<Hex, Shape> {
  const encoder = new TextEncoder();
  return new Map(
    Object.entries(shapes).map(([signature, shape]) => [toHex(keccak256(encoder.encode(signature))), shape]),
  );
}

function wordsOf(data: Hex): Hex[] {
  return (data.slice(2).match(/.{64}/g) ?? []).map((word): Hex => `0x${word}`);
}

function factsOf(event: string, names: Words = [], words: readonly Hex[]): Record<string, bigint | string> {
  if (words.length < names.length) throw invalidResponse("eth_getLogs", `an event ${event} is cut short`);
  return Object.fromEntries(names.map(([name, kind], i) => [name, valueOf(kind, words[i]!)]));
}

function valueOf(kind: Kind, word: Hex): bigint | string {
  if (kind === "hash") return word;
  const value = BigInt(word);
  if (kind === "number") return value;
  const names: readonly string[] = kind === "status" ? STATUSES : DISPUTES;
  return (value < names.length ? names[Number(value)] : undefined) ?? `unknown ${kind} ${value}`;
}

/** @throws INVALID_RESPONSE for what is no commitment */
function commitmentOf(words: readonly Hex[]): Commitment {
  const [guard, scope, epoch, sequence, chainId, number, hash, stateRoot, ledgerRoot, format, rules, previous] = words;
  const [validUntil, validUntilBlock, tier] = words.slice(12).map(BigInt);
  const name = TIERS[Number(tier)];
  if (words.length < COMMITMENT_WORDS || name === undefined)
    throw invalidResponse("eth_getLogs", "an event LedgerCommitted holds no commitment");
  return {
    guard: toHex(toBytes(guard, "guard", 32).subarray(12)),
    scope: scope!,
    epoch: BigInt(epoch!),
    sequence: BigInt(sequence!),
    chainId: BigInt(chainId!),
    anchor: { number: BigInt(number!), hash: hash!, stateRoot: stateRoot! },
    ledgerRoot: ledgerRoot!,
    format: Number(format),
    rules: rules!,
    previous: previous!,
    validUntil: validUntil!,
    validUntilBlock: validUntilBlock!,
    tier: name,
  };
}
