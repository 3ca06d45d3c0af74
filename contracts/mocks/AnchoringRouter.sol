// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {AnchoredTarget} from "./Targets.sol";
import {Anchor} from "../anchor/Anchor.sol";

/// @notice Computes an anchor where it executes, as an aggregator may to be rid of a revert.
contract AnchoringRouter {
    function act(AnchoredTarget target) external {
        target.act(Anchor(uint64(block.number - 1), blockhash(block.number - 1)));
    }
}
