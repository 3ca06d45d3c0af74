// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {LedgerDesk} from "../../contracts/LedgerDesk.sol";
import {LedgerGuard} from "../../contracts/LedgerGuard.sol";
import {PinBoard} from "../../contracts/PinBoard.sol";
import {AnchorGuard} from "../../contracts/anchor/AnchorGuard.sol";
import {ChainClock} from "../../contracts/anchor/ChainClock.sol";
import {ILedgerDesk} from "../../contracts/interfaces/ILedgerDesk.sol";
import {IOwnPinBoard} from "../../contracts/interfaces/IPinBoard.sol";
import {Action} from "../../contracts/policy/PolicyTypes.sol";
import {ScopeConfig} from "../../contracts/policy/Scopes.sol";

/// @notice A chain that comes to a recorded block at its own height of 100.
abstract contract Recorded is AnchorGuard {
    bytes32 private immutable _hash;
    uint64 private immutable _number;

    constructor(uint64 number, bytes32 hash) {
        (_number, _hash) = (number, hash);
    }

    function _blockNumber() internal view virtual override returns (uint256) {
        return _number + block.number - 100;
    }

    function _blockHash(uint256) internal view virtual override returns (bytes32) {
        return _hash;
    }

    function _isSupportedChain(uint256) internal pure virtual override returns (bool) {
        return true;
    }
}

contract RecordedBoard is PinBoard, Recorded {
    constructor(uint64 number, bytes32 hash) Recorded(number, hash) {}

    function _blockNumber() internal view override(Recorded, ChainClock) returns (uint256) {
        return Recorded._blockNumber();
    }

    function _blockHash(uint256 number) internal view override(Recorded, AnchorGuard) returns (bytes32) {
        return Recorded._blockHash(number);
    }

    function _isSupportedChain(uint256 id) internal pure override(Recorded, ChainClock) returns (bool) {
        return Recorded._isSupportedChain(id);
    }
}

contract RecordedDesk is LedgerDesk, Recorded {
    constructor(IOwnPinBoard board, uint64 number, bytes32 hash) LedgerDesk(board) Recorded(number, hash) {}

    function _blockNumber() internal view override(Recorded, ChainClock) returns (uint256) {
        return Recorded._blockNumber();
    }

    function _blockHash(uint256 number) internal view override(Recorded, AnchorGuard) returns (bytes32) {
        return Recorded._blockHash(number);
    }

    function _isSupportedChain(uint256 id) internal pure override(Recorded, ChainClock) returns (bool) {
        return Recorded._isSupportedChain(id);
    }
}

contract RecordedGuard is LedgerGuard, Recorded {
    ILedgerDesk private immutable _desk;
    uint256 public done;

    constructor(ILedgerDesk desk_, uint64 number, bytes32 hash) Recorded(number, hash) {
        _desk = desk_;
    }

    function _blockNumber() internal view override(Recorded, ChainClock) returns (uint256) {
        return Recorded._blockNumber();
    }

    function _blockHash(uint256 number) internal view override(Recorded, AnchorGuard) returns (bytes32) {
        return Recorded._blockHash(number);
    }

    function _isSupportedChain(uint256 id) internal pure override(Recorded, ChainClock) returns (bool) {
        return Recorded._isSupportedChain(id);
    }

    function configure(bytes32 scope, ScopeConfig calldata config) external {
        _configureScope(scope, config);
    }

    function nameLedger(bytes32 scope, bytes32 config) external {
        _nameLedger(scope, config);
    }

    function act(bytes32 scope) external guarded(scope, Action.Increase) {
        done = 1;
    }

    function _ledgerDesk() internal view virtual override returns (ILedgerDesk) {
        return _desk;
    }
}
