// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {IActionErrors} from "./IActionErrors.sol";
import {IAnchorErrors} from "./IAnchorErrors.sol";
import {IHeaderErrors} from "./IHeaderErrors.sol";
import {IProofErrors} from "./IProofErrors.sol";

/// @title The errors of the guard, all together: what `isGuardError` recognises
/// @notice Each names the values that disagreed. A handler that meets one must retry or re-prepare the action, never cancel a user's order because
/// of it. For ABIs: a contract that reverts with some of them names the interface that has them.
/// @dev `src/explain/guardErrors.ts` is this list's twin; a test compares the two.
interface IGuardErrors is IHeaderErrors, IAnchorErrors, IProofErrors, IActionErrors {}
