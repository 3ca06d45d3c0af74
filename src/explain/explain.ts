import { toBytes, toHex, type Hex } from "../core/bytes.js";
import { CONTINUITIES } from "../anchor/continuity.js";
import { TIERS } from "../anchor/tiers.js";
import { ACTIONS, STATUSES } from "../policy/policy.js";
import { verifyWitness, type WitnessQuestion } from "../proof/witness.js";
import { oneLine, quoted, withoutUrls } from "../core/text.js";
import {
  CHAIN_FAULTS,
  DISPUTES,
  decodeLibraryError,
  libraryErrorNameOf,
  selectorOf,
  type LibraryErrorName,
} from "./guardErrors.js";
import { REMEDIES, ownErrorIn, remedyOf } from "./remedies.js";
import { memberOf, revertEvidenceOf } from "./revertData.js";
import { libraryErrorsIn } from "./wrapped.js";

type Values = Record<string, bigint | Hex>;

/**
 * Says in a sentence what was thrown, whatever it is. It may be an error of ethers, viem, web3 or Hardhat, or a
 * JSON-RPC error. It may be revert data in hexadecimal, bytes or text.
 * - For an error of the library's contracts: its name and what disagreed, with the values; scopes as words. It may be
 *   wrapped in the error of another contract that caught it (ERC-7751, multicalls, `try`/`catch`).
 * - For a `SettlementGuardError`: its code, its message, and what to do.
 * - For anything else: that it is not a guard error, with the reason where there is one.
 *
 * One printable line of at most 1,000 characters, without URLs' paths. It never throws.
 *
 * @param proof what was sent, for `StateProofInvalid`: read again here, it says why it is refused
 * @example
 * console.error(explain(error, { question: { stateRoot, account: vault, slots: [7n] }, witness }));
 */
export function explain(
  error: unknown,
  proof?: { readonly question: WitnessQuestion; readonly witness: string },
): string {
  const { data, unread } = revertEvidenceOf(error);
  const [decoded] = data === undefined ? [] : libraryErrorsIn(data);
  if (decoded !== undefined) {
    const why = decoded.name === "StateProofInvalid" && proof !== undefined ? ` ${reasonOf(proof)}` : "";
    return `${decoded.name}: ${SENTENCES[decoded.name](decoded.values)}${why}${wrapperOf(data!)}`;
  }
  const own = ownErrorIn(error);
  if (own !== undefined) return explainOwn(own.code, own.message, error);
  if (data !== undefined) return `Not a guard error: ${foreign(data)}`;
  if (unread !== undefined)
    return `Not a guard error that can be read: the data has a form that is not known here, ${unread}.`;
  if (typeof error === "string") return `Not a guard error: ${quoted(withoutUrls(error))} is not revert data.`;
  return `Not a guard error: there is no revert data in ${described(error)}.`;
}

/** Why this library refuses a witness. */
function reasonOf({ question, witness }: { readonly question: WitnessQuestion; readonly witness: string }): string {
  try {
    const verdict = verifyWitness(question, witness);
    if (verdict.status === "invalid") return `The reason is ${verdict.reason}, at byte ${verdict.offset}.`;
    return "This witness answers this question: the contract was given another, or another root.";
  } catch {
    return "The question or the witness given here is malformed.";
  }
}

const SENTENCES: Record<LibraryErrorName, (values: Values) => string> = {
  ZeroAnchorHash: ({ number }) =>
    `the anchor at block ${number} has a zero hash, which never means that the check is skipped.`,
  AnchorIsCurrentBlock: ({ number }) => `the anchor names block ${number}, which is executing and has no hash yet.`,
  AnchorInFuture: ({ number, head }) => `the anchor names block ${number}, and the chain is at block ${head}.`,
  AnchorTooShallow: (v) => `${depthOf(v)}, and the least depth accepted is ${v["minDepth"]}.`,
  AnchorTooDeep: (v) => `${depthOf(v)}, and the greatest depth accepted is ${v["maxDepth"]}.`,
  AnchorOutOfWindow: (v) => `${depthOf(v)}, and the block-hash source answers for ${v["window"]}.`,
  AnchorHashUnknown: ({ number, head }) =>
    `the block-hash source gave no hash for block ${number} at block ${head}, although it is inside its window.`,
  SourcesDisagree: ({ number, head }) =>
    `the members of the quorum know different hashes of block ${number} at block ${head}: one of them is wrong.`,
  PinTooOld: ({ number, time, now_, maxAge }) =>
    `block ${number} was made at ${moment(time)}, and at ${moment(now_)} that is longer ago than ${maxAge} s.`,
  AnchorMismatch: ({ number, claimed, actual }) =>
    `the action was prepared on another branch: at block ${number} it claims ${claimed}, and the executing chain has ${actual}.`,
  HeaderHashMismatch: ({ number, claimed, actual }) =>
    `the header given for block ${number} hashes to ${actual}, and the anchor claims ${claimed}.`,
  HeaderNumberMismatch: ({ claimed, actual }) =>
    `the anchor names block ${claimed}, and the header is that of block ${actual}.`,
  HeaderMalformed: ({ field }) =>
    field === 255n
      ? "the header is not a canonical RLP list of a block header's fields."
      : `field ${field} of the header is not canonical RLP of the right kind.`,
  StateRootMismatch: ({ number, claimed, actual }) =>
    `the anchor at block ${number} claims the state root ${claimed}, and its header has ${actual}.`,
  HeaderChainLength: ({ depth, headers }) =>
    `a walk of ${depth} blocks takes one header more than that, and ${headers} were given.`,
  SlotBelow: (v) => contradiction(v, "at least "),
  SlotAbove: (v) => contradiction(v, "at most "),
  SlotDiffers: (v) => contradiction(v, ""),
  StateProofInvalid: ({ root, key, offset }) =>
    `the witness shows nothing of ${key} under the root ${root}: it is refused at byte ${offset}.`,
  PinMissing: ({ subject }) => `nothing is pinned of the subject ${subject}.`,
  PinDiffers: ({ subject, kept }) =>
    `of the subject ${subject} block ${kept} is pinned with another value, or that block is not canonical any more.`,
  PinTierTooLow: ({ subject, wanted, actual }) =>
    `the block that is pinned of the subject ${subject} is of tier ${tierOf(actual)}, and tier ${tierOf(wanted)} is asked for.`,
  ActionDenied: ({ scope, action, status }) =>
    `action ${action} (${named(ACTIONS, action)}) is not open in scope ${word(scope)}, whose status is ${statusOf(status)}.${onTrial(status)}`,
  LiquidationDenied: ({ scope, status, worstHealth, bestHealth }) =>
    `an account with a health between ${worstHealth} and ${bestHealth} is not to be liquidated in scope ${word(scope)} while its status is ${statusOf(status)}.`,
  LiquidationNeedsHealth: ({ scope }) =>
    `a liquidation in scope ${word(scope)} depends on the account's health: the contract must ask for it with _guardLiquidation.`,
  ScopeUnknown: ({ scope }) => `scope ${word(scope)} has no configuration, and without a policy nothing is allowed.`,
  UnsupportedChain: ({ chainId }) =>
    `chain ${chainId} is not listed: its header must prove it, or the contract needs a block-hash source of its own.`,
  PolicyNotMonotone: (v) => `${rowOf(v)} allows more in status ${statusOf(v["status"])} than in the one before it.`,
  PolicyMalformed: (v) => `${rowOf(v)} has bits that no row of verdicts has.`,
  PolicyBlocksSynced: (v) => `${rowOf(v)} does not allow it although nothing is wrong.`,
  PolicyClosesExit: (v) => `${rowOf(v)} closes an exit below Halted, or deep liquidations below Diverged.`,
  PolicyIgnoresDivergence: (v) => `${rowOf(v)} lets through in Diverged what only evidence may open again.`,
  ConfigOutOfBounds: ({ name, value, least, greatest }) =>
    `the scope's ${plain(name)} is ${value}, and the bounds are ${least} and ${greatest}${unitOf(name)}, both included.`,
  ParentMismatch: ({ scope, parent, actual }) =>
    `the configuration puts scope ${word(scope)} below ${above(parent)}, and the contract's _parentOf below ${above(actual)}.`,
  ContinuityMismatch: ({ chainId, needed, given }) =>
    `outages of chain ${chainId} are shown by ${needed} (${continuityOf(needed)}), and the contract's _continuity says ${given} (${continuityOf(given)}).`,
  ClockOutOfRange: ({ time, number }) => `the guard cannot write down the time ${time} with the block ${number}.`,
  ScopeConfigured: ({ scope }) =>
    `scope ${word(scope)} has a configuration already: schedule another, and apply it after the delay.`,
  ScopeTooDeep: ({ scope }) => `scope ${word(scope)} has too many scopes above it, or is above itself.`,
  NotPauser: ({ caller }) => `${caller} is not the pauser.`,
  NotConfigurator: ({ caller }) => `${caller} is not the configurator.`,
  PauseNeedsEvidence: ({ status }) => `a pause sets Lagging or Stale, and not status ${statusOf(status)}.`,
  PauseLength: ({ length, greatest }) => `a pause of ${length} s is none, or longer than ${greatest} s.`,
  PauseCoolingDown: ({ scope, time }) => `scope ${word(scope)} cannot be paused again before ${moment(time)}.`,
  PauseBudgetSpent: ({ scope, used, budget }) =>
    `scope ${word(scope)} was paused for ${used} s of the ${budget} s of its window, and this pause would exceed them.`,
  ConfigurationNotReady: ({ scope, announced, readyFrom, readyBlock, readyUntil, endBlock }) =>
    BigInt(announced!) === 0n
      ? `no configuration of scope ${word(scope)} is announced (${announced}, ${readyFrom}, ${readyBlock}, ${readyUntil}, ${endBlock}).`
      : `of scope ${word(scope)} the configuration with the hash ${announced} is announced, and can be applied from ${moment(readyFrom)} and block ${readyBlock}, until ${moment(readyUntil)} and block ${endBlock}.`,
  NoStandstill: ({ scope, apart, gap }) =>
    `the two headers are ${apart} s apart, and only more than the gap of scope ${word(scope)}, ${gap} s, is a standstill.`,
  StandstillRecorded: ({ scope, number, recorded }) =>
    `scope ${word(scope)} has outages on record up to block ${recorded}, and the standstill ended with block ${number}.`,
  EngineMissing: ({ engine }) =>
    `the policy's engine ${engine} is not there, or was called by itself: it is code for contracts that inherit the guard.`,
  CauseInvalid: ({ scope, cause, status }) =>
    `cause ${word(cause)} of scope ${word(scope)} has no identity, or status ${statusOf(status)}, which needs no evidence.`,
  EvidenceNotNewer: ({ scope, cause, evidence, last }) =>
    `evidence of block ${evidence} about cause ${word(cause)} of scope ${word(scope)} is not newer than that of block ${last}.`,
  CauseNotOpen: ({ scope, cause }) => `cause ${word(cause)} of scope ${word(scope)} is not open.`,
  BeliefContradicted: ({ scope, subject, believed, evidence }) =>
    `of ${word(subject)} in scope ${word(scope)} ${believed} is believed, and evidence of block ${evidence} contradicts it: only newer evidence ends that.`,
  BeliefHolds: ({ scope, subject, believed, proven }) =>
    `of ${word(subject)} in scope ${word(scope)} ${believed} is believed and ${proven} proven: that contradicts nothing.`,
  BeliefUnmet: ({ scope, subject, believed, proven }) =>
    `of ${word(subject)} in scope ${word(scope)} ${believed} is believed and only ${proven} proven: that reconciles nothing.`,
  ProofOlderThanBelief: ({ scope, subject, proof, since }) =>
    `what is believed of ${word(subject)} in scope ${word(scope)} counts from block ${since}, and the proof is of block ${proof}.`,
  AcceptanceTooEarly: ({ scope, subject, time, number }) =>
    `what is proven of ${word(subject)} in scope ${word(scope)} is accepted from ${moment(time)} and block ${number}.`,
  SourceOfOtherChain: ({ source, wanted, actual }) =>
    `the source ${source} is of chain ${actual}, and one of chain ${wanted} is wanted.`,
  SourceFaulty: ({ source, number, head }) =>
    `the source ${source} answers wrongly about block ${number} at block ${head}: its newest block must be known, and none that is executing.`,
  OnHomeChain: ({ chainId }) => `the prover is on its home chain ${chainId}, where the ring itself is to be asked.`,
  CodeDiffers: ({ account, expected, actual }) =>
    `the code of ${account} has the hash ${actual}, and ${expected} is wanted.`,
  PlaceTaken: ({ number, newer }) => `the place of block ${number} in the ring is taken by the newer block ${newer}.`,
  NothingToRecord: ({ number }) => `no hash of block ${number} is known to the source.`,
  RingSize: ({ size }) => `a ring of ${size} hashes is none, or longer than heights of 40 bits allow.`,
  QuorumTooSmall: ({ quorum, members }) =>
    `a quorum of ${quorum} is less than two, or not more than half of ${members} members.`,
  MembersOutOfOrder: ({ member, next }) =>
    `the members ${member} and ${next} are not in strictly ascending order of their addresses.`,
  GasTooLow: ({ gasLeft, needed }) =>
    `${gasLeft} gas is left, and to ask a member takes ${needed}: one that was starved might have disagreed.`,
  BeaconRootUnknown: ({ timestamp }) =>
    `the beacon roots contract has no root for ${moment(timestamp)}: no block has that time, or it is too old.`,
  BeaconHeaderMismatch: ({ root, actual }) => `the beacon header has the root ${actual}, and ${root} is wanted.`,
  BeaconProofInvalid: ({ generalizedIndex, root }) =>
    `the branch from generalized index ${generalizedIndex} does not lead to ${root}, or has another length.`,
  BeaconForkUnknown: ({ slot }) => `slot ${slot} is of a fork whose generalized indices are not known.`,
  BeaconForksOutOfOrder: ({ slot, next }) =>
    `the forks of the beacon chain are not in order: slot ${slot} comes before ${next} and is greater.`,
  ChainUnproven: ({ chainId, fault, given, shown }) =>
    `chain ${chainId} is not listed and does not prove itself. By fault ${fault} (${named(CHAIN_FAULTS, fault)}) the header says ${given}, and the chain ${shown}.`,
  LedgerUnknown: (v) => `nobody opened ${ledgerOf(v)}.`,
  LedgerNotNamed: ({ named: wanted, given }) =>
    `the guard named a configuration with the hash ${wanted}, and the one that is given has ${given}.`,
  LedgerIsOpen: (v) => `${ledgerOf(v)} is open already.`,
  LedgerIsRetired: (v) => `${ledgerOf(v)} was retired: its guard or its administrator can open it again.`,
  LedgerConfigOutOfBounds: ({ name, value, least, greatest }) =>
    `the ledger's ${plain(name)} is ${value}, and the bounds are ${least} and ${greatest}, both included.`,
  SignerSetInvalid: ({ threshold, signers }) =>
    `a threshold of ${threshold} is not more than half of ${signers} signers, or more than all, or they are more than 32.`,
  SignersUnordered: ({ index, signer }) => `signer ${index}, ${signer}, is zero or not above the one before.`,
  RuleInvalid: ({ index }) => `rule ${index} of the book is missing, or compares nothing.`,
  TermsMismatch: ({ kept, given }) => `the ledger is judged by terms with the hash ${kept}, and not by ${given}.`,
  EpochMismatch: ({ epoch, given }) =>
    `the commitment is of epoch ${given}, and epoch ${epoch} is open: what was not relayed in its own is void.`,
  ChainMismatch: ({ chainId, given }) => `the commitment is about chain ${given}, and this is chain ${chainId}.`,
  FormatUnknown: ({ format }) => `a ledger of format ${format} is not known.`,
  LedgerRootMissing: () => "the commitment's ledger root is zero, which is no root.",
  SequenceMismatch: ({ next, given }) =>
    `commitment ${next} comes next, and not ${given}: one was dropped, repeated or reordered.`,
  PreviousMismatch: ({ head, given }) =>
    `the commitment says that it follows ${given}, and ${head} is on record: the ledger was rolled back.`,
  AnchorRolledBack: ({ last, given }) =>
    `the commitment is about block ${given}. It may not be older than block ${last}, of the one on record or the epoch's opening.`,
  RelayedTooSoon: ({ number }) => `another commitment was relayed just now: the next one can be at block ${number}.`,
  CommitmentExpired: ({ validUntil, validUntilBlock }) =>
    `the commitment could be relayed until ${moment(validUntil)} and block ${validUntilBlock}: open an epoch, which voids it.`,
  EpochExpired: ({ validUntil }) => `the signatures for the epoch count until ${moment(validUntil)}.`,
  NotOnRecord: ({ head, reached }) =>
    `the commitment and its descendants lead to ${reached}. That is neither ${head}, the newest on record, nor a 64th.`,
  CommitmentTierTooLow: ({ least, given }) =>
    `the commitment is of tier ${tierOf(given)}, and the ledger needs ${tierOf(least)}.`,
  SignatureCount: ({ signers, given }) =>
    `there are ${signers} signers and ${given} signatures: one who did not sign has an empty one.`,
  SignatureInvalid: ({ signer }) => `the signature in the place of ${signer} is not that signer's.`,
  QuorumMissing: ({ threshold, given }) => `${given} signed, and ${threshold} must.`,
  ClaimHolds: ({ kind, claimed, actual }) =>
    `dispute ${kind} (${named(DISPUTES, kind)}) shows nothing: claimed is ${claimed}, and shown ${actual}.`,
  CommitmentsUnrelated: ({ first, second }) =>
    `the commitments ${first} and ${second} are of scopes or sequences that cannot contradict each other.`,
  EvidenceInFuture: ({ number }) => `the commitments are about block ${number}, which has not come.`,
  OwnerInvalid: ({ owner }) => `the rule does not compare the owner ${owner}.`,
  PinOfOtherBlock: ({ anchor, pinned }) =>
    `the commitment is about block ${anchor}, and the root is pinned of block ${pinned}: bring the whole proof.`,
  LedgerEvidenceNotNewer: ({ evidence, last }) =>
    `evidence of block ${evidence} is not newer than that of block ${last}, which stands already, was healed or retired.`,
  NotContradicted: (v) => `nothing stands against ${ledgerOf(v)}.`,
  HealingTooEarly: ({ commitments, needed, time, number }) =>
    `${commitments} commitments count of the ${needed} that heal, at the earliest at ${moment(time)} and block ${number}.`,
  RetirementTooEarly: ({ time, number }) => `the ledger can be retired from ${moment(time)} and block ${number}.`,
  NotAdministrator: ({ caller }) => `${caller} is not the ledger's administrator.`,
  EpochNotReady: ({ announced, time, number }) =>
    `of the next epoch the terms with the hash ${announced} are announced, from ${moment(time)} and block ${number}, and for as long again as the delay.`,
  NotLedgerDesk: ({ caller }) => `${caller} is not the desk whose word the guard takes.`,
  FieldOutOfSlot: ({ offset, width }) => `a field of ${width} bytes at ${offset} does not lie inside a slot's 32.`,
};

function ledgerOf({ guard, scope }: Values): string {
  return `the ledger of scope ${word(scope)} of ${guard}`;
}

function depthOf({ number, head }: Values): string {
  return `the anchor at block ${number} is ${BigInt(head!) - BigInt(number!)} deep at block ${head}`;
}

function contradiction({ account, slot, believed, actual }: Values, relation: string): string {
  return `the protocol believes that slot ${slot} of ${account} holds ${relation}${believed}, and the canonical state holds ${actual}.`;
}

function rowOf({ action }: Values): string {
  return `the policy's row of action ${action} (${named(ACTIONS, action)})`;
}

/** A member's name without quotes. */
function plain(name: bigint | Hex | undefined): string {
  return word(name).replaceAll('"', "");
}

function unitOf(name: bigint | Hex | undefined): string {
  const member = plain(name);
  if (member === "minDepth" || member === "maxAge") return " blocks";
  return member.toLowerCase().endsWith("blocktime") ? " ms" : " s";
}

function above(scope: bigint | Hex | undefined): string {
  return BigInt(scope!) === 0n ? `none (${scope})` : word(scope);
}

function continuityOf(continuity: bigint | Hex | undefined): string {
  return named(["unlisted", ...CONTINUITIES], continuity);
}

function statusOf(status: bigint | Hex | undefined): string {
  return `${status} (${named(STATUSES, status)})`;
}

function tierOf(tier: bigint | Hex | undefined): string {
  return `${tier} (${named(TIERS, tier)})`;
}

/** Whoever tests meets this first: nothing in the revert data tells which chain it was. */
function onTrial(status: bigint | Hex | undefined): string {
  const isByTime = status === BigInt(STATUSES.indexOf("Lagging")) || status === BigInt(STATUSES.indexOf("Stale"));
  return isByTime ? " On a development chain, time that passes without blocks looks like an outage." : "";
}

function named(names: readonly string[], position: bigint | Hex | undefined): string {
  return names[Number(position)] ?? "unknown";
}

/** A moment in seconds since 1970, with its date where it has one. */
export function moment(time: bigint | Hex | undefined): string {
  const date = new Date(Number(time) * 1_000);
  return Number.isNaN(date.getTime()) ? `${time}` : `${time} (${date.toISOString()})`;
}

/** ASCII that is padded with zeros, as scopes and names are, in quotes; other words in hexadecimal. */
export function word(bytes32: bigint | Hex | undefined): string {
  const text = new TextDecoder().decode(toBytes(bytes32, "word", 32)).replace(/\0+$/, "");
  return /^[\x20-\x7e]+$/.test(text) ? JSON.stringify(text) : String(bytes32);
}

function explainOwn(code: string, message: string, error: unknown): string {
  const remedy = remedyOf(error);
  const sentence = oneLine(withoutUrls(message), 600).replace(/\.?$/, ".");
  return `${oneLine(code, 40)}: ${sentence}${remedy === undefined ? "" : ` ${REMEDIES[remedy]}`}`;
}

function described(error: unknown): string {
  const message = ["shortMessage", "message"]
    .map((name) => memberOf(error, name))
    .find((text) => typeof text === "string");
  if (message !== undefined) return quoted(withoutUrls(message));
  return typeof error === "object" || typeof error === "function" ? "what was thrown" : oneLine(String(error));
}

// https://docs.soliditylang.org/en/latest/control-structures.html#panic-via-assert-and-error-via-require
const PANICS: { [code: string]: string } = {
  "1": "a failed assertion",
  "17": "an arithmetic overflow or underflow",
  "18": "a division by zero",
  "33": "a value that is not a member of its enum",
  "34": "a storage byte array that is not encoded correctly",
  "49": "a pop from an empty array",
  "50": "an array index out of bounds",
  "65": "too much memory",
  "81": "a call of an uninitialised function",
};

const ERROR_SELECTOR = selectorOf("Error", ["string"]);
const PANIC_SELECTOR = selectorOf("Panic", ["uint256"]);
/** https://eips.ethereum.org/EIPS/eip-7751 */
const WRAPPED_SELECTOR = selectorOf("WrappedError", ["address", "bytes4", "bytes", "bytes"]);

/** How a library's error came back, where another contract caught it. */
function wrapperOf(data: string): string {
  if (decodeLibraryError(data) !== undefined) return "";
  const start = data.slice(0, 10).toLowerCase();
  if (start === ERROR_SELECTOR) return " It was caught, and came back as the reason of another revert.";
  if (start !== WRAPPED_SELECTOR) return ` It was caught, and came back inside of the error ${start}.`;
  return ` It was caught when ${`0x${data.slice(34, 74)}`} was called, and came back inside of WrappedError (ERC-7751).`;
}

/** Revert data that is of none of the library's errors. */
function foreign(data: string): string {
  const name = libraryErrorNameOf(data);
  if (name !== undefined) return `the data has the selector of ${name} and not its form (${abbreviated(data)}).`;
  if (data === "0x") return "the revert carries no data.";
  const start = data.slice(0, 10).toLowerCase();
  if (start === PANIC_SELECTOR && data.length === 74) {
    const code = BigInt(`0x${data.slice(10)}`);
    return `a panic, code ${code} (${PANICS[code.toString()] ?? "unknown"}).`;
  }
  if (start === ERROR_SELECTOR) {
    const reason = decodeString(toBytes(data, "revert data").subarray(4));
    if (reason !== undefined) return `it reverted with the reason ${quoted(withoutUrls(reason))}.`;
  }
  return `an unknown error (${abbreviated(data)}).`;
}

function abbreviated(data: string): string {
  return data.length <= 266 ? data : `${data.slice(0, 266)}…, ${data.length / 2 - 1} bytes`;
}

/** The ABI encoding of one string, or undefined if it is not one. */
function decodeString(data: Uint8Array): string | undefined {
  if (data.length < 64 || BigInt(toHex(data.subarray(0, 32))) !== 32n) return undefined;
  const length = BigInt(toHex(data.subarray(32, 64)));
  if (length > BigInt(data.length - 64)) return undefined;
  return new TextDecoder().decode(data.subarray(64, 64 + Number(length)));
}
