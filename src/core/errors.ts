/**
 * Every error that this library throws, by its code. A code is stable; a message is for people and may change.
 *
 * The details of an error are the values that disagreed. So a caller can act on them without parsing the message.
 */
export interface ErrorDetails {
  /** Hexadecimal input that is not well formed, or has the wrong length. */
  readonly INVALID_HEX: { what: string; value: string; expected: string };
  /** A byte string that is not canonical RLP. `offset` is in bytes. */
  readonly INVALID_RLP: { offset: number; reason: string };
  /** A header or block field that is missing, of the wrong type, or out of its bounds. */
  readonly INVALID_HEADER: { field: string; reason: string };
  /** A block whose fields do not hash to the hash that it claims. */
  readonly HEADER_HASH_MISMATCH: {
    number: bigint | undefined;
    claimed: string;
    actual: string;
    /**
     * Fields that look like a header's and that no fork known to this library has. They are the likely reason, where
     * there are any.
     */
    unknownFields?: string[];
  };
  /**
   * Header bytes that are not the canonical RLP of a block header: the contract's `HeaderMalformed(field)`. `field` is
   * the position in the header. 0 is the parent hash, 3 the state root, 8 the number, 255 the list itself.
   */
  readonly HEADER_MALFORMED: { field: number; reason: string };
  /** A header whose number is not the one that was asked for. */
  readonly HEADER_NUMBER_MISMATCH: { claimed: bigint; actual: bigint };
  /** A genuine header whose state root is not the one that the state anchor claims. */
  readonly STATE_ROOT_MISMATCH: { number: bigint; claimed: string; actual: string };
  /**
   * The endpoint does not know the block, no longer has it, or cannot resolve the tag. Not evidence that the block does not exist.
   * `reason` has the endpoint's words, where it answered with an error and not with `null`.
   */
  readonly BLOCK_NOT_FOUND: { block: string; reason?: string };
  /** The endpoint answered something that is not the shape that the method promises. */
  readonly INVALID_RESPONSE: { method: string; reason: string };
  /** What was given to ask an endpoint with is no connection to one. Nothing was sent. `reason` says what to give instead. */
  readonly INVALID_CONNECTION: { reason: string };
  /** An option of another type, out of its bounds, or of a name that nobody reads. */
  readonly INVALID_OPTION: { option: string; reason: string };
  /**
   * The endpoint answered with an error, with a refusal that is no JSON-RPC, or not at all. It says nothing about the
   * chain. `reason` has its words, printable and without what a URL may hold. `rpcCode` is the JSON-RPC error's code,
   * where there was one.
   */
  readonly RPC_FAILED: {
    method: string;
    reason: string;
    rpcCode?: number;
    /** The HTTP status, where the endpoint answered over HTTP. */
    httpStatus?: number;
  };
  /**
   * Endpoints of a quorum said different things about one question. Each side has its endpoints by their index.
   * `header` is a block's: its hash was computed here from `rlp`. `answer` is any other answer as JSON, 2,000
   * characters at most.
   */
  readonly ENDPOINTS_DISAGREE: {
    method: string;
    sides: { endpoints: number[]; header?: { number: bigint; hash: string; rlp: string }; answer?: string }[];
  };
  /** Too few endpoints of a quorum gave an answer. `said` has each endpoint's reason, printable and without URLs' secrets. */
  readonly QUORUM_MISSED: { method: string; agree: number; said: { endpoint: number; reason: string }[] };
  /** A quorum was asked for something whose answers it cannot compare. Nothing was sent. */
  readonly METHOD_REFUSED: { method: string; reason: string };
  /** The endpoint no longer has, or never had, the state that a proof is to be made of. Never evidence of absence: ask another. */
  readonly STATE_UNAVAILABLE: { number: bigint; hash: string; reason: string };
  /**
   * A chain's source of block hashes says something else than a header of the chain. It is not what a guard there would
   * ask. `shown` is zero where it knows nothing.
   */
  readonly CHAIN_UNPROVEN: { fault: string; given: bigint | string; shown: bigint | string };
  /** The endpoint knows the anchor's block, and says that the chain it follows does not hold it. */
  readonly BLOCK_NOT_CANONICAL: { number: bigint; hash: string; reason: string };
  /**
   * An anchor or a block's name that cannot be used. It has no block, a zero hash, or a depth that reaches before
   * genesis or to the head.
   */
  readonly INVALID_ANCHOR: { reason: string; number?: bigint; depth?: number };
  /** EIP-712 types or a message that cannot be signed. `path` is that of the member at fault: `Order.legs[1].size`. */
  readonly INVALID_TYPED_DATA: { reason: string; path?: string };
  /**
   * A state proof that shows neither a value nor an absence. `reason` is a name of `PROOF_REASONS`. `number` and `hash`
   * are those of the block whose state was asked for, where the proof was.
   */
  readonly PROOF_INVALID: { what: string; reason: string; number?: bigint; hash?: string };
  /** An account proof that starts under another state root: another block's, or a made-up one. `actual` is its first node's hash. */
  readonly PROOF_OF_OTHER_STATE: { number: bigint; hash: string; expected: string; actual: string };
  /** A field of an answer says something else than the proof that comes with it. */
  readonly PROOF_FIELD_MISMATCH: { field: string; claimed: string; proven: string };
  /** An entry that no ledger holds. Its key is not 32 bytes or comes twice, or its value is no `uint256`. */
  readonly INVALID_ENTRY: { key: string; reason: string };
  /** An optional package that is needed for what was asked is not installed. */
  readonly MISSING_PEER: { peer: string; purpose: string };
  /** A policy that the contract would refuse: a worse status allows more, or a promise is broken. */
  readonly INVALID_POLICY: { action: string; status: string; reason: string };
  /** A configuration that cannot work. Every fault with its line. */
  readonly INVALID_CONFIG: { faults: { line: string; reason: string }[] };
  /** A commitment, or a set of signers, that no desk would take. */
  readonly INVALID_COMMITMENT: { member: string; reason: string };
  /** A rule book that no desk would take, or an owner whom a rule does not compare. `index` is that of the rule. */
  readonly INVALID_RULE: { index: number | undefined; reason: string };
  /** No ledger of this scope was ever opened at the desk. */
  readonly LEDGER_UNKNOWN: { desk: string; guard: string; scope: string };
  /** The ledger counts no more. Nothing is committed to it until it is opened again. */
  readonly LEDGER_RETIRED: { desk: string; guard: string; scope: string };
  /** Other signers or rules judge the ledger than those that were given. Both are hashes, as `hashTerms` makes them. */
  readonly TERMS_DIFFER: { kept: string; given: string };
  /** The block at the tier lies before the one that was committed to last. */
  readonly ANCHOR_ROLLED_BACK: { last: bigint; given: bigint; tier: string };
  /**
   * The desk does not have the commitment that its signer knows. It was not relayed, the chain was rolled back, or others
   * signed another.
   */
  readonly HEAD_DIFFERS: { own: RecordedHead; shown: RecordedHead };
  /** What was proposed is not what a signer prepared. `own` of a bound that has passed is the newest block's time or height. */
  readonly PROPOSAL_DIFFERS: { member: string; own: string; proposed: string };
  /** The ledger's tier is above the one that is to be signed. */
  readonly TIER_TOO_LOW: { least: string; given: string };
  /**
   * A rule does not hold between a ledger and proven state. `index` is that of the rule; those of codes follow. `owner` is undefined for
   * totals, codes, and a mirror's root. `number` and `hash` are the block's.
   */
  readonly LEDGER_DIVERGED: {
    index: number;
    owner: string | undefined;
    here: bigint;
    there: bigint;
    number: bigint;
    hash: string;
  };
  /** A checkpoint of another run: of another anchor, ledger, rule book or list of owners. */
  readonly CHECKPOINT_MISMATCH: {
    member: "anchor" | "ledgerRoot" | "rules" | "owners" | "differences";
    expected: string;
    actual: string;
  };
  /** A logged event that is not of the form that its reducer names. `at` counts the events from 0. `member` is empty for the whole event. */
  readonly INVALID_EVENT: { at: number; name: string; member: string; reason: string };
  /** A logged event of a name that the reducer neither computes nor ignores. `at` counts the events from 0. */
  readonly UNKNOWN_EVENT: { at: number; name: string };
  /**
   * A logged event that does not come after the one before it. Duplicate: both have one place. Backward: its place lies before. Branch: both have
   * one height, and their blocks have other hashes. Gap: a number of the sequence is missing. `at` counts the events from 0.
   */
  readonly EVENT_ORDER: {
    at: number;
    fault: "duplicate" | "backward" | "branch" | "gap";
    previous: LoggedPlace;
    given: LoggedPlace;
  };
  /** A contract that could not be deployed at its address, or that is not what should be there. */
  readonly DEPLOYMENT_REFUSED: { address: string; reason: string };
  /** Another digest is on record for this place in a scope's sequence. Whoever signs both contradicts itself. `where` names the journal. */
  readonly ALREADY_SIGNED: SignedPlace & { recorded: string; asked: string; where: string };
  /** The chain's head, or the journal, is at or beyond what was to be signed. */
  readonly SEQUENCE_PASSED: SignedPlace & { passed: { epoch: bigint; sequence: bigint }; by: "chain" | "journal" };
  /** A signing journal that cannot be relied on: it is damaged, missing, replaced, or older than its counter. Nothing is signed. */
  readonly JOURNAL_UNUSABLE: { where: string; reason: string };
  /** The fork simulator was asked for something that it cannot do. */
  readonly FORK_SIMULATOR: { reason: string };
  /** A hash function that is not Keccak-256 was to be put in its place. */
  readonly INVALID_KECCAK: { reason: string };
  /** A test matcher was given something that it cannot compare with. */
  readonly INVALID_MATCHER: { reason: string };
}

/** A place in a scope's sequence of commitments. */
interface SignedPlace {
  guard: string;
  scope: string;
  epoch: bigint;
  sequence: bigint;
}

/** Where an event was logged. `index` is its place among the logs of its block. */
interface LoggedPlace {
  block: { number: bigint; hash?: string | undefined };
  index: bigint;
  sequence?: bigint | undefined;
}

/** The newest commitment of a ledger, as somebody knows it. `hash` is its struct hash. */
interface RecordedHead {
  epoch: bigint;
  sequence: bigint;
  hash: string;
}

export type ErrorCode = keyof ErrorDetails;

/**
 * Marks an error of this library, whichever copy of it threw. A project may load it both as an ES module and as a
 * CommonJS module.
 */
const BRAND = Symbol.for("settlement-guard.error");

/**
 * The only class of error that this library throws.
 *
 * @example
 * try { await fetchHeader(request, { number: 5n }) }
 * catch (error) { if (SettlementGuardError.is(error, "HEADER_HASH_MISMATCH")) console.log(error.details.actual) }
 */
export class SettlementGuardError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = "SettlementGuardError";
  readonly [BRAND] = true;

  constructor(
    readonly code: Code,
    readonly details: Readonly<ErrorDetails[Code]>,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Whether `value` was made by this class, in any copy of the library. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && BRAND in value;
  }

  /** Whether `value` is an error of this library and, where a code is given, of that code. */
  static is<Code extends ErrorCode>(value: unknown, code: Code): value is SettlementGuardError<Code>;
  static is(value: unknown): value is SettlementGuardError;
  static is(value: unknown, code?: ErrorCode): boolean {
    if (typeof value !== "object" || value === null || !(BRAND in value)) return false;
    return code === undefined || (value as SettlementGuardError).code === code;
  }
}

/** An endpoint's answer that is none to what it was asked. */
export function invalidResponse(method: string, reason: string): SettlementGuardError<"INVALID_RESPONSE"> {
  return new SettlementGuardError("INVALID_RESPONSE", { method, reason }, `${method}: ${reason}`);
}
