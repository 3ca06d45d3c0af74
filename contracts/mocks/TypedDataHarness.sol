// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Anchor, StateAnchor} from "../anchor/Anchor.sol";
import {AnchorTypes} from "../anchor/AnchorTypes.sol";
import {LiveEIP712} from "../anchor/LiveEIP712.sol";

/// @notice The EIP-712 rooms from outside.
contract TypedDataHarness is LiveEIP712 {
    function hashAnchor(Anchor calldata anchor) external pure returns (bytes32) {
        return AnchorTypes.hash(anchor);
    }

    function hashStateAnchor(StateAnchor calldata anchor) external pure returns (bytes32) {
        return AnchorTypes.hash(anchor);
    }

    function digest(Anchor calldata anchor) external view returns (bytes32) {
        return _typedDataDigest(AnchorTypes.hash(anchor));
    }

    function encodedTypes() external pure returns (string memory, string memory) {
        return (AnchorTypes.ANCHOR_TYPE, AnchorTypes.STATE_ANCHOR_TYPE);
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Harness", "7");
    }
}
