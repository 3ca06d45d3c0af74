import { toHex, type Hex } from "../core/bytes.js";
import { keccak256 } from "../core/keccak.js";

/** The ABI types that occur in the library's errors. All are static: one 32-byte word each. */
export type GuardErrorType = "uint8" | "uint64" | "uint256" | "bytes32" | "address";

export interface GuardErrorInput {
  readonly name: string;
  readonly type: GuardErrorType;
  /** What the value is, as it reads in a sentence. */
  readonly meaning: string;
}

const number: GuardErrorInput = { name: "number", type: "uint64", meaning: "the anchor's block number" };
const head: GuardErrorInput = { name: "head", type: "uint64", meaning: "the block in which the check ran" };
const window: GuardErrorInput = {
  name: "window",
  type: "uint64",
  meaning: "how many blocks back the block-hash source answers",
};
const hash = (name: string, meaning: string): GuardErrorInput => ({ name, type: "bytes32", meaning });
const depth = (name: string, meaning: string): GuardErrorInput => ({ name, type: "uint64", meaning });

const seconds = (name: string, meaning: string): GuardErrorInput => ({ name, type: "uint256", meaning });
const count = (name: string, meaning: string): GuardErrorInput => ({ name, type: "uint256", meaning });
const continuity = (name: string, meaning: string): GuardErrorInput => ({ name, type: "uint8", meaning });
const status = (meaning: string): GuardErrorInput => ({ name: "status", type: "uint8", meaning });
const action = (meaning: string): GuardErrorInput => ({ name: "action", type: "uint8", meaning });
const caller: GuardErrorInput = { name: "caller", type: "address", meaning: "who called" };

const worstStatus = status("the worst status of the scope and its parents, as a position in `STATUSES`");
const rowAtFault = action("the action whose row is at fault, as a position in `ACTIONS`");
const cause = hash("cause", "what is contradicted");
const scope = hash("scope", "the scope: what can be stopped separately, usually a market");

const slot = (believed: string): GuardErrorInput[] => [
  { name: "account", type: "address", meaning: "the account whose storage is read" },
  hash("slot", "the slot's position"),
  { name: "believed", type: "uint256", meaning: believed },
  { name: "actual", type: "uint256", meaning: "what the canonical state holds" },
];

/**
 * The errors of `contracts/interfaces/IGuardErrors.sol`, which documents each of them.
 *
 * An error means: retry, or prepare the action again; never cancel a user's order because of it.
 */
export const GUARD_ERRORS = {
  ZeroAnchorHash: [number],
  AnchorIsCurrentBlock: [number],
  AnchorInFuture: [number, head],
  AnchorTooShallow: [number, head, depth("minDepth", "the least depth accepted, in blocks")],
  AnchorTooDeep: [number, head, depth("maxDepth", "the greatest depth accepted, in blocks")],
  AnchorOutOfWindow: [number, head, window],
  AnchorHashUnknown: [number, head],
  SourcesDisagree: [number, head],
  AnchorMismatch: [
    number,
    hash("claimed", "the hash that the anchor claims"),
    hash("actual", "the hash of the executing chain's block"),
  ],
  HeaderHashMismatch: [number, hash("claimed", "the anchor's hash"), hash("actual", "the hash of the header's bytes")],
  HeaderNumberMismatch: [
    { name: "claimed", type: "uint64", meaning: "the anchor's block number" },
    { name: "actual", type: "uint64", meaning: "the number in the header" },
  ],
  HeaderMalformed: [{ name: "field", type: "uint8", meaning: "the field's position, 255 for the list itself" }],
  StateRootMismatch: [
    number,
    hash("claimed", "the state root that the anchor claims"),
    hash("actual", "the state root in the header"),
  ],
  HeaderChainLength: [
    depth("depth", "how far the anchor lies below the known block, in blocks"),
    { name: "headers", type: "uint256", meaning: "how many headers there are" },
  ],
  SlotBelow: slot("the least that the protocol believes to be there"),
  SlotAbove: slot("the most that the protocol believes to be there"),
  SlotDiffers: slot("what the protocol believes to be there"),
  StateProofInvalid: [
    hash("root", "the root of the trie"),
    hash("key", "the address or slot whose part was read"),
    { name: "offset", type: "uint256", meaning: "the byte of the witness at which the part starts that was refused" },
  ],
  ActionDenied: [scope, action("the action, as a position in `ACTIONS`"), worstStatus],
  LiquidationDenied: [
    scope,
    worstStatus,
    { name: "worstHealth", type: "uint256", meaning: "the account's health in the view that is worst for it, in 1e18" },
    { name: "bestHealth", type: "uint256", meaning: "its health in the view that is best for it, in 1e18" },
  ],
  LiquidationNeedsHealth: [scope],
  ScopeUnknown: [hash("scope", "the scope that has no configuration")],
  UnsupportedChain: [{ name: "chainId", type: "uint256", meaning: "the chain's id" }],
} as const satisfies { [name: string]: readonly GuardErrorInput[] };

/** The errors of `contracts/interfaces/IPolicyErrors.sol`: what those who configure and pause a scope are refused. */
export const POLICY_ERRORS = {
  PolicyNotMonotone: [rowAtFault, status("the status that allows more than the one before it")],
  PolicyMalformed: [rowAtFault],
  PolicyBlocksSynced: [rowAtFault],
  PolicyClosesExit: [rowAtFault],
  PolicyIgnoresDivergence: [rowAtFault],
  ConfigOutOfBounds: [
    hash("name", "the member of `ScopeConfig`, in ASCII"),
    count("value", "what was given, in the member's unit: seconds, milliseconds or blocks"),
    count("least", "the least that it may be"),
    count("greatest", "the greatest that it may be"),
  ],
  ParentMismatch: [
    scope,
    hash("parent", "the scope above it by the configuration; zero for none"),
    hash("actual", "the scope above it by the contract; zero for none"),
  ],
  ContinuityMismatch: [
    count("chainId", "the chain's id"),
    continuity("needed", "what shows outages on this chain"),
    continuity("given", "what the contract takes for it"),
  ],
  ClockOutOfRange: [seconds("time", "of the block, in seconds since 1970"), count("number", "the block's height")],
  ScopeConfigured: [scope],
  ScopeTooDeep: [scope],
  NotPauser: [caller],
  NotConfigurator: [caller],
  PauseNeedsEvidence: [status("the status that the pause would set")],
  PauseLength: [seconds("length", "the pause's length, in seconds"), seconds("greatest", "the longest, in seconds")],
  PauseCoolingDown: [scope, seconds("time", "from when the next pause may begin, in seconds since 1970")],
  PauseBudgetSpent: [
    scope,
    seconds("used", "pauses that the window holds already, in seconds"),
    seconds("budget", "what they may add up to, in seconds"),
  ],
  ConfigurationNotReady: [
    scope,
    hash("announced", "keccak256 of the configuration that waits; zero if none does"),
    seconds("readyFrom", "from when it may be applied, in seconds since 1970"),
    count("readyBlock", "the block before which it may not be applied either"),
    seconds("readyUntil", "from when it is too late, in seconds since 1970"),
    count("endBlock", "the block that must have come as well for it to be too late"),
  ],
  NoStandstill: [
    scope,
    seconds("apart", "what lies between the two headers, in seconds"),
    seconds("gap", "what must be exceeded, in seconds"),
  ],
  StandstillRecorded: [
    scope,
    { name: "number", type: "uint64", meaning: "the block that ended the standstill" },
    { name: "recorded", type: "uint64", meaning: "the block up to which outages are on record" },
  ],
  EngineMissing: [
    { name: "engine", type: "address", meaning: "where the engine's code should be, or was called by itself" },
  ],
  CauseInvalid: [scope, cause, status("the status that the cause was given")],
  EvidenceNotNewer: [
    scope,
    cause,
    { name: "evidence", type: "uint64", meaning: "the block that the new evidence speaks of" },
    { name: "last", type: "uint64", meaning: "the block that the newest evidence so far spoke of" },
  ],
  CauseNotOpen: [scope, cause],
} as const satisfies { [name: string]: readonly GuardErrorInput[] };

const subject = hash("subject", "what is believed of");
const believed = seconds("believed", "what the protocol believes, in its units");
const proven = seconds("proven", "what was proven, in the same units");

/** The errors of `contracts/interfaces/IBeliefErrors.sol`: what those who believe, contradict and prove are refused. */
export const BELIEF_ERRORS = {
  BeliefContradicted: [
    scope,
    subject,
    believed,
    { name: "evidence", type: "uint64", meaning: "the block that the newest evidence speaks of" },
  ],
  BeliefHolds: [scope, subject, believed, proven],
  BeliefUnmet: [scope, subject, believed, proven],
  ProofOlderThanBelief: [
    scope,
    subject,
    { name: "proof", type: "uint64", meaning: "the block that the proof speaks of" },
    { name: "since", type: "uint64", meaning: "the block from which the belief counts" },
  ],
  AcceptanceTooEarly: [
    scope,
    subject,
    seconds("time", "the end of the delay, in seconds since 1970"),
    count("number", "the end of the delay, as a height"),
  ],
} as const satisfies { [name: string]: readonly GuardErrorInput[] };

const height = (name: string, meaning: string): GuardErrorInput => ({ name, type: "uint64", meaning });

/** The errors of `contracts/interfaces/IPinErrors.sol`. For a handler they are guard errors, of a contract that has pins. */
export const PIN_ERRORS = {
  PinMissing: [hash("subject", "what a pin is wanted of, hashed")],
  PinDiffers: [
    hash("subject", "what is pinned, hashed"),
    { name: "kept", type: "uint64", meaning: "the block of the pin that is there" },
  ],
  PinTierTooLow: [
    hash("subject", "what is pinned, hashed"),
    { name: "wanted", type: "uint8", meaning: "the tier that is asked for, as a position in `TIERS`" },
    { name: "actual", type: "uint8", meaning: "the tier of the source that knows the block" },
  ],
  PinTooOld: [
    height("number", "the pinned block"),
    { name: "time", type: "uint64", meaning: "when the block was made, in seconds since 1970" },
    { name: "now_", type: "uint64", meaning: "the time of the executing block" },
    { name: "maxAge", type: "uint64", meaning: "the greatest age accepted, in seconds" },
  ],
} as const satisfies { [name: string]: readonly GuardErrorInput[] };

const source: GuardErrorInput = { name: "source", type: "address", meaning: "the source of block hashes" };

/** The errors of `contracts/interfaces/ISourceErrors.sol`: what those who deploy a source, or record in one, are refused. */
export const SOURCE_ERRORS = {
  SourceOfOtherChain: [
    source,
    count("wanted", "the id of the chain that it is wanted for"),
    count("actual", "the id of the chain that it is of"),
  ],
  SourceFaulty: [
    source,
    height("number", "the block that was asked for"),
    height("head", "the executing block; zero where the source is of another chain"),
  ],
  PlaceTaken: [height("number", "the block"), height("newer", "the block that has its place")],
  NothingToRecord: [height("number", "the block of which no hash is known")],
  RingSize: [count("size", "how many hashes the ring would hold")],
  OnHomeChain: [count("chainId", "the chain's id")],
  CodeDiffers: [
    { name: "account", type: "address", meaning: "where the code is" },
    hash("expected", "the Keccak-256 of the code that is wanted"),
    hash("actual", "that of the code that is there"),
  ],
  QuorumTooSmall: [count("quorum", "how many members decide"), count("members", "how many members there are")],
  MembersOutOfOrder: [
    { name: "member", type: "address", meaning: "a member of the quorum" },
    { name: "next", type: "address", meaning: "the one after it" },
  ],
  GasTooLow: [count("gasLeft", "the gas that was left"), count("needed", "the gas that asking a member takes")],
  BeaconRootUnknown: [{ name: "timestamp", type: "uint64", meaning: "the block's time, in seconds since 1970" }],
  BeaconHeaderMismatch: [hash("root", "the beacon root"), hash("actual", "the root of the header")],
  BeaconProofInvalid: [
    count("generalizedIndex", "the place below the root"),
    hash("root", "the root that the branch should lead to"),
  ],
  BeaconForkUnknown: [height("slot", "the slot of the beacon block")],
  BeaconForksOutOfOrder: [height("slot", "the first slot of a fork"), height("next", "that of the fork after it")],
} as const satisfies { [name: string]: readonly GuardErrorInput[] };

/** In what a chain and the header that was given for it disagree: the contract's `ChainFault`. */
export const CHAIN_FAULTS = ["height", "hash", "parent-hash", "time"] as const;
export type ChainFault = (typeof CHAIN_FAULTS)[number];

/** The errors of `contracts/interfaces/IChainErrors.sol`: what a chain is refused that does not prove itself. */
export const CHAIN_ERRORS = {
  ChainUnproven: [
    count("chainId", "the chain's id"),
    { name: "fault", type: "uint8", meaning: "in what the two disagree, as a position in `CHAIN_FAULTS`" },
    hash("given", "what the header says"),
    hash("shown", "what the chain says of the same"),
  ],
} as const satisfies { [name: string]: readonly GuardErrorInput[] };

const guardian: GuardErrorInput = { name: "guard", type: "address", meaning: "the protocol whose scope it is" };
const ledger = [guardian, scope];
const tier = (name: string, meaning: string): GuardErrorInput => ({ name, type: "uint8", meaning });

/** What is wrong with a ledger, by the dispute that shows it: the contract's `Dispute`, in its order. */
export const DISPUTES = [
  "mismatch",
  "state-root",
  "equivocation",
  "broken-chain",
  "leaf",
  "insolvent",
  "understated",
  "code",
] as const;
export type Dispute = (typeof DISPUTES)[number];

/** The errors of `contracts/interfaces/ILedgerErrors.sol`: what those who commit to a ledger, dispute it or heal it are refused. */
export const LEDGER_ERRORS = {
  LedgerUnknown: ledger,
  LedgerNotNamed: [
    hash("named", "the hash of the configuration that the guard named"),
    hash("given", "the hash of the one that is given"),
  ],
  LedgerIsOpen: ledger,
  LedgerIsRetired: ledger,
  LedgerConfigOutOfBounds: [
    hash("name", "the member of the configuration"),
    count("value", "its value"),
    count("least", "the least it may be"),
    count("greatest", "the greatest it may be"),
  ],
  SignerSetInvalid: [count("threshold", "how many must sign"), count("signers", "how many signers there are")],
  SignersUnordered: [count("index", "the signer's place"), { name: "signer", type: "address", meaning: "the signer" }],
  RuleInvalid: [count("index", "the rule's place in the book")],
  TermsMismatch: [hash("kept", "the hash of what judges the ledger"), hash("given", "the hash of what is given")],
  EpochMismatch: [height("epoch", "the epoch that is open"), height("given", "the commitment's")],
  ChainMismatch: [count("chainId", "the chain's id"), count("given", "the commitment's")],
  FormatUnknown: [count("format", "the ledger's format")],
  LedgerRootMissing: [],
  SequenceMismatch: [height("next", "the sequence that comes next"), height("given", "the commitment's")],
  PreviousMismatch: [
    hash("head", "the commitment on record"),
    hash("given", "the one that the commitment says it follows"),
  ],
  AnchorRolledBack: [height("last", "the block committed to last"), height("given", "the commitment's")],
  CommitmentExpired: [
    { name: "validUntil", type: "uint64", meaning: "the last second in which it may be relayed" },
    height("validUntilBlock", "the last height at which it may be relayed"),
  ],
  EpochExpired: [{ name: "validUntil", type: "uint64", meaning: "the last second in which the signatures count" }],
  CommitmentTierTooLow: [tier("least", "the tier that the ledger needs"), tier("given", "the commitment's")],
  NotOnRecord: [
    hash("head", "the newest commitment on record"),
    hash("reached", "the one to which what is given leads"),
  ],
  SignatureCount: [count("signers", "how many signers there are"), count("given", "how many signatures are given")],
  SignatureInvalid: [{ name: "signer", type: "address", meaning: "the signer" }],
  QuorumMissing: [count("threshold", "how many must sign"), count("given", "how many did")],
  ClaimHolds: [
    { name: "kind", type: "uint8", meaning: "the dispute, as a position in `DISPUTES`" },
    hash("claimed", "what the ledger or the commitment says"),
    hash("actual", "what is shown"),
  ],
  CommitmentsUnrelated: [hash("first", "one commitment"), hash("second", "the other")],
  EvidenceInFuture: [height("number", "the block that has not come")],
  OwnerInvalid: [hash("owner", "the owner")],
  PinOfOtherBlock: [height("anchor", "the commitment's block"), height("pinned", "the pinned one")],
  LedgerEvidenceNotNewer: [
    height("evidence", "the block that the new evidence speaks of"),
    height("last", "the one that the newest evidence so far spoke of"),
  ],
  RelayedTooSoon: [height("number", "the height from which it may be relayed")],
  NotContradicted: ledger,
  HealingTooEarly: [
    count("commitments", "how many commitments count"),
    count("needed", "how many must"),
    seconds("time", "when it can be healed at the earliest, in seconds since 1970"),
    count("number", "from which height on"),
  ],
  RetirementTooEarly: [seconds("time", "its end, in seconds since 1970"), count("number", "its end, as a height")],
  NotAdministrator: [caller],
  EpochNotReady: [
    hash("announced", "the hash of the terms that are announced"),
    seconds("time", "from when, in seconds since 1970"),
    count("number", "from which height on"),
  ],
  NotLedgerDesk: [caller],
} as const satisfies { [name: string]: readonly GuardErrorInput[] };

/** Every error that a contract of the library reverts with; the examples' own are not among them. */
export const LIBRARY_ERRORS = {
  ...GUARD_ERRORS,
  ...POLICY_ERRORS,
  ...BELIEF_ERRORS,
  ...PIN_ERRORS,
  ...SOURCE_ERRORS,
  ...CHAIN_ERRORS,
  ...LEDGER_ERRORS,
  /** Of `contracts/proof/SlotDerivation.sol`. */
  FieldOutOfSlot: [
    { name: "offset", type: "uint256", meaning: "where the field begins, in bytes from the slot's lowest" },
    { name: "width", type: "uint256", meaning: "the field's length, in bytes" },
  ],
} as const satisfies { [name: string]: readonly GuardErrorInput[] };

export type GuardErrorName = keyof typeof GUARD_ERRORS | keyof typeof PIN_ERRORS;
export type PolicyErrorName = keyof typeof POLICY_ERRORS;
export type LibraryErrorName = keyof typeof LIBRARY_ERRORS;

/** The names of the guard's errors, in the order of the interface, and those of pins. */
export const GUARD_ERROR_NAMES = Object.keys({ ...GUARD_ERRORS, ...PIN_ERRORS }) as GuardErrorName[];

/** An error of the library with its values by name: numbers as bigint, hashes and addresses as lower-case hexadecimal. */
export interface DecodedError<Name extends LibraryErrorName> {
  name: Name;
  values: Record<string, bigint | Hex>;
}
export type DecodedGuardError = DecodedError<GuardErrorName>;

/**
 * The first four bytes of an error's revert data.
 *
 * @example
 * guardErrorSelector("AnchorMismatch"); // the first four bytes, as Etherscan shows them
 */
export function guardErrorSelector(name: GuardErrorName): Hex {
  return SELECTORS[name];
}

const LIBRARY_ERROR_NAMES = Object.keys(LIBRARY_ERRORS) as LibraryErrorName[];
const SELECTORS = Object.fromEntries(
  LIBRARY_ERROR_NAMES.map((name) => [
    name,
    selectorOf(
      name,
      LIBRARY_ERRORS[name].map((input) => input.type),
    ),
  ]),
) as Record<LibraryErrorName, Hex>;
const NAMES = new Map(LIBRARY_ERROR_NAMES.map((name) => [SELECTORS[name] as string, name]));

/**
 * Whether revert data, or a bare selector, begins like a guard error.
 *
 * That alone proves nothing: any contract, a trader's wallet among them, can revert with these bytes. It counts only if the guard
 * also denies when asked again. Empty revert data is no guard error. Of a client's error, or of text, ask `revertDataOf` first.
 *
 * @example
 * if (isGuardError(revertDataOf(error) ?? "0x")) console.log(explain(error));
 */
export function isGuardError(selectorOrRevertData: string): boolean {
  const name = libraryErrorNameOf(selectorOrRevertData);
  return name !== undefined && isGuardErrorName(name);
}

/**
 * Decodes a guard error's revert data, strictly. Each value has exactly one word, and no bits are outside of a value's
 * type. Undefined for everything that the guard cannot have produced.
 *
 * @example
 * const { name, values } = decodeGuardError(revertDataOf(error) ?? "0x") ?? {};
 */
export function decodeGuardError(revertData: string): DecodedGuardError | undefined {
  const decoded = decodeLibraryError(revertData);
  return decoded !== undefined && isGuardErrorName(decoded.name) ? (decoded as DecodedGuardError) : undefined;
}

/** As {@link decodeGuardError}, of every error of the library. */
export function decodeLibraryError(revertData: string): DecodedError<LibraryErrorName> | undefined {
  const name = libraryErrorNameOf(revertData);
  if (name === undefined) return undefined;
  const inputs: readonly GuardErrorInput[] = LIBRARY_ERRORS[name];
  if (revertData.length !== 10 + 64 * inputs.length) return undefined;
  const values: Record<string, bigint | Hex> = {};
  for (const [i, input] of inputs.entries()) {
    const value = decodeWord(input.type, `0x${revertData.slice(10 + 64 * i, 74 + 64 * i).toLowerCase()}`);
    if (value === undefined) return undefined;
    values[input.name] = value;
  }
  return { name, values };
}

/** The name of the library's error that revert data, or a bare selector, begins like. */
export function libraryErrorNameOf(revertData: string): LibraryErrorName | undefined {
  if (typeof revertData !== "string" || !/^0x[0-9a-f]{8}(?:[0-9a-f]{2})*$/i.test(revertData)) return undefined;
  return NAMES.get(revertData.slice(0, 10).toLowerCase());
}

/** The first four bytes of the hash of an error's signature. */
export function selectorOf(name: string, types: readonly string[]): Hex {
  return toHex(keccak256(new TextEncoder().encode(`${name}(${types.join(",")})`)).subarray(0, 4));
}

function isGuardErrorName(name: LibraryErrorName): name is GuardErrorName {
  return Object.hasOwn(GUARD_ERRORS, name) || Object.hasOwn(PIN_ERRORS, name);
}

/** One word of the ABI; undefined where it has bits outside of its type. */
function decodeWord(type: GuardErrorType, word: Hex): bigint | Hex | undefined {
  if (type === "bytes32") return word;
  if (type === "address") return /^0x0{24}/.test(word) ? `0x${word.slice(26)}` : undefined;
  const value = BigInt(word);
  return value >> BigInt(type.slice("uint".length)) === 0n ? value : undefined;
}
