// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {HeaderReader} from "../header/HeaderReader.sol";
import {StateAnchor} from "./Anchor.sol";

/// @title State anchors, compared with their headers
library StateAnchors {
    /// @notice Requires that a state anchor and its header agree: hash, number, state root.
    /// @dev Reverts with HeaderHashMismatch, HeaderMalformed, HeaderNumberMismatch, StateRootMismatch.
    /// @param header RLP of the header
    /// @param anchor anchor whose hash the block-hash source confirms, before or after
    function verify(StateAnchor calldata anchor, bytes calldata header) internal pure {
        HeaderReader.verifyState(header, anchor.number, anchor.hash, anchor.stateRoot);
    }

    /// @notice The revert data of `verify`, empty where header and anchor agree. Never reverts, for well-formed calldata.
    function failure(StateAnchor calldata anchor, bytes calldata header) internal pure returns (bytes memory) {
        return HeaderReader.stateFailure(header, anchor.number, anchor.hash, anchor.stateRoot);
    }
}
