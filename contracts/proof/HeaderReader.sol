// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;
import {StateAnchor} from "../anchor/Anchor.sol";
library HeaderReader {
    function failure(bytes calldata, StateAnchor calldata) internal pure returns (bytes memory) {
        return "";
    }
}
