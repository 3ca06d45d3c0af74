// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @notice Runs another contract's code in its own place, as a proxy or a wallet's module does.
contract Delegator {
    address private immutable _target;

    constructor(address target) {
        _target = target;
    }

    fallback() external payable {
        (bool ok, bytes memory data) = _target.delegatecall(msg.data);
        assembly ("memory-safe") {
            switch ok
            case 0 {
                revert(add(data, 0x20), mload(data))
            }
            default {
                return(add(data, 0x20), mload(data))
            }
        }
    }

    receive() external payable {}
}
