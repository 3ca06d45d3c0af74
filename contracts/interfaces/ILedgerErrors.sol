// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Dispute} from "../ledger/LedgerTypes.sol";
import {Tier} from "./IBlockHashSource.sol";

/// @title What those are refused who commit to a ledger, dispute it, or heal it
/// @notice Each names the values that disagreed. What a state proof or an anchor is refused for is in `IGuardErrors`.
interface ILedgerErrors {
    /// @notice Thrown when nobody opened a ledger for this scope of this guard.
    error LedgerUnknown(address guard, bytes32 scope);

    /// @notice Thrown when a ledger is opened in another way than its guard has named.
    /// @param named keccak256 of the configuration, zero if none is named
    error LedgerNotNamed(bytes32 named, bytes32 given);

    /// @notice Thrown when a ledger is named that is open already.
    error LedgerIsOpen(address guard, bytes32 scope);

    /// @notice Thrown when a retired ledger is committed to, disputed, healed, given an epoch, or retired again. Its guard can
    /// name another.
    error LedgerIsRetired(address guard, bytes32 scope);

    /// @notice Thrown when a number of a ledger's configuration is outside of its bounds, both included.
    /// @param name of the member of `LedgerConfig`, in ASCII
    error LedgerConfigOutOfBounds(bytes32 name, uint256 value, uint256 least, uint256 greatest);

    /// @notice Thrown when a threshold is not more than half of the signers, or more than all. Thrown, too, when there are
    /// more than 32.
    error SignerSetInvalid(uint256 threshold, uint256 signers);

    /// @notice Thrown when a signer is zero, or not above the one before.
    error SignersUnordered(uint256 index, address signer);

    /// @notice Thrown when a rule names no value of a word, no holder, or is a mirror beside other rules. Thrown, too, when
    /// the book has no rule of that index, or it is of another kind than the dispute.
    /// @param index in the book. Of an unsound book the code's rules are counted on
    error RuleInvalid(uint256 index);

    /// @notice Thrown when signers or rules are not those of the epoch.
    /// @param kept hash of those of the epoch
    error TermsMismatch(bytes32 kept, bytes32 given);

    /// @notice Thrown when a commitment is of another epoch than the one that is open. What was not relayed in its own is void.
    error EpochMismatch(uint64 epoch, uint64 given);

    /// @notice Thrown when a commitment is about another chain.
    error ChainMismatch(uint256 chainId, uint256 given);

    /// @notice Thrown when a ledger's format is not known.
    error FormatUnknown(uint256 format);

    /// @notice Thrown when a commitment's ledger root is zero, which is no root.
    error LedgerRootMissing();

    /// @notice Thrown when a commitment does not come next: one was dropped, repeated or reordered.
    error SequenceMismatch(uint64 next, uint64 given);

    /// @notice Thrown when a commitment follows another one than the one on record: the ledger was rolled back.
    /// @param head struct hash of the commitment on record
    error PreviousMismatch(bytes32 head, bytes32 given);

    /// @notice Thrown when a commitment's anchor is older than that of the one on record, or than the epoch.
    /// @param last the least height
    error AnchorRolledBack(uint64 last, uint64 given);

    /// @notice Thrown when a commitment is relayed in the block of the one before. On a chain with a longer window of hashes
    /// than 8,192 blocks: less than an 8,192nd of it later.
    /// @param number the height from which it may be relayed
    error RelayedTooSoon(uint64 number);

    /// @notice Thrown when a commitment is relayed too late.
    error CommitmentExpired(uint64 validUntil, uint64 validUntilBlock);

    /// @notice Thrown when the signatures for an epoch are used too late.
    error EpochExpired(uint64 validUntil);

    /// @notice Thrown when a commitment rests on blocks that are less sure than the ledger needs.
    error CommitmentTierTooLow(Tier least, Tier given);

    /// @notice Thrown when a commitment that is given as one on record is none.
    /// @param head struct hash of the newest on record
    /// @param reached the hash to which the commitment and its descendants lead, neither the newest nor a 64th
    error NotOnRecord(bytes32 head, bytes32 reached);

    /// @notice Thrown when there are more or fewer signatures than signers. One who did not sign has an empty one.
    error SignatureCount(uint256 signers, uint256 given);

    /// @notice Thrown when a signature is not the signer's.
    error SignatureInvalid(address signer);

    /// @notice Thrown when too few signed.
    error QuorumMissing(uint256 threshold, uint256 given);

    /// @notice Thrown when what is disputed holds.
    /// @param claimed what the ledger or the commitment says
    /// @param actual what is shown
    error ClaimHolds(Dispute kind, bytes32 claimed, bytes32 actual);

    /// @notice Thrown when two commitments are not of the sequences that would contradict each other.
    error CommitmentsUnrelated(bytes32 first, bytes32 second);

    /// @notice Thrown when two commitments contradict each other about blocks that have not come.
    error EvidenceInFuture(uint64 number);

    /// @notice Thrown when an owner is none that the rule compares.
    error OwnerInvalid(bytes32 owner);

    /// @notice Thrown when a pinned root is of another block than the commitment's anchor.
    error PinOfOtherBlock(uint64 anchor, uint64 pinned);

    /// @notice Thrown when evidence is not newer than that which stands against the ledger, was healed, or retired.
    error LedgerEvidenceNotNewer(uint64 evidence, uint64 last);

    /// @notice Thrown when a ledger is healed that nothing stands against.
    error NotContradicted(address guard, bytes32 scope);

    /// @notice Thrown when too few commitments were relayed since, or too little time has passed since the first: see `Deadlines`.
    /// @param time seconds since 1970, zero where none was relayed
    error HealingTooEarly(uint256 commitments, uint256 needed, uint256 time, uint256 number);

    /// @notice Thrown when a ledger is retired that is neither silent nor contradicted for long enough: see `Deadlines`.
    error RetirementTooEarly(uint256 time, uint256 number);

    /// @notice Thrown when somebody announces an epoch who is not the administrator.
    error NotAdministrator(address caller);

    /// @notice Thrown when an epoch is opened that was not announced, or before its delay has passed: see `Deadlines`.
    /// @param announced hash of the terms that wait, zero if none do
    error EpochNotReady(bytes32 announced, uint256 time, uint256 number);

    /// @notice Thrown when somebody brings news of a ledger who is not the guard's desk.
    error NotLedgerDesk(address caller);
}
