// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Anchor} from "../anchor/Anchor.sol";
import {IStandaloneGuard} from "../interfaces/IStandaloneGuard.sol";

/// @notice A protocol that asks the deployed guard, in the two ways in which one may.
contract StandaloneCaller {
    function act(IStandaloneGuard guard, Anchor calldata anchor) external view returns (bool) {
        guard.requireAnchored(anchor, 1, 256);
        return true;
    }

    /// @notice What a low-level call says. On an address without code it succeeds, whatever it was asked.
    function ask(address guard, Anchor calldata anchor) external view returns (bool ok, bytes memory answer) {
        return guard.staticcall(abi.encodeCall(IStandaloneGuard.requireAnchored, (anchor, 1, 256)));
    }
}

/// @notice Takes every call and answers nothing: not the guard, and no refusal either.
contract AnswersNothing {
    fallback() external {}
}
