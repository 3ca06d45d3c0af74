// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @notice Measures the execution gas of a call: what the callee's code costs, without the transaction, its calldata, or the call.
contract GasMeter {
    /// @notice Thrown when the measured call fails: the gas of a failure is not what was asked for.
    error MeasuredCallFailed(bytes reason);

    /// @dev Deployed code of one STOP, which costs nothing: what is left is what the measurement itself costs.
    address private immutable _nothing;

    constructor() {
        // init code that returns one zero byte: PUSH1 1, PUSH1 0, RETURN
        bytes memory init = hex"60016000f3";
        address nothing;
        assembly ("memory-safe") {
            nothing := create(0, add(init, 0x20), mload(init))
        }
        _nothing = nothing;
    }

    /// @notice Gas that `target` uses for `data`, exactly, refunds left aside. To be asked by eth_call. Accounts and slots are as the transaction finds them, but for `target`, which
    /// is warm.
    function measure(address target, bytes calldata data) external returns (uint256) {
        bytes memory input = data;
        return _gas(target, input) - _gas(_nothing, input);
    }

    function _gas(address target, bytes memory input) private returns (uint256 used) {
        bool succeeded;
        assembly ("memory-safe") {
            pop(extcodesize(target)) // warm, as in the middle of a transaction
            let before := gas()
            succeeded := call(gas(), target, 0, add(input, 0x20), mload(input), 0, 0)
            used := sub(before, gas())
        }
        if (!succeeded) {
            bytes memory reason;
            assembly ("memory-safe") {
                reason := mload(0x40)
                mstore(reason, returndatasize())
                returndatacopy(add(reason, 0x20), 0, returndatasize())
                mstore(0x40, add(add(reason, 0x20), and(add(returndatasize(), 0x1f), not(0x1f))))
            }
            revert MeasuredCallFailed(reason);
        }
    }
}
