// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ILedgerDesk} from "../../contracts/interfaces/ILedgerDesk.sol";
import {Tier} from "../../contracts/interfaces/IBlockHashSource.sol";
import {Commitment} from "../../contracts/ledger/LedgerTypes.sol";
import {LedgerLife} from "./LedgerLife.sol";
import {Broken} from "./Vm.sol";

/// @title Commitments, honest and not
abstract contract LedgerCommits is LedgerLife {
    /// @dev So many of what was signed last are met again.
    uint256 internal constant RECENT = 6;

    /* STEPS */

    /// @notice The signers commit, as honest ones do.
    function commit(uint256 input) external {
        uint256 seed = _mixed(input);
        _commit(_marketAt(seed), seed >> 8);
    }

    /// @notice They commit several times, as they should.
    function commitOn(uint256 input) external {
        uint256 seed = _mixed(input);
        for (uint256 i = 0; i < 2 + ((seed >> 8) % 3); ++i) {
            _pass(1 + ((seed >> 16) % 40), 12);
            _commit(_marketAt(seed), seed >> (24 + i));
        }
    }

    /// @notice They sign, and nobody relays.
    function sign(uint256 input) external {
        uint256 seed = _mixed(input);
        _nextOf(_marketAt(seed));
    }

    /// @notice They sign what is wrong, mostly those of the second market. Half of it is relayed at once.
    function signWrongly(uint256 input) external {
        uint256 seed = _mixed(input);
        uint256 made = _signWrongly(seed % 8 == 0 ? MARKET_A : MARKET_B, seed >> 8);
        if ((seed >> 248) % 2 == 0) _relay(made, Signing.Right, seed);
    }

    /// @notice Anybody relays what was signed, for the first time or again, with the signatures or without.
    function relay(uint256 input) external {
        uint256 seed = _mixed(input);
        (bool isThere, uint256 made) = _recent(_marketAt(seed), seed >> 8);
        if (isThere) _relay(made, _signing(seed >> 16), seed >> 24);
    }

    /// @notice A stranger relays the next commitment with something changed that nobody signed.
    function relayChanged(uint256 input) external {
        uint256 seed = _mixed(input);
        bytes32 scope = _marketAt(seed);
        uint256 made = _nextOf(scope);
        Commitment memory c = _made[made].commitment;
        _change(c, (seed >> 8) % 16, seed >> 16);
        _know(c.anchor.number);
        uint256 set = (seed >> 24) % 8 == 0 ? (_made[made].set + 1) % SETS : _made[made].set;
        bytes[] memory signatures = _signatures(_made[made].set, _made[made].hash, Signing.Right, seed);
        bytes memory data = abi.encodeCall(ILedgerDesk.relay, (c, _setOf(set), signatures));
        // Seldom nothing is changed.
        Signing signing = _hashOf(c) == _made[made].hash ? Signing.Right : Signing.Forged;
        if (_ask(scope, data, _expectRelay(c, set, signing))) _wasRelayed(made);
    }

    /// @dev What was signed and cannot be relayed is mostly made void first.
    function _commit(bytes32 scope, uint256 seed) internal returns (bool) {
        if (_ledgers[scope].since.number == block.number) _pass(1, 12);
        uint256 made = _nextOf(scope);
        Commitment memory c = _made[made].commitment;
        _know(c.anchor.number);
        bool isStuck = _ledgers[scope].isOpen && _expectRelay(c, _made[made].set, Signing.Right) != 0;
        if (isStuck && seed % 4 != 0 && _renew(scope)) made = _nextOf(scope);
        return _relay(made, Signing.Right, seed);
    }

    function _relay(uint256 made, Signing signing, uint256 leftOut) internal returns (bool ok) {
        Commitment memory c = _made[made].commitment;
        _know(c.anchor.number);
        uint256 set = _made[made].set;
        bytes[] memory signatures = _signatures(set, _made[made].hash, signing, leftOut);
        bytes memory data = abi.encodeCall(ILedgerDesk.relay, (c, _setOf(set), signatures));
        ok = _ask(c.scope, data, _expectRelay(c, set, signing));
        if (!ok) return false;
        if (c.epoch != _ledgers[c.scope].epoch) revert Broken("INV-30: what is void never comes on record");
        _wasRelayed(made);
    }

    /// @dev What the signers have signed for the next sequence, or sign now. Honest ones sign one of a sequence in an epoch.
    function _nextOf(bytes32 scope) internal returns (uint256) {
        uint256[] storage signed = _signedOf[scope][_ledgers[scope].epoch][_sequenceOf(scope) + 1];
        if (signed.length != 0) return signed[0];
        Commitment memory c = _draft(scope);
        return _signAs(c, _balanceAt(c.anchor.number), true);
    }

    /// @dev Of the newest block that is deep enough. They wait until there is one.
    function _draft(bytes32 scope) private returns (Commitment memory c) {
        LedgerGhost storage ghost = _ledgers[scope];
        uint256 depth = _watch(ghost.table).minDepth;
        while (block.number - depth < ghost.floor) _pass(1, 12);
        (c.guard, c.scope, c.epoch, c.sequence) = (address(_guard), scope, ghost.epoch, _sequenceOf(scope) + 1);
        (c.chainId, c.anchor) = (block.chainid, _anchorAt(block.number - depth));
        (c.ledgerRoot, c.format) = (_ledgerRootOf(_balanceAt(c.anchor.number)), 1);
        (c.rules, c.previous, c.tier) = (_rulesOf[ghost.book], _headOf(scope), _watch(ghost.table).tier);
        (c.validUntil, c.validUntilBlock) = (uint64(block.timestamp + 1 hours), uint64(block.number + 200));
        _know(c.anchor.number);
    }

    function _signAs(Commitment memory c, uint256 balance, bool isHonest) private returns (uint256) {
        return _wasMade(Made(c, _hashOf(c), _ledgers[c.scope].set, balance, isHonest));
    }

    /// @dev One thing is wrong with it, or another thing was signed of the same sequence.
    function _signWrongly(bytes32 scope, uint256 seed) internal returns (uint256) {
        Commitment memory c = _draft(scope);
        uint256 balance = _balanceAt(c.anchor.number);
        (uint256 way, bytes32 other) = (seed % 10, keccak256(abi.encode(seed)));
        c.validUntil += uint64((seed >> 8) % 1_000);
        uint256 few = (seed >> 24) % 3;
        if (way == 0) c.anchor.hash = other;
        if (way == 1) c.anchor.stateRoot = other;
        if (way == 2) balance = 0;
        if (way == 3) balance += 1 + few;
        if (way == 4 && c.sequence > few) c.sequence -= uint64(few);
        if (way == 5) c.previous = other;
        if (way == 6) c.sequence += 1;
        if (way == 7) (c.anchor.number, c.anchor.hash) = (uint64(block.number + few * few), other);
        // An older block, of which the chain may know nothing any more.
        if (way == 8) {
            c.anchor = _anchorAt(block.number - 1 - ((seed >> 32) % (few == 0 ? 10_000 : 100)));
            if (few == 1) c.anchor.hash = other;
            _know(c.anchor.number);
        }
        if (way == 9) c.tier = Tier.Head;
        c.ledgerRoot = _ledgerRootOf(balance);
        return _signAs(c, balance, false);
    }

    function _change(Commitment memory c, uint256 way, uint256 seed) private view {
        if (way == 0) c.guard = address(this);
        if (way == 1) ++c.epoch;
        if (way == 2) --c.epoch;
        if (way == 3) ++c.sequence;
        if (way == 4) --c.sequence;
        if (way == 5) ++c.chainId;
        if (way == 6) c.anchor.hash = bytes32(seed);
        if (way == 7) c.anchor.hash = 0;
        if (way == 8) c.anchor = _anchorAt(block.number + (seed % 3));
        if (way == 9) c.anchor = _anchorAt(block.number - (seed % 300));
        if (way == 10) c.ledgerRoot = 0;
        if (way == 11) c.format = 2;
        if (way == 12) c.rules = bytes32(seed);
        if (way == 13) c.previous = bytes32(seed);
        if (way == 14)
            (c.validUntil, c.validUntilBlock) =
                seed % 2 == 0
                    ? (uint64(block.timestamp - 1), c.validUntilBlock)
                    : (c.validUntil, uint64(block.number - 1));
        if (way == 15) c.tier = Tier.Head;
    }

    /* CHOICES */

    function _signing(uint256 seed) internal pure returns (Signing) {
        return seed % 4 != 0 ? Signing.Right : Signing((seed >> 2) % 4);
    }

    /// @dev One of the last that were signed of a scope, by the order of their signing.
    function _recent(bytes32 scope, uint256 seed) internal view returns (bool isThere, uint256 made) {
        uint256[] storage all = _madeOf[scope];
        if (all.length == 0) return (false, 0);
        uint256 back = seed % RECENT;
        return (true, all[back < all.length ? all.length - 1 - back : 0]);
    }
}
