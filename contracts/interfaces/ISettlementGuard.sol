// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Anchor} from "../anchor/Anchor.sol";
import {Action, Verdict} from "../policy/PolicyTypes.sol";
import {IActionErrors} from "./IActionErrors.sol";
import {IPolicyGuard} from "./IPolicyGuard.sol";
import {IStatelessGuard} from "./IStatelessGuard.sol";

/// @title What a protocol with the whole guard shows to those who call it
/// @notice What `IStatelessGuard` says of previews holds for all of them.
interface ISettlementGuard is IStatelessGuard, IActionErrors, IPolicyGuard {
    /// @notice Whether an action with this anchor would pass the guard now: the anchor first, then the policy.
    /// @return verdict what `_guardAt` would return, or Deny where it would revert. For a liquidation: what the policy
    /// allows at the most
    /// @return reason the revert data of a function that passes on Allow alone; empty where the verdict is Allow
    function previewAt(
        bytes32 scope,
        Action action,
        Anchor calldata anchor
    ) external view returns (Verdict verdict, bytes memory reason);
}
