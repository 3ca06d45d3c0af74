// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {StandaloneGuard} from "./StandaloneGuard.sol";
import {ChainClock} from "./anchor/ChainClock.sol";
import {SelfProvenChain} from "./anchor/SelfProvenChain.sol";

/// @title The standalone guard on a chain that nobody listed
contract SelfProvenStandaloneGuard is StandaloneGuard, SelfProvenChain {
    /// @param header RLP of a recent block's header, as `proveChain` fetches it
    constructor(bytes memory header) SelfProvenChain(header) {}

    /// @inheritdoc SelfProvenChain
    function _requireSupportedChain(bool isConstructing) internal view override(ChainClock, SelfProvenChain) {
        super._requireSupportedChain(isConstructing);
    }
}
