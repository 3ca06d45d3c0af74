// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {SettlementGuard} from "../SettlementGuard.sol";
import {StatelessGuard} from "../StatelessGuard.sol";
import {Anchor} from "../anchor/Anchor.sol";
import {ChainClock} from "../anchor/ChainClock.sol";
import {SelfProvenChain} from "../anchor/SelfProvenChain.sol";
import {ScopeConfig} from "../policy/Scopes.sol";

/// @notice A guard with anchors alone, on a chain that proves itself.
contract SelfProvenTarget is StatelessGuard, SelfProvenChain {
    constructor(bytes memory header) SelfProvenChain(header) {}

    function act(Anchor calldata anchor) external view anchored(anchor) {}

    function _requireSupportedChain(bool isConstructing) internal view override(ChainClock, SelfProvenChain) {
        super._requireSupportedChain(isConstructing);
    }
}

/// @notice The same with a short window, as a source of its own may have.
contract ShortWindowTarget is SelfProvenTarget {
    constructor(bytes memory header) SelfProvenTarget(header) {}

    function _blockHashWindow() internal pure override returns (uint64) {
        return 10;
    }
}

/// @notice The same where ArbSys tells heights and hashes.
contract ArbSysTarget is SelfProvenTarget {
    constructor(bytes memory header) SelfProvenTarget(header) {}

    function _blockNumber() internal view override returns (uint256) {
        return ArbSysAnswers(address(0x64)).arbBlockNumber();
    }

    function _blockHash(uint256 number) internal view override returns (bytes32) {
        return ArbSysAnswers(address(0x64)).arbBlockHash(number);
    }
}

/// @notice A guard with scopes, on a chain that proves itself; also behind a proxy.
contract SelfProvenExchange is SettlementGuard, SelfProvenChain {
    constructor(bytes memory header) SelfProvenChain(header) {}

    function initialize(bytes memory header, bytes32 scope, ScopeConfig calldata config) external {
        _proveChain(header);
        _configureScope(scope, config);
    }

    function configure(bytes32 scope, ScopeConfig calldata config) external {
        _configureScope(scope, config);
    }

    function _requireSupportedChain(bool isConstructing) internal view override(ChainClock, SelfProvenChain) {
        super._requireSupportedChain(isConstructing);
    }
}

/// @notice A proxy whose constructor calls what it stands before, while it has no code of its own.
contract InitializedProxy {
    constructor(address implementation, bytes memory question) {
        (bool ok, bytes memory answer) = implementation.delegatecall(question);
        if (ok) return;
        assembly ("memory-safe") {
            revert(add(answer, 0x20), mload(answer))
        }
    }
}

/// @notice Heights and hashes of a chain whose opcodes speak of another.
contract ArbSysAnswers {
    uint256 public arbBlockNumber;
    mapping(uint256 => bytes32) public arbBlockHash;

    function setHead(uint256 number) external {
        arbBlockNumber = number;
    }

    function setHash(uint256 number, bytes32 hash) external {
        arbBlockHash[number] = hash;
    }
}
