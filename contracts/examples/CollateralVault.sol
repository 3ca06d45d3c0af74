// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SlotDerivation} from "../proof/SlotDerivation.sol";

/// @dev Seconds between a request and the release of what was requested. A file-level constant, so that markets can reckon with it.
uint256 constant WITHDRAWAL_DELAY = 1 days;

/// @title Whom collateral backs: one contract on one chain
/// @notice Ether that could back anybody would back everybody who reads it. So each balance names its beneficiary.
/// @dev Two branches of a chain that split and kept its id are one beneficiary. Nothing in a key tells them apart.
library Beneficiary {
    /// @notice The key under which a vault keeps what backs `beneficiary` on the chain `chainId`.
    function keyOf(address beneficiary, uint256 chainId) internal pure returns (bytes32) {
        return keccak256(abi.encode(chainId, beneficiary));
    }

    /// @notice The slot of a vault that holds what `owner` has locked for the executing contract, on the executing chain.
    function ownSlot(address owner) internal view returns (bytes32) {
        bytes32 key = keyOf(address(this), block.chainid);
        return SlotDerivation.nestedMappingEntry(bytes32(0), key, bytes32(uint256(uint160(owner))));
    }
}

/// @title Ether locked as collateral
/// @notice `balances` is the first storage slot, so that a storage proof can show it. `balances[key][owner]` lies at
/// `keccak256(owner, keccak256(key, 0))`. The key is `keccak256(chainId, beneficiary)`. All of it is in ABI words.
contract CollateralVault {
    mapping(bytes32 key => mapping(address owner => uint256)) public balances;

    /// @notice Locks ether of the caller's for one contract on one chain. It backs nothing else.
    function lock(address beneficiary, uint256 chainId) external payable {
        balances[Beneficiary.keyOf(beneficiary, chainId)][msg.sender] += msg.value;
    }
}

/// @title Collateral that leaves with a delay
/// @notice What is requested stops counting at once and can be taken after `DELAY`. A proof of a block shows what was
/// not requested up to it. That leaves `DELAY` after the block's time, at the earliest. Whoever believes a proof must
/// stop believing it before.
contract DelayedVault is CollateralVault {
    /// @notice What is on its way out.
    /// @param amount in wei
    /// @param releaseAt seconds since 1970
    struct Withdrawal {
        uint256 amount;
        uint256 releaseAt;
    }

    /// @notice In seconds.
    uint256 public constant DELAY = WITHDRAWAL_DELAY;

    error TooEarly(uint256 releaseAt, uint256 timestamp);
    error PaymentFailed(address to, uint256 amount);

    mapping(bytes32 key => mapping(address owner => Withdrawal)) public withdrawals;

    /// @notice Stops counting `amount` as collateral for a beneficiary, and starts its delay. A further request starts the delay of all that was
    /// requested for that beneficiary anew.
    function request(address beneficiary, uint256 chainId, uint256 amount) external {
        bytes32 key = Beneficiary.keyOf(beneficiary, chainId);
        Withdrawal storage withdrawal = withdrawals[key][msg.sender];
        balances[key][msg.sender] -= amount;
        withdrawal.amount += amount;
        withdrawal.releaseAt = block.timestamp + DELAY;
    }

    /// @notice Pays out what was requested, after the delay.
    function release(address beneficiary, uint256 chainId) external {
        Withdrawal storage withdrawal = withdrawals[Beneficiary.keyOf(beneficiary, chainId)][msg.sender];
        (uint256 amount, uint256 releaseAt) = (withdrawal.amount, withdrawal.releaseAt);
        if (block.timestamp < releaseAt) revert TooEarly(releaseAt, block.timestamp);

        withdrawal.amount = 0;

        (bool ok, ) = msg.sender.call{value: amount}("");
        if (!ok) revert PaymentFailed(msg.sender, amount);
    }
}
