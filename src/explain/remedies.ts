import type { ErrorCode } from "../core/errors.js";
import { LIBRARY_ERRORS, libraryErrorNameOf, type LibraryErrorName } from "./guardErrors.js";
import { layersOf, memberOf, revertDataOf } from "./revertData.js";
import { libraryErrorsIn } from "./wrapped.js";

/** Of a bare selector in hexadecimal, which is all that some clients keep. */
const SELECTOR_LENGTH = 10;

/** What to do about a refusal. */
export const REMEDIES = {
  /** The same bytes may pass later. */
  wait: "Wait, and try the same again.",
  /** Take a newer anchor and have the action signed again. It must not fill twice: see `withAnchor`. */
  sign: "Take a newer anchor, and have the action signed again.",
  /** Take a newer state anchor, with its header and its proof. What the canonical state contradicts is refused until it agrees. */
  prove: "Take a newer state anchor, with its header and its proof, from another endpoint if it fails again.",
  /** Change the configuration, the deployment, or who calls. */
  configure: "Change the configuration or the deployment.",
  /** Nothing is to be done: what was asked for is the case, or can no longer be. No guard error says so. */
  abandon: "Do not try again.",
} as const;

export type Remedy = keyof typeof REMEDIES;

const REMEDY_OF_ERROR: Record<LibraryErrorName, Remedy> = {
  ZeroAnchorHash: "sign",
  AnchorIsCurrentBlock: "wait",
  AnchorInFuture: "wait",
  AnchorTooShallow: "wait",
  AnchorTooDeep: "sign",
  AnchorOutOfWindow: "sign",
  AnchorHashUnknown: "wait",
  SourcesDisagree: "wait",
  PinTooOld: "prove",
  AnchorMismatch: "sign",
  HeaderHashMismatch: "prove",
  HeaderNumberMismatch: "prove",
  HeaderMalformed: "prove",
  StateRootMismatch: "prove",
  HeaderChainLength: "prove",
  // Of that block the answer will not change. A newer one may agree, once a deposit is mined for example.
  SlotBelow: "prove",
  SlotAbove: "prove",
  SlotDiffers: "prove",
  StateProofInvalid: "prove",
  PinMissing: "prove",
  PinDiffers: "prove",
  PinTierTooLow: "prove",
  ActionDenied: "wait",
  LiquidationDenied: "wait",
  LiquidationNeedsHealth: "configure",
  ScopeUnknown: "configure",
  UnsupportedChain: "configure",
  PolicyNotMonotone: "configure",
  PolicyMalformed: "configure",
  PolicyBlocksSynced: "configure",
  PolicyClosesExit: "configure",
  PolicyIgnoresDivergence: "configure",
  ConfigOutOfBounds: "configure",
  ParentMismatch: "configure",
  ContinuityMismatch: "configure",
  ClockOutOfRange: "configure",
  ScopeConfigured: "configure",
  ScopeTooDeep: "configure",
  NotPauser: "configure",
  NotConfigurator: "configure",
  PauseNeedsEvidence: "configure",
  PauseLength: "configure",
  PauseCoolingDown: "wait",
  PauseBudgetSpent: "wait",
  // Or too late, or none is announced: its values tell.
  ConfigurationNotReady: "wait",
  // Of these two headers the answer will not change, and what is on record need not be proven.
  NoStandstill: "abandon",
  StandstillRecorded: "abandon",
  EngineMissing: "configure",
  CauseInvalid: "configure",
  EvidenceNotNewer: "prove",
  CauseNotOpen: "abandon",
  BeliefContradicted: "wait",
  BeliefHolds: "abandon",
  BeliefUnmet: "prove",
  ProofOlderThanBelief: "prove",
  AcceptanceTooEarly: "wait",
  LedgerUnknown: "configure",
  LedgerNotNamed: "configure",
  LedgerIsOpen: "configure",
  LedgerIsRetired: "configure",
  LedgerConfigOutOfBounds: "configure",
  SignerSetInvalid: "configure",
  SignersUnordered: "configure",
  RuleInvalid: "configure",
  TermsMismatch: "configure",
  EpochMismatch: "sign",
  ChainMismatch: "configure",
  FormatUnknown: "configure",
  LedgerRootMissing: "sign",
  SequenceMismatch: "sign",
  PreviousMismatch: "sign",
  AnchorRolledBack: "sign",
  CommitmentExpired: "sign",
  EpochExpired: "sign",
  NotOnRecord: "prove",
  CommitmentTierTooLow: "sign",
  SignatureCount: "sign",
  SignatureInvalid: "sign",
  QuorumMissing: "sign",
  ClaimHolds: "abandon",
  CommitmentsUnrelated: "abandon",
  EvidenceInFuture: "wait",
  OwnerInvalid: "prove",
  PinOfOtherBlock: "prove",
  LedgerEvidenceNotNewer: "prove",
  RelayedTooSoon: "wait",
  NotContradicted: "abandon",
  HealingTooEarly: "wait",
  RetirementTooEarly: "wait",
  NotAdministrator: "configure",
  EpochNotReady: "wait",
  NotLedgerDesk: "configure",
  SourceOfOtherChain: "configure",
  SourceFaulty: "configure",
  OnHomeChain: "configure",
  CodeDiffers: "configure",
  PlaceTaken: "abandon",
  NothingToRecord: "wait",
  RingSize: "configure",
  QuorumTooSmall: "configure",
  MembersOutOfOrder: "configure",
  GasTooLow: "wait",
  BeaconRootUnknown: "prove",
  BeaconHeaderMismatch: "prove",
  BeaconProofInvalid: "prove",
  BeaconForkUnknown: "configure",
  BeaconForksOutOfOrder: "configure",
  FieldOutOfSlot: "configure",
  ChainUnproven: "configure",
};

const REMEDY_OF_CODE: Partial<Record<ErrorCode, Remedy>> = {
  BLOCK_NOT_FOUND: "wait",
  RPC_FAILED: "wait",
  // Two branches may live for some blocks. Where it lasts, an endpoint lies or is on a fork.
  ENDPOINTS_DISAGREE: "wait",
  QUORUM_MISSED: "wait",
  METHOD_REFUSED: "configure",
  ALREADY_SIGNED: "abandon",
  SEQUENCE_PASSED: "abandon",
  JOURNAL_UNUSABLE: "configure",
  LEDGER_UNKNOWN: "configure",
  LEDGER_RETIRED: "configure",
  TERMS_DIFFER: "configure",
  TIER_TOO_LOW: "configure",
  // The tier moves on, and what was signed may still be relayed.
  ANCHOR_ROLLED_BACK: "wait",
  HEAD_DIFFERS: "wait",
  PROPOSAL_DIFFERS: "sign",
  // Of that block the answer will not change. A ledger that is mended, or follows a newer one, may agree.
  LEDGER_DIVERGED: "prove",
  BLOCK_NOT_CANONICAL: "sign",
  INVALID_ANCHOR: "sign",
  HEADER_HASH_MISMATCH: "prove",
  HEADER_MALFORMED: "prove",
  HEADER_NUMBER_MISMATCH: "prove",
  STATE_ROOT_MISMATCH: "prove",
  STATE_UNAVAILABLE: "prove",
  PROOF_INVALID: "prove",
  PROOF_OF_OTHER_STATE: "prove",
  PROOF_FIELD_MISMATCH: "prove",
  INVALID_RESPONSE: "prove",
  CHAIN_UNPROVEN: "configure",
  INVALID_POLICY: "configure",
  INVALID_CONFIG: "configure",
};

/**
 * What to do about an error of the library's contracts. The error is given by its name, its revert data, whatever a
 * client threw, or what `decodeGuardError` returned. It may also be a `SettlementGuardError`. Undefined for everything
 * else.
 *
 * As with `isGuardError`: any contract can revert with these bytes. Ask the guard again before a loop relies on them.
 *
 * @example
 * if (remedyOf(error) === "wait") queue.retryLater(order);
 */
export function remedyOf(error: unknown): Remedy | undefined {
  const name = errorNameOf(error);
  if (name !== undefined) return REMEDY_OF_ERROR[name];
  const own = ownErrorIn(error);
  return own === undefined ? undefined : REMEDY_OF_CODE[own.code];
}

/**
 * The outermost error of this library in what was thrown. It may be of another copy of the library, as in a mixed ESM
 * and CommonJS tree.
 */
export function ownErrorIn(error: unknown): { code: ErrorCode; message: string } | undefined {
  const own = layersOf(error).find(({ value }) => memberOf(value, "name") === "SettlementGuardError")?.value;
  return own === undefined
    ? undefined
    : { code: String(memberOf(own, "code")) as ErrorCode, message: String(memberOf(own, "message")) };
}

function errorNameOf(error: unknown): LibraryErrorName | undefined {
  const name = typeof error === "string" ? error : memberOf(error, "name");
  if (typeof name === "string" && Object.hasOwn(LIBRARY_ERRORS, name)) return name as LibraryErrorName;
  const data = revertDataOf(error);
  if (data === undefined) return undefined;
  return data.length === SELECTOR_LENGTH ? libraryErrorNameOf(data) : libraryErrorsIn(data)[0]?.name;
}
