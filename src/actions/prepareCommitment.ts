import type { StateAnchor } from "../anchor/anchor.js";
import { TIERS, type Tier } from "../anchor/tiers.js";
import { sameHex, toBigInt, toBytes, toHex, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import type { HashedHeader } from "../header/fields.js";
import {
  commitmentDigest,
  hashCommitment,
  hashTerms,
  LEDGER_FORMAT,
  type Commitment,
  type SignerSet,
} from "../ledger/commitment.js";
import type { JournalFloor } from "../ledger/journal.js";
import { hashRules, type RuleBook } from "../ledger/rules.js";
import { LedgerTree } from "../ledger/tree.js";
import { checkOptions, checkWhole, invalidOption } from "../rpc/options.js";
import { call, checkRequestOptions, type Connection, type RequestOptions } from "../rpc/request.js";
import { fetchHeader } from "./fetchHeader.js";
import { agreed, proposedHeader } from "./proposal.js";
import { headerBehind } from "./latestAnchor.js";
import { LedgerReader, placeOf, type LedgerPlace, type LedgerQuestion, type LedgerRecord } from "./ledgerReads.js";

/** What is to be committed to, and under which conditions. */
export interface PrepareCommitmentOptions<Ledger extends LedgerTree | Hex = LedgerTree | Hex> extends LedgerQuestion {
  /** The signers of the open epoch. */
  readonly set: SignerSet;
  /** The rules of the open epoch. */
  readonly book: RuleBook;
  /** How sure the signers are of the anchor's block: the endpoint's `safe` or `finalized` block, or one behind its head. */
  readonly tier: Tier;
  /** Blocks behind the head, at least 1; at tier head alone. By default 2. */
  readonly depth?: number;
  /** The tier that the ledger's configuration asks for, where its signers know it. */
  readonly leastTier?: Tier;
  /** How long it may be relayed after the newest block, in whole seconds and in blocks. Left out where one is proposed. */
  readonly validFor?: { readonly seconds: number; readonly blocks: number };
  /**
   * What another signer proposed. This signer prepares the same at its anchor, which may not lie beyond the signer's own block of the
   * tier. All members must agree but the bounds, which are taken from it.
   */
  readonly proposed?: Commitment;
  /** The ledger as it was when it followed the chain up to the anchor's block, or its root. */
  readonly ledgerAt: (anchor: StateAnchor) => Ledger | Promise<Ledger>;
  /** Compares the ledger with proven state, and throws where they disagree: {@link checkRules}, or more. Nothing is signed unchecked. */
  readonly check: (anchor: StateAnchor, ledger: Ledger) => Promise<void>;
  /** The last commitment of this ledger that the signer has signed. */
  readonly last?: Commitment;
}

/** A commitment that may be signed: for `signCommitment`. */
export interface PreparedCommitment {
  readonly commitment: Commitment;
  /** What is signed. */
  readonly digest: Hex;
  /** The head of the ledger as the desk has it. */
  readonly floor: JournalFloor;
  /** Header of the anchor's block, RLP. */
  readonly header: Hex;
}

const OPTIONS = ["desk", "guard", "scope", "set", "book", "tier", "depth", "leastTier", "validFor", "proposed", "ledgerAt", "check", "last"]; // prettier-ignore
const DEFAULT_DEPTH = 2;
const MOST = 2 ** 32;

/**
 * Prepares the next commitment to a ledger, and lets it be checked against proven state. Each signer does so by itself. Nothing is signed
 * here.
 *
 * The desk is read at the newest block, so that a commitment which was relayed since the anchor's block counts. Headers are hashed here;
 * which chain has them is the connection's word. Give a `quorum` of endpoints.
 *
 * @throws LEDGER_UNKNOWN, LEDGER_RETIRED, TERMS_DIFFER, TIER_TOO_LOW before the ledger is asked for
 * @throws HEAD_DIFFERS where the desk does not have the signer's last commitment
 * @throws ANCHOR_ROLLED_BACK where the tier's block lies before that of the last commitment, or of the epoch's opening
 * @throws PROPOSAL_DIFFERS where another commitment was proposed, or its time has passed
 * @throws INVALID_OPTION, INVALID_COMMITMENT, INVALID_RULE, INVALID_HEX, INVALID_CONFIG, INVALID_ANCHOR
 * @throws what {@link fetchHeader}, `ledgerAt` and `check` throw
 * @example
 * const check = (anchor, tree) => checkRules(connection, { anchor, tree, book, owners });
 * await prepareCommitment(connection, { ...place, set, book, tier: "safe", validFor, ledgerAt, check });
 */
export async function prepareCommitment<Ledger extends LedgerTree | Hex>(
  connection: Connection,
  options: PrepareCommitmentOptions<Ledger>,
): Promise<PreparedCommitment> {
  const { place, rules, terms, asking } = readOptions(options);
  const { tier, proposed, last } = options;
  const newest = await fetchHeader(connection, { ...asking, block: "latest" });
  const record = await new LedgerReader(connection, place, newest, asking).record();
  if (record.isRetired) throw retired(place);
  if (!sameHex(record.terms, terms)) throw termsDiffer(record.terms, terms);
  if (last !== undefined) requireOnRecord(last, record);
  const own = await anchorHeader(connection, options, newest.number);
  const header = proposed === undefined ? own : await proposedHeader(connection, proposed, { own, asking });
  const { number, hash, stateRoot } = header;
  if (number < record.anchored) throw rolledBack(record.anchored, number, tier);
  const anchor = { number, hash, stateRoot };
  const members = {
    guard: place.guard,
    scope: place.scope,
    epoch: record.epoch,
    sequence: record.sequence + 1n,
    chainId: await chainIdOf(connection, asking),
    anchor,
    ledgerRoot: await checkedRoot(anchor, options),
    format: LEDGER_FORMAT,
    rules,
    previous: record.head,
    tier,
  };
  const commitment = bounded(members, newest, options);
  const floor = { epoch: record.epoch, sequence: record.sequence };
  return { commitment, digest: commitmentDigest(place.desk, commitment), floor, header: header.rlp };
}

function readOptions<Ledger extends LedgerTree | Hex>(options: PrepareCommitmentOptions<Ledger>) {
  checkRequestOptions(options, ...OPTIONS);
  const { set, book, tier, depth, leastTier, validFor, proposed, ledgerAt, check, last, timeout } = options;
  const place = placeOf(options);
  for (const [name, value] of Object.entries({ tier, leastTier: leastTier ?? tier }))
    if (!TIERS.includes(value)) throw invalidOption(name, `expected one of ${TIERS.join(", ")}`);
  checkWhole("depth", depth, MOST);
  if (depth !== undefined && tier !== "head") throw invalidOption("depth", "it is of use at tier head alone");
  if ((validFor === undefined) === (proposed === undefined))
    throw invalidOption("validFor", "expected it, or what was proposed, and not both");
  if (validFor !== undefined) checkSpans(validFor);
  for (const [name, value] of Object.entries({ ledgerAt, check }))
    if (typeof value !== "function") throw invalidOption(name, "it is missing: expected a function");
  if (last !== undefined && !(sameHex(last.guard, place.guard) && sameHex(last.scope, place.scope)))
    throw invalidOption("last", "it is a commitment to another ledger");
  if (leastTier !== undefined && TIERS.indexOf(tier) < TIERS.indexOf(leastTier)) throw tooLow(leastTier, tier);
  const asking: RequestOptions = timeout === undefined ? {} : { timeout };
  return { place, rules: hashRules(book), terms: hashTerms(set, book), asking };
}

function checkSpans(validFor: NonNullable<PrepareCommitmentOptions["validFor"]>): void {
  checkOptions(validFor, ["seconds", "blocks"]);
  for (const name of ["seconds", "blocks"] as const) checkWhole(`validFor.${name}`, validFor[name] ?? 0, MOST);
}

/** With the signer's own bounds, or those that were proposed. */
function bounded(
  members: Omit<Commitment, "validUntil" | "validUntilBlock">,
  newest: HashedHeader,
  { validFor, proposed }: Pick<PrepareCommitmentOptions, "validFor" | "proposed">,
): Commitment {
  if (proposed !== undefined) return agreed(members, proposed, newest);
  const { seconds, blocks } = validFor!; // one of the two was given
  return {
    ...members,
    validUntil: newest.timestamp + BigInt(seconds),
    validUntilBlock: newest.number + BigInt(blocks),
  };
}

function anchorHeader(
  connection: Connection,
  { tier, depth = DEFAULT_DEPTH, timeout }: Pick<PrepareCommitmentOptions, "tier" | "depth" | "timeout">,
  head: bigint,
): Promise<HashedHeader> {
  const asking: RequestOptions = timeout === undefined ? {} : { timeout };
  if (tier === "head") return headerBehind(connection, { head, depth, ...asking });
  return fetchHeader(connection, { block: tier, ...asking });
}

async function checkedRoot<Ledger extends LedgerTree | Hex>(
  anchor: StateAnchor,
  { ledgerAt, check }: Pick<PrepareCommitmentOptions<Ledger>, "ledgerAt" | "check">,
): Promise<Hex> {
  const ledger = await ledgerAt(anchor);
  const root = rootOf(ledger);
  await check(anchor, ledger);
  if (rootOf(ledger) !== root) throw invalidOption("ledgerAt", "the ledger changed while it was checked");
  return root;
}

function rootOf(ledger: LedgerTree | Hex): Hex {
  return ledger instanceof LedgerTree ? ledger.root : toHex(toBytes(ledger, "ledgerRoot", 32));
}

async function chainIdOf(connection: Connection, asking: RequestOptions): Promise<bigint> {
  return toBigInt(await call(connection, "eth_chainId", [], asking), "chain id");
}

/**
 * What the signer has signed is on record, or below what is. A later epoch voids what was not relayed before it.
 *
 * @throws HEAD_DIFFERS
 */
function requireOnRecord(last: Commitment, { epoch, sequence, head }: LedgerRecord): void {
  const own = { epoch: last.epoch, sequence: last.sequence, hash: hashCommitment(last) };
  const isPassed = epoch > own.epoch || (epoch === own.epoch && sequence > own.sequence);
  const isHead = epoch === own.epoch && sequence === own.sequence && sameHex(head, own.hash);
  if (isPassed || isHead) return;
  const shown = { epoch, sequence, hash: head };
  const nameOf = (it: typeof own): string => `sequence ${it.sequence} in epoch ${it.epoch}, ${it.hash}`;
  const message =
    `the signer's last commitment is ${nameOf(own)}, the desk has ${nameOf(shown)}: ` +
    "relay it while it is valid, wait where a reorg took it back, and ask other endpoints";
  throw new SettlementGuardError("HEAD_DIFFERS", { own, shown }, message);
}

function retired(place: LedgerPlace): SettlementGuardError<"LEDGER_RETIRED"> {
  const message = `the ledger of scope ${place.scope} of ${place.guard} is retired at desk ${place.desk}`;
  return new SettlementGuardError("LEDGER_RETIRED", { ...place }, message);
}

function termsDiffer(kept: Hex, given: Hex): SettlementGuardError<"TERMS_DIFFER"> {
  const message = `the desk judges by terms ${kept}, the given set and book are ${given}`;
  return new SettlementGuardError("TERMS_DIFFER", { kept, given }, message);
}

function rolledBack(last: bigint, given: bigint, tier: Tier): SettlementGuardError<"ANCHOR_ROLLED_BACK"> {
  const message = `block ${given} at tier ${tier} lies before block ${last}, of the last commitment or the epoch's opening`;
  return new SettlementGuardError("ANCHOR_ROLLED_BACK", { last, given, tier }, message);
}

function tooLow(least: Tier, given: Tier): SettlementGuardError<"TIER_TOO_LOW"> {
  return new SettlementGuardError("TIER_TOO_LOW", { least, given }, `the ledger needs tier ${least}, not ${given}`);
}
