// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {LedgerDesk} from "../../contracts/LedgerDesk.sol";
import {ILedgerDesk} from "../../contracts/interfaces/ILedgerDesk.sol";
import {IOwnPinBoard} from "../../contracts/interfaces/IPinBoard.sol";
import {Commitment, Dispute, LeafProof, Signed, StateSide} from "../../contracts/ledger/LedgerTypes.sol";
import {LedgerTarget} from "../../contracts/mocks/LedgerTargets.sol";
import {Status} from "../../contracts/policy/Policy.sol";
import {LedgerCommits} from "./LedgerCommits.sol";
import {Broken} from "./Vm.sol";

/// @title Disputes, right and wrong, and healings
abstract contract LedgerHandler is LedgerCommits {
    function start() external {
        _desk = new LedgerDesk(IOwnPinBoard(address(0)));
        bytes32[] memory markets = new bytes32[](2);
        (markets[0], markets[1]) = (MARKET_A, MARKET_B);
        _guard = new LedgerTarget(_desk, _configuration(EXCHANGE, 0), markets);
        for (uint256 i = 0; i < 3; ++i) _configure(_scopeAt(i), 0);
        for (uint256 i = 0; i < 2; ++i) {
            _name(_marketAt(i), Named(true, 0, i, 0));
            _remember(block.number - 2 * _watch(0).maxAge);
            _open(_marketAt(i), _ledgers[_marketAt(i)].named);
        }
        // A run comes to the next 64th commitment soon.
        for (uint256 i = 0; i < MILESTONE - 4; ++i) {
            _pass(1, 12);
            for (uint256 j = 0; j < 2; ++j) _commit(_marketAt(j), i);
        }
    }

    /* EVIDENCE */

    /// @notice Somebody disputes something, mostly wrongly.
    function dispute(uint256 input) external {
        uint256 seed = _mixed(input);
        bytes32 scope = _marketAt(seed);
        Dispute kind = Dispute((seed >> 8) % 5);
        (bool isThere, uint256 first) = _recent(scope, seed >> 16);
        if (!isThere) return;
        // Seldom of the other ledger.
        (bool isPair, uint256 second) = _recent((seed >> 24) % 8 == 0 ? _otherThan(scope) : scope, seed >> 32);
        if (!isPair) second = first;
        (Form one, Form two) = (_formOf(first), _formOf(second));
        if ((seed >> 80) % 4 == 0) (one, two) = (Form((seed >> 40) % 5), Form((seed >> 48) % 5));
        _dispute(Claim(kind, first, second, one, two, _signing(seed >> 56), (seed >> 64) % 8 == 0));
    }

    /// @notice Somebody looks through what was signed lately for what can be shown, and shows it.
    function accuse(uint256 input) external {
        uint256 seed = _mixed(input);
        bytes32 scope = _marketAt(seed);
        if (!_ledgers[scope].isTainted) scope = _otherThan(scope);
        for (uint256 i = 0; i < RECENT; ++i) {
            (bool isThere, uint256 made) = _recent(scope, (seed >> 8) + i);
            if (!isThere) return;
            for (uint256 kind = 0; kind < 5; ++kind) {
                uint256 other = _partnerOf(made, Dispute(kind));
                Claim memory claim = Claim(
                    Dispute(kind),
                    made,
                    other,
                    _formOf(made),
                    _formOf(other),
                    Signing.Right,
                    false
                );
                _know(_made[made].commitment.anchor.number);
                (bytes4 expected, ) = _expectDispute(claim);
                if (expected != 0) continue;
                _dispute(claim);
                return;
            }
        }
    }

    /// @dev The other one that was signed of the sequence, or one of the next.
    function _partnerOf(uint256 made, Dispute kind) private view returns (uint256) {
        Commitment storage c = _made[made].commitment;
        uint64 sequence = kind == Dispute.BrokenChain ? c.sequence + 1 : c.sequence;
        uint256[] storage signed = _signedOf[c.scope][_ledgers[c.scope].epoch][sequence];
        return signed.length == 0 ? made : signed[signed.length - 1];
    }

    function _dispute(Claim memory claim) internal returns (bool ok) {
        Made storage first = _made[claim.first];
        bytes32 scope = first.commitment.scope;
        _know(first.commitment.anchor.number);
        _know(_made[claim.second].commitment.anchor.number);
        (bytes4 expected, uint64 evidence) = _expectDispute(claim);
        bytes memory data = _dataOf(claim);
        ok = _ask(scope, data, expected);
        if (!ok) return false;
        bool isPair = claim.kind == Dispute.Equivocation || claim.kind == Dispute.BrokenChain;
        if (!_isDishonest(claim.first) && !(isPair && _isDishonest(claim.second))) {
            revert Broken("INV-26: nothing is shown of what is honest");
        }
        bool isVoid = claim.firstForm == Form.Signed && first.commitment.epoch != _ledgers[scope].epoch;
        if (isVoid) revert Broken("INV-30: what is void is no evidence");
        _wasContradicted(scope, evidence, keccak256(bytes.concat(data, bytes32(uint256(evidence)))));
        (Status status, ) = _guard.statusOf(scope);
        if (status < Status.Diverged) revert Broken("INV-27: evidence takes effect");
    }

    function _dataOf(Claim memory claim) private view returns (bytes memory) {
        Signed memory first = _evidenceOf(claim.first, claim.firstForm, claim.signing);
        uint256 number = first.commitment.anchor.number;
        if (claim.kind == Dispute.Mismatch) return abi.encodeCall(ILedgerDesk.disputeAnchor, (first));
        if (claim.kind == Dispute.StateRoot) {
            return abi.encodeCall(ILedgerDesk.disputeStateRoot, (first, _headerAt(number)));
        }
        if (claim.kind == Dispute.Leaf) {
            StateSide memory state = StateSide(_headerAt(number), 0, _stateWitnessAt(number));
            bytes memory witness = _witnessOf(_made[claim.first].balance);
            LeafProof memory proof = LeafProof(0, bytes32(uint256(uint160(OWNER))), witness, state);
            bool isFirstBook = first.commitment.rules == _rulesOf[0];
            uint256 book = isFirstBook != claim.isOtherBook ? 0 : 1;
            return abi.encodeCall(ILedgerDesk.disputeLeaf, (first, _bookOf(book), proof));
        }
        Signed memory second = _evidenceOf(claim.second, claim.secondForm, Signing.Right);
        if (claim.kind == Dispute.Equivocation) {
            return abi.encodeCall(ILedgerDesk.disputeEquivocation, (first, second));
        }
        return abi.encodeCall(ILedgerDesk.disputeChain, (first, second));
    }

    function _evidenceOf(uint256 made, Form form, Signing signing) private view returns (Signed memory signed) {
        signed.commitment = _made[made].commitment;
        if (form == Form.Signed) {
            signed.set = _setOf(_made[made].set);
            signed.signatures = _signatures(_made[made].set, _made[made].hash, signing, made);
            return signed;
        }
        (uint256 from, uint256 to) = _descendantsOf(made, form);
        signed.descendants = new Commitment[](to - from);
        uint256[] storage relayed = _ledgers[signed.commitment.scope].relayed;
        for (uint256 i = from; i < to; ++i) signed.descendants[i - from] = _made[relayed[i]].commitment;
    }

    /* HEALING */

    /// @notice Anybody heals a ledger, or tries to.
    function heal(uint256 input) external {
        uint256 seed = _mixed(input);
        _heal(_marketAt(seed));
    }

    /// @notice Honest signers bring a ledger back, which is then healed, or seldom one commitment too early.
    function healThrough(uint256 input) external {
        uint256 seed = _mixed(input);
        bytes32 scope = _marketAt(seed);
        if (!_ledgers[scope].isContradicted) scope = _otherThan(scope);
        if (!_ledgers[scope].isContradicted) return;
        _commitUntilHealable(scope, (seed >> 8) % 4 == 0 ? 1 : 0);
        _heal(scope);
    }

    /// @dev Commitments of blocks newer than all evidence, and the time; less `missing` of them. Where something was signed ahead,
    /// they begin with an epoch: it is at most of the sequence after the next.
    function _commitUntilHealable(bytes32 scope, uint256 missing) internal {
        LedgerGhost storage ghost = _ledgers[scope];
        (uint256 depth, uint256 healAfter) = (_watch(ghost.table).minDepth, _watch(ghost.table).healAfter);
        mapping(uint64 => uint256[]) storage signed = _signedOf[scope][ghost.epoch];
        uint64 next = _sequenceOf(scope) + 1;
        if (signed[next].length != 0 || signed[next + 1].length != 0) _renew(scope);
        _pass(depth + 1, 12);
        for (uint256 i = missing; i < healAfter; ++i) {
            _pass(1, 12);
            _commit(scope, i);
        }
        _pass(_watch(ghost.table).healFor / 12 + 1, 12);
    }

    function _heal(bytes32 scope) internal returns (bool ok) {
        ok = _ask(scope, abi.encodeCall(ILedgerDesk.heal, (address(_guard), scope)), _expectHeal(scope));
        if (ok) _wasHealed(scope);
    }

    /// @dev The form in which it is evidence, if it is any.
    function _formOf(uint256 made) private view returns (Form) {
        if (_placeOf[_made[made].hash] == 0) return Form.Signed;
        return made % 2 == 0 ? Form.OnRecord : Form.Milestone;
    }
}
