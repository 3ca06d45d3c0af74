export { checkAnchor, verifyStateAnchor } from "./anchor/anchor.js";
export { beaconIndicesAt, beaconRoot, isBranch } from "./anchor/beacon.js";
export type { BeaconForks, BeaconHeader, BeaconIndices, BranchClaim, FinalityProof } from "./anchor/beacon.js";
export { TIERS } from "./anchor/tiers.js";
export type { Tier } from "./anchor/tiers.js";
export { latestAnchor, latestStateAnchor } from "./actions/latestAnchor.js";
export type { Anchor, AnchorLike, StateAnchor } from "./anchor/anchor.js";
export type { AnchorOptions } from "./actions/latestAnchor.js";
export { explain } from "./explain/explain.js";
export {
  GUARD_ERRORS,
  GUARD_ERROR_NAMES,
  BELIEF_ERRORS,
  CHAIN_ERRORS,
  CHAIN_FAULTS,
  DISPUTES,
  LEDGER_ERRORS,
  PIN_ERRORS,
  POLICY_ERRORS,
  SOURCE_ERRORS,
  decodeGuardError,
  guardErrorSelector,
  isGuardError,
} from "./explain/guardErrors.js";
export type {
  ChainFault,
  Dispute,
  DecodedGuardError,
  GuardErrorInput,
  GuardErrorName,
  GuardErrorType,
  PolicyErrorName,
} from "./explain/guardErrors.js";
export { REMEDIES, remedyOf } from "./explain/remedies.js";
export type { Remedy } from "./explain/remedies.js";
export { revertDataOf } from "./explain/revertData.js";
export {
  ANCHOR_TYPE,
  STATE_ANCHOR_TYPE,
  anchorDigest,
  hashAnchor,
  hashStateAnchor,
  typedDataJson,
  withAnchor,
} from "./anchor/typedData.js";
export type {
  AnchoredTypedData,
  TypedDataDefinition,
  TypedDataDomain,
  TypedDataField,
  TypedDataTypes,
  WithAnchorOptions,
} from "./anchor/typedData.js";
export { SettlementGuardError } from "./core/errors.js";
export type { ErrorCode, ErrorDetails } from "./core/errors.js";
export { keccak256, setKeccak256 } from "./core/keccak.js";
export type { Keccak256 } from "./core/keccak.js";
export { toBytes, toHex, toQuantity, toWord } from "./core/bytes.js";
export type { Hex } from "./core/bytes.js";
export { printable, withoutUrls } from "./core/text.js";
export { BOUNDS } from "./policy/bounds.js";
export { CHAINS } from "./anchor/chains.js";
export { CONTINUITIES } from "./anchor/continuity.js";
export type { ChainEvidence, HeaderShape, KnownChain, RefusedChain } from "./anchor/chains.js";
export type { Continuity } from "./anchor/continuity.js";
export { CHAIN_PROFILES } from "./policy/chains.js";
export type { ChainProfile } from "./policy/chains.js";
export { defineGuardConfig, hiddenOutages, scopeId } from "./policy/config.js";
export type {
  ChainInput,
  ConfigFault,
  GuardConfigInput,
  GuardedScope,
  HiddenOutages,
  ScopeConfig,
  ScopeInput,
} from "./policy/config.js";
export { checkDeployment } from "./actions/checkDeployment.js";
export type {
  CheckDeploymentOptions,
  CheckOutcome,
  DeploymentCheck,
  DeploymentReport,
} from "./actions/checkDeployment.js";
export { create2AddressOf, deployAt } from "./actions/deployAt.js";
export type { DeployAtOptions, DeployedAt } from "./actions/deployAt.js";
export { CONTRACT_KINDS } from "./policy/deployment.js";
export type { ContractInput, ContractKind, DeploymentInput, LedgerInput } from "./policy/deployment.js";
export { explainScope } from "./actions/explainScope.js";
export type {
  Announcement,
  Deadline,
  OpenCause,
  Restrictions,
  ScopeExplanation,
  ScopeFacts,
} from "./actions/explainScope.js";
export {
  ACTIONS,
  EXITS,
  STANDARD_POLICY,
  STATUSES,
  VERDICTS,
  classify,
  formatPolicy,
  packPolicy,
  policyFaults,
  unpackPolicy,
  verdictOf,
} from "./policy/policy.js";
export type { Action, PolicyFault, PolicyRow, PolicyTable, Status, Verdict } from "./policy/policy.js";
export { proveChain } from "./actions/proveChain.js";
export type { ChainProof, ProveChainOptions } from "./actions/proveChain.js";
export { findStandstill, findStandstills } from "./actions/standstill.js";
export type { Standstill, StandstillOptions } from "./actions/standstill.js";
export { decodeHeader, hashHeader, readHeader } from "./header/header.js";
export { encodeHeader, headerFromRpc } from "./header/fromRpc.js";
export type { HashedHeader, Header, HeaderStart, ReadableFields, ReadableHeader } from "./header/fields.js";
export { MAX_SLOTS_PER_REQUEST, prove } from "./actions/prove.js";
export type { ProveOptions, ProvenAccount, ProvenSlots, ProvenState, ProveUnderPinOptions } from "./actions/prove.js";
export { verifyAccountProof, verifyStorageProof, verifyTrieProof } from "./proof/nodeProofs.js";
export type { ProofNodes } from "./proof/nodeProofs.js";
export { PROOF_REASONS } from "./proof/reasons.js";
export type { ProofReason, ProofVerdict } from "./proof/reasons.js";
export { packWitness, verifyWitness } from "./proof/witness.js";
export type {
  PackedWitness,
  ProofAnswer,
  SlotInput,
  WitnessAccount,
  WitnessQuestion,
  WitnessSlot,
  WitnessVerdict,
} from "./proof/witness.js";
export { defineReducer, replay } from "./ledger/replay.js";
export type {
  EventDivergence,
  ExpectedEvent,
  ReplayBound,
  ReplayDifference,
  ReplayDivergence,
  ReplayOptions,
  ReplayOutcome,
  ReplayReducer,
  ReplayReport,
  ReplayStep,
} from "./ledger/replay.js";
export type { EventOf, EventShapes, LoggedEvent, MemberType, ReplayValue, ValueOf } from "./ledger/replayEvents.js";
export type { CommittedRoot, ReplayedLedger, RootDivergence } from "./ledger/replayRoots.js";
export { marginPerps } from "./ledger/marginPerps.js";
export type { MarginPerpsEvents } from "./ledger/marginPerpsEvents.js";
export { marginPerpsAccount, marginPerpsStart } from "./ledger/marginPerpsState.js";
export type { AccountPlace, MarginPerpsAccount, MarginPerpsState } from "./ledger/marginPerpsState.js";
export { findDifferences } from "./ledger/descent.js";
export type { DescentOptions, LedgerDifference } from "./ledger/descent.js";
export { ledgerKey, totalKey } from "./ledger/key.js";
export type { LedgerSubject } from "./ledger/key.js";
export { LedgerTree } from "./ledger/tree.js";
export type { LedgerEntry, LedgerLeaf, LedgerProof, LedgerSubtree } from "./ledger/tree.js";
export { reconcile, reconcileEach } from "./actions/reconcile.js";
export type {
  Checkpoint,
  FinishedChunk,
  ReconcileCounts,
  ReconcileOptions,
  ReconcileReport,
  ReconcileSummary,
} from "./actions/reconcile.js";
export type { RuleDifference } from "./actions/ruleDifferences.js";
export type { ProvenHolder } from "./actions/readSlots.js";
export { formatReport, reportPage } from "./actions/reconcileReport.js";
export { disputeAnchorOf } from "./actions/disputeAnchorOf.js";
export type { AnchorDifference, AnchorDisputeOptions, ReadyAnchorDispute } from "./actions/disputeAnchorOf.js";
export type { DisputedCommitment, SaidCommitment } from "./actions/disputedCommitment.js";
export { disputeOf } from "./actions/disputeOf.js";
export type { DisputeOptions, DisputedState, ReadyDispute } from "./actions/disputeOf.js";
export { firstDivergence } from "./actions/firstDivergence.js";
export type {
  FirstDivergence,
  FirstDivergenceOptions,
  AnchoredLedger,
  LedgerStates,
} from "./actions/firstDivergence.js";
export { abiBook, abiCommitment } from "./ledger/abi.js";
export type { AbiBook, AbiCommitment, AbiSigners } from "./ledger/abi.js";
export { fetchHeader } from "./actions/fetchHeader.js";
export type { BlockId, BlockTag } from "./actions/fetchHeader.js";
export { quorum } from "./rpc/quorum.js";
export type { QuorumOptions } from "./rpc/quorum.js";
export { toRequest } from "./rpc/request.js";
export type { Connection, Eip1193Provider, Request, RequestOptions, SendProvider } from "./rpc/request.js";
export {
  LEDGER_FORMAT,
  commitmentDigest,
  commitmentTypedData,
  epochTypedData,
  hashCommitment,
  hashSigners,
  hashTerms,
} from "./ledger/commitment.js";
export type { Commitment, LedgerEpoch, LedgerTypedData, SignerSet } from "./ledger/commitment.js";
export { COMPARATORS, DERIVATIONS, comparedPlace, decodeWord, hashRules, ruleHolds } from "./ledger/rules.js";
export type { CodeRule, ComparedPlace, Comparator, Derivation, Rule, RuleBook } from "./ledger/rules.js";
export { assembleSignatures, relayCall, signCommitment } from "./ledger/signing.js";
export type { RelayCall, SignCommitmentOptions, SignerSignature } from "./ledger/signing.js";
export { prepareCommitment } from "./actions/prepareCommitment.js";
export type { PrepareCommitmentOptions, PreparedCommitment } from "./actions/prepareCommitment.js";
export type { LedgerHealing, LedgerQuestion, LedgerRecord, LedgerRetirement } from "./actions/ledgerReads.js";
export { checkRules } from "./actions/checkRules.js";
export type { CheckRulesOptions } from "./actions/checkRules.js";
export { LEDGER_STATES, explainLedger } from "./actions/explainLedger.js";
export type { LedgerExplanation, LedgerState } from "./actions/explainLedger.js";
export { auditTrail } from "./actions/auditTrail.js";
export type { AuditEvent, AuditOptions, AuditTrail } from "./actions/auditTrail.js";
