// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {IBeliefErrors} from "../interfaces/IBeliefErrors.sol";
import {Deadline, Deadlines} from "./Deadline.sol";
import {PolicyGuard} from "./PolicyGuard.sol";
import {Status} from "./PolicyTypes.sol";
import {Scopes} from "./Scopes.sol";

/// @title Believed against proven
/// @notice What a protocol believes of something that can be proven: a backing, a position, a balance elsewhere. A
/// belief has a scope, which it can stop. It has a subject, such as the hash of an account and a slot.
///
/// | step         | what it says, and what follows                                                           |
/// | ------------ | ---------------------------------------------------------------------------------------- |
/// | `believe`    | a number, which counts from this block on: proofs of earlier blocks say nothing about it |
/// | `contradict` | proven is less: the scope is Diverged, and the belief stands still                       |
/// | `reconcile`  | proven is enough again: healed, into Stale                                               |
/// | `accept`     | proven is less still, after a while: believed, the loss is written, healed, into Stale   |
///
/// Every proof is either enough or not. So `_reconcile` or, after the delay, `_accept` leads out, with a proof newer
/// than all evidence. A protocol may open all but `_believe` to anybody.
///
/// Less is believed before the assets leave, more after they came: a belief that runs ahead can be contradicted. While it is contradicted `_believe` reverts.
///
/// **Who races whom.** A redemption that is believed *before* the assets leave is never contradicted; the same block is
/// early enough. One that is believed after can be. Then whoever brings a proof first stops the scope for the delay and
/// the Stale time. That costs one proof, and what left is written as a loss. Once contradicted, the delay is the time
/// to bring the assets back. In it a newer proof can also reconcile after a dip. A contradiction that comes back, up to
/// a delay after that time has run out, gets no new one. What is proven then is accepted at once. Within the delay
/// newer evidence counts, so that no proof from before heals. After it a further contradiction changes nothing. Else
/// one in each block would outrun every acceptance. One who controls the subject can choose the block that is accepted,
/// as it could take the assets. A believer who writes another number just before each contradiction outruns it. One who
/// lowers it after a loss leaves that loss unwritten. So who believes must be trusted not to, and the events show it.
/// @dev The proof is the caller's. It passes a value that an authenticated state of the executing chain holds. It also
/// passes that state's block, as `_blockNumber` counts. It must bound the age of that block well below the delay.
/// Nothing but `_contradict` may open the cause of a subject (`_causeOf`): it would have no delay. Storage is
/// namespaced (ERC-7201).
abstract contract ProvenBeliefs is PolicyGuard, IBeliefErrors {
    struct Belief {
        uint256 amount; // in the protocol's units
        uint64 since; // block from which on proofs speak about it
        Deadline acceptableFrom; // of the newest contradiction; cleared when what was proven is accepted, kept when it is reconciled
    }

    /// @custom:storage-location erc7201:settlement-guard.storage.beliefs
    struct BeliefStorage {
        mapping(bytes32 => mapping(bytes32 => Belief)) beliefs; // by scope and subject
    }

    /// @dev keccak256(abi.encode(uint256(keccak256("settlement-guard.storage.beliefs")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant BELIEF_STORAGE = 0xb9bba712805c1a00723dec00c0525272830e0b8be630e264043d06efb939c300;

    /// @notice Emitted when another amount is believed.
    event Believed(bytes32 indexed scope, bytes32 indexed subject, uint256 amount);

    /// @notice Emitted when less is believed because less was proven, before the loss is written.
    /// @param number block whose state held `proven`
    event ProvenAccepted(
        bytes32 indexed scope,
        bytes32 indexed subject,
        uint256 believed,
        uint256 proven,
        uint64 number
    );

    /// @notice For how long a contradiction must have stood before what is proven is accepted, in seconds. It counts as blocks, too: `Deadlines`.
    /// @dev The time to correct a dip or a slip. For as long a stranger's proof of an unannounced redemption stops the
    /// scope.
    function _acceptanceDelay() internal view virtual returns (uint256) {
        return 1 hours;
    }

    /// @notice Writes what is lost, believed less proven: pro rata, against a pool, or as bad debt. The scope is still Diverged: nothing has left.
    /// @dev It MUST NOT revert, since the contradiction would have no end, and SHOULD call nobody. The belief is lowered already. If anything after it
    /// reverts, so is this undone.
    function _writeLoss(bytes32 scope, bytes32 subject, uint256 believed, uint256 proven) internal virtual;

    /// @notice Believes an amount from this block on. The same amount again moves nothing. Reverts with BeliefContradicted while it is contradicted.
    function _believe(bytes32 scope, bytes32 subject, uint256 amount) internal {
        Belief storage belief = _beliefOf(scope, subject);
        if (_isOpen(scope, subject)) {
            uint64 evidence = Scopes.find(scope).causes[_causeOf(subject)].evidence;
            revert BeliefContradicted(scope, subject, belief.amount, evidence);
        }
        if (amount == belief.amount) return;
        (belief.amount, belief.since) = (amount, uint64(_blockNumber()));
        emit Believed(scope, subject, amount);
    }

    /// @notice Makes the scope Diverged, because less is proven than believed. Reverts with ProofOlderThanBelief, BeliefHolds or EvidenceNotNewer.
    /// @param proven what an authenticated state holds
    /// @param number block of that state
    /// @return raised false where it was contradicted already; that is no failure
    function _contradict(bytes32 scope, bytes32 subject, uint256 proven, uint64 number) internal returns (bool raised) {
        Belief storage belief = _beliefAt(scope, subject, number);
        if (proven >= belief.amount) revert BeliefHolds(scope, subject, belief.amount, proven);
        if (_isOpen(scope, subject) && _isAcceptable(belief)) return false;
        raised = _raise(scope, _causeOf(subject), Status.Diverged, number);
        if (!raised) return false;
        uint256 delay = _acceptanceDelay();
        // One that comes back within a delay after the last one's keeps that one's. Else one who restores the subject
        // for a block now and then kept it open.
        if (_clock().time < belief.acceptableFrom.time() + delay) return true;
        belief.acceptableFrom = Deadlines.from(_clock(), delay, Scopes.find(scope).head.longestBlockTime());
    }

    /// @notice Heals the scope of this contradiction, because enough is proven. Reverts with ProofOlderThanBelief, BeliefUnmet, EvidenceNotNewer or
    /// CauseNotOpen. Parameters as for `_contradict`.
    function _reconcile(bytes32 scope, bytes32 subject, uint256 proven, uint64 number) internal {
        uint256 believed = _beliefAt(scope, subject, number).amount;
        if (proven < believed) revert BeliefUnmet(scope, subject, believed, proven);
        _heal(scope, _causeOf(subject), number);
    }

    /// @notice Believes what is proven, writes the loss, and heals the scope of this contradiction, once it has stood for `_acceptanceDelay`. Reverts with
    /// ProofOlderThanBelief, BeliefHolds, AcceptanceTooEarly, EvidenceNotNewer or CauseNotOpen. Parameters as for `_contradict`.
    function _accept(bytes32 scope, bytes32 subject, uint256 proven, uint64 number) internal {
        Belief storage belief = _beliefAt(scope, subject, number);
        uint256 believed = belief.amount;
        if (proven >= believed) revert BeliefHolds(scope, subject, believed, proven);
        if (!_isAcceptable(belief)) {
            Deadline from = belief.acceptableFrom;
            revert AcceptanceTooEarly(scope, subject, from.time(), from.number());
        }
        (belief.amount, belief.since, belief.acceptableFrom) = (proven, number, Deadline.wrap(0));
        emit ProvenAccepted(scope, subject, believed, proven, number);
        _writeLoss(scope, subject, believed, proven);
        _heal(scope, _causeOf(subject), number);
    }

    /// @dev What is believed, and the block since when. Then from when on it may be lowered to what is proven (of the
    /// newest contradiction).
    function _beliefOf(bytes32 scope, bytes32 subject) internal view returns (Belief storage) {
        BeliefStorage storage $;
        assembly ("memory-safe") {
            $.slot := BELIEF_STORAGE
        }
        return $.beliefs[scope][subject];
    }

    /// @dev The cause that a contradiction opens, for `IPolicyGuard.causeOf`: the same for a subject in each scope.
    function _causeOf(bytes32 subject) internal pure returns (bytes32) {
        return keccak256(abi.encode(subject));
    }

    /// @dev The belief, if a proof of block `number` speaks about it.
    function _beliefAt(bytes32 scope, bytes32 subject, uint64 number) private view returns (Belief storage belief) {
        belief = _beliefOf(scope, subject);
        if (number < belief.since) revert ProofOlderThanBelief(scope, subject, number, belief.since);
    }

    function _isOpen(bytes32 scope, bytes32 subject) private view returns (bool) {
        return Scopes.find(scope).causes[_causeOf(subject)].status != Status.Synced;
    }

    function _isAcceptable(Belief storage belief) private view returns (bool) {
        return belief.acceptableFrom.hasPassed(_clock(), _acceptanceDelay());
    }
}
