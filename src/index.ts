export { checkAnchor, latestAnchor, latestStateAnchor, verifyStateAnchor } from "./anchor/anchor.js";
export type { Anchor, AnchorLike, AnchorOptions, StateAnchor } from "./anchor/anchor.js";
export { explain } from "./anchor/explain.js";
export {
  GUARD_ERRORS,
  GUARD_ERROR_NAMES,
  BELIEF_ERRORS,
  POLICY_ERRORS,
  decodeGuardError,
  guardErrorSelector,
  isGuardError,
} from "./anchor/guardErrors.js";
export type {
  DecodedGuardError,
  GuardErrorInput,
  GuardErrorName,
  GuardErrorType,
  PolicyErrorName,
} from "./anchor/guardErrors.js";
export { REMEDIES, remedyOf } from "./anchor/remedies.js";
export type { Remedy } from "./anchor/remedies.js";
export { revertDataOf } from "./anchor/revertData.js";
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
export { SettlementGuardError } from "./errors.js";
export type { ErrorCode, ErrorDetails } from "./errors.js";
export { keccak256, setKeccak256 } from "./keccak.js";
export type { Keccak256 } from "./keccak.js";
export type { Hex } from "./bytes.js";
export { BOUNDS } from "./policy/bounds.js";
export { CHAIN_PROFILES, CONTINUITIES } from "./policy/chains.js";
export type { ChainProfile, Continuity } from "./policy/chains.js";
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
export { explainScope } from "./policy/explainScope.js";
export type {
  Announcement,
  Deadline,
  OpenCause,
  Restrictions,
  ScopeExplanation,
  ScopeFacts,
} from "./policy/explainScope.js";
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
export { findStandstill, findStandstills } from "./policy/standstill.js";
export type { Standstill, StandstillOptions } from "./policy/standstill.js";
export { decodeHeader, encodeHeader, hashHeader, headerFromRpc, readHeader } from "./proof/header.js";
export type { HashedHeader, Header, HeaderStart, ReadableFields, ReadableHeader } from "./proof/header.js";
export { MAX_SLOTS_PER_REQUEST, prove } from "./proof/prove.js";
export type { ProveOptions, ProvenAccount, ProvenState } from "./proof/prove.js";
export type { ProofReason, Verdict as ProofVerdict } from "./proof/reasons.js";
export { decodeRlp, encodeRlp } from "./proof/rlp.js";
export type { RlpInput, RlpItem } from "./proof/rlp.js";
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
export { fetchHeader } from "./rpc/block.js";
export type { BlockId, BlockTag } from "./rpc/block.js";
export { toRequest } from "./rpc/request.js";
export type { Connection, Eip1193Provider, Request, RequestOptions, SendProvider } from "./rpc/request.js";
