// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ILedgerDesk} from "../../contracts/interfaces/ILedgerDesk.sol";
import {ILedgerErrors} from "../../contracts/interfaces/ILedgerErrors.sol";
import {ILedgerGuard, LedgerNews} from "../../contracts/interfaces/ILedgerGuard.sol";
import {SignerSet} from "../../contracts/ledger/LedgerTypes.sol";
import {LedgerTarget} from "../../contracts/mocks/LedgerTargets.sol";
import {LedgerWorld} from "./LedgerWorld.sol";
import {Broken} from "./Vm.sol";

/// @title How ledgers begin, go from epoch to epoch, and end
abstract contract LedgerLife is LedgerWorld {
    /// @dev A handover that took effect.
    struct HandedOver {
        uint256 set;
        uint256 book;
        uint64 validUntil;
        bytes data;
    }

    mapping(bytes32 scope => HandedOver) private _handedOver;

    /* BEGINNING AND END */

    /// @notice A ledger is named, or opened, or both where it was retired; or a stranger tries what is not his.
    function begin(uint256 input) external {
        uint256 seed = _mixed(input);
        uint256 way = seed % 8;
        if (way == 0) _nameAny(seed >> 8);
        if (way == 1) _openAny(seed >> 8);
        if (way == 2) _intrude(seed >> 8);
        if (way > 2) _reopen(seed >> 8);
    }

    /// @dev Some of what the guard names is unsound.
    function _nameAny(uint256 seed) private {
        uint256 table = (seed >> 8) % 8 == 0 ? UNSOUND_CONFIG : (seed >> 16) % CONFIGS;
        uint256 book = (seed >> 24) % 8 == 0 ? UNSOUND_BOOK : (seed >> 32) % BOOKS;
        _name(_marketAt(seed), Named(true, table, (seed >> 40) % SETS, book));
    }

    function _name(bytes32 scope, Named memory named) internal {
        bytes32 config = keccak256(abi.encode(_configOf(named.table, named.set, named.book)));
        bytes4 expected = _ledgers[scope].isOpen ? ILedgerErrors.LedgerIsOpen.selector : bytes4(0);
        bytes memory data = abi.encodeCall(LedgerTarget.nameLedger, (scope, config));
        if (_askOf(address(_guard), address(this), scope, data, expected)) _ledgers[scope].named = named;
    }

    /// @dev Anybody opens what was named, or something else.
    function _openAny(uint256 seed) private {
        bytes32 scope = _marketAt(seed);
        Named memory named = _ledgers[scope].named;
        if ((seed >> 8) % 8 == 0) named.set = (named.set + 1) % SETS;
        // Half of these come to a chain that does not look back so far.
        uint256 oldest = block.number - 2 * _watch(named.table).maxAge;
        if ((seed >> 16) % 2 == 0) _remember(oldest);
        _open(scope, named);
    }

    function _open(bytes32 scope, Named memory given) internal {
        bytes memory data = abi.encodeCall(
            ILedgerDesk.open,
            (address(_guard), scope, _configOf(given.table, given.set, given.book))
        );
        if (_ask(scope, data, _expectOpen(scope, given))) _wasOpened(scope);
    }

    /// @dev A ledger that was retired is named and opened anew.
    function _reopen(uint256 seed) private {
        bytes32 scope = _marketAt(seed);
        for (uint256 i = 0; i < 2 && _ledgers[scope].isOpen; ++i) scope = _otherThan(scope);
        _name(scope, Named(true, (seed >> 8) % CONFIGS, (seed >> 16) % SETS, (seed >> 24) % BOOKS));
        _remember(block.number - 2 * _watch(_ledgers[scope].named.table).maxAge);
        _open(scope, _ledgers[scope].named);
    }

    /// @notice Anybody retires a ledger, or tries to. An eighth of the callers wait until it can be.
    function retire(uint256 input) external {
        uint256 seed = _mixed(input);
        bytes32 scope = _marketAt(seed);
        uint256 end = _ledgers[scope].retirable.time;
        if ((seed >> 8) % 8 == 0 && end > block.timestamp) _pass((end - block.timestamp) / 12 + ((seed >> 16) % 2), 12);
        _retire(scope);
    }

    function _retire(bytes32 scope) internal returns (bool ok) {
        LedgerGhost storage ghost = _ledgers[scope];
        ok = _ask(scope, abi.encodeCall(ILedgerDesk.retire, (address(_guard), scope)), _expectRetire(scope));
        if (!ok) return false;
        if (!ghost.isLate && !_isSilent(scope) && !ghost.isTainted)
            revert Broken("INV-26: nobody retires who is honest and in time");
        _wasRetired(scope);
    }

    /// @dev A stranger brings news of a ledger, or asks for one of a guard that has none.
    function _intrude(uint256 seed) private {
        (bytes32 scope, LedgerNews news) = (_marketAt(seed), LedgerNews((seed >> 8) % 4));
        bytes memory data = abi.encodeCall(ILedgerGuard.onLedger, (scope, news, uint64(block.number), 1 days));
        (bool ok, bytes memory result) = address(_guard).call(data);
        _requirePredicted(ILedgerErrors.NotLedgerDesk.selector, ok, result);
        bytes4 unknown = ILedgerErrors.LedgerUnknown.selector;
        _ask(scope, abi.encodeCall(ILedgerDesk.heal, (address(this), scope)), unknown);
        _ask(scope, abi.encodeCall(ILedgerDesk.retire, (address(_guard), "nobody")), unknown);
    }

    /* EPOCHS */

    /// @notice The signers hand over to others, or to themselves. Some of the signatures are too few, forged, late, or of other rules.
    function handOver(uint256 input) external {
        uint256 seed = _mixed(input);
        bytes32 scope = _marketAt(seed);
        LedgerGhost storage ghost = _ledgers[scope];
        uint256 next = (seed >> 8) % 2 == 0 ? ghost.set : (seed >> 16) % SETS;
        uint256 way = (seed >> 24) % 16;
        Signing signing = way < 3 ? Signing(1 + way) : Signing.Right;
        uint64 validUntil = uint64(way == 3 ? block.timestamp - 1 : block.timestamp + 1 days);
        uint256 book = way == 4 ? (ghost.book + 1) % BOOKS : ghost.book;
        bytes4 unsound = way == 5 ? ILedgerErrors.SignerSetInvalid.selector : bytes4(0);
        if (way == 6) unsound = ILedgerErrors.SignersUnordered.selector;
        if (way == 7) _repeatHandOver(scope);
        else _handOver(scope, next, book, validUntil, signing, unsound);
    }

    /// @dev Of the same signers: what was signed and not relayed is void.
    function _renew(bytes32 scope) internal returns (bool) {
        (uint256 set, uint256 book) = (_ledgers[scope].set, _ledgers[scope].book);
        return _handOver(scope, set, book, uint64(block.timestamp), Signing.Right, 0);
    }

    function _handOver(
        bytes32 scope,
        uint256 next,
        uint256 book,
        uint64 validUntil,
        Signing signing,
        bytes4 unsound
    ) private returns (bool ok) {
        uint256 set = _ledgers[scope].set;
        SignerSet memory nextSet = _setOf(next);
        if (unsound == ILedgerErrors.SignerSetInvalid.selector) nextSet.threshold = 1;
        if (unsound == ILedgerErrors.SignersUnordered.selector) nextSet.signers[2] = nextSet.signers[1];
        bytes4 expected = _expectLive(address(_guard), scope);
        if (expected == 0 && validUntil < block.timestamp) expected = ILedgerErrors.EpochExpired.selector;
        if (expected == 0) expected = _expectQuorum(scope, set, _rulesOf[book], signing);
        if (expected == 0) expected = unsound;
        bytes memory data = _handOverData(scope, nextSet, book, validUntil, signing);
        ok = _ask(scope, data, expected);
        if (!ok) return false;
        _handedOver[scope] = HandedOver(set, book, validUntil, data);
        _wasEntered(scope, next, book);
    }

    function _handOverData(
        bytes32 scope,
        SignerSet memory next,
        uint256 book,
        uint64 validUntil,
        Signing signing
    ) private view returns (bytes memory) {
        LedgerGhost storage ghost = _ledgers[scope];
        bytes32 hash = _epochHashOf(address(_guard), scope, ghost.epoch + 1, next, _rulesOf[book], validUntil);
        bytes[] memory signatures = _signatures(ghost.set, hash, signing, validUntil);
        SignerSet memory set = _setOf(ghost.set);
        return
            abi.encodeCall(
                ILedgerDesk.openEpoch,
                (address(_guard), scope, next, set, _rulesOf[book], validUntil, signatures)
            );
    }

    /// @dev Signatures for an epoch that was opened are good for no other one.
    function _repeatHandOver(bytes32 scope) private {
        HandedOver storage last = _handedOver[scope];
        if (last.data.length == 0) return;
        bytes4 expected = _expectLive(address(_guard), scope);
        if (expected == 0 && last.validUntil < block.timestamp) expected = ILedgerErrors.EpochExpired.selector;
        if (expected == 0) expected = _expectQuorum(scope, last.set, _rulesOf[last.book], Signing.Forged);
        _ask(scope, last.data, expected);
    }

    /// @notice The administrator announces an epoch, or somebody opens the one that it announced.
    function administer(uint256 input) external {
        uint256 seed = _mixed(input);
        if (seed % 2 == 0) _announce(seed >> 8);
        else _enterAnnounced(seed >> 8);
    }

    /// @dev Seldom it is taken back, or a stranger announces.
    function _announce(uint256 seed) private {
        bytes32 scope = _marketAt(seed);
        LedgerGhost storage ghost = _ledgers[scope];
        (uint256 set, uint256 book) = ((seed >> 8) % SETS, (seed >> 16) % (BOOKS + 1));
        (bool waits, bool isStranger) = ((seed >> 24) % 8 != 0, (seed >> 32) % 8 == 0);
        bytes4 expected = _expectLive(address(_guard), scope);
        bool isAdministrator = !isStranger && _watch(ghost.table).administrator == ADMINISTRATOR;
        if (expected == 0 && !isAdministrator) expected = ILedgerErrors.NotAdministrator.selector;
        bytes32 terms = waits ? _termsOf[set][book] : bytes32(0);
        bytes memory data = abi.encodeCall(ILedgerDesk.announceEpoch, (address(_guard), scope, terms));
        address caller = isStranger ? address(this) : ADMINISTRATOR;
        if (!_askOf(address(_desk), caller, scope, data, expected)) return;
        (uint256 delay, uint256 blockTime) = (_watch(ghost.table).delay, _watch(ghost.table).longestBlockTime);
        Moment memory ready = _later(_moment(), delay, blockTime);
        ghost.announced = Announced(waits, set, book, ready, _later(ready, delay, blockTime));
    }

    /// @dev Of that epoch, or of another one. Most wait until it is ready; some come late, or by the clock alone.
    function _enterAnnounced(uint256 seed) private {
        bytes32 scope = _marketAt(seed);
        Announced memory announced = _ledgers[scope].announced;
        (uint256 set, uint256 delay) = (announced.set, _watch(_ledgers[scope].table).delay);
        if ((seed >> 8) % 8 == 0) set = (set + 1) % SETS;
        uint256 way = (seed >> 16) % 8;
        if (announced.waits && way < 5) _pass(delay / 12, 12);
        else if (announced.waits && way < 7) _pass(1, delay * [uint256(4), 9][way - 5]);
        bytes memory data = abi.encodeCall(
            ILedgerDesk.openAnnouncedEpoch,
            (address(_guard), scope, _setOf(set), _bookOf(announced.book))
        );
        if (!_ask(scope, data, _expectAnnounced(scope, set, announced.book))) return;
        _ledgers[scope].announced.waits = false;
        _wasEntered(scope, set, announced.book);
    }
}
