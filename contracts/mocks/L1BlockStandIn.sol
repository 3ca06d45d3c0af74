// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @notice A stand-in of the OP stack's `L1Block` predeploy (0x4200000000000000000000000000000000000015), from the
/// Isthmus upgrade on. It has the same readers, and the same packed setter for the depositor account alone. It has the
/// same slots for what the guard reads.
/// @dev As on the OP stack, what it shows is **unsafe**. The sequencer chooses the origin, the L2 block may never reach
/// L1, and L1 may drop the origin. Test chains put it at the predeploy's address; it is never deployed elsewhere.
contract L1BlockStandIn {
    /// @notice The account from which the OP stack's system deposits come.
    address public constant DEPOSITOR_ACCOUNT = 0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001;

    error NotDepositor();

    uint64 public number; // slot 0
    uint64 public timestamp; // slot 0
    uint256 public basefee; // slot 1
    bytes32 public hash; // slot 2
    uint64 public sequenceNumber; // slot 3
    uint32 public blobBaseFeeScalar; // slot 3
    uint32 public baseFeeScalar; // slot 3
    bytes32 public batcherHash; // slot 4

    /// @notice Sets the origin, from calldata that is packed as the depositor packs it:
    /// - scalars (u32, u32);
    /// - sequence number, timestamp, number (u64 each);
    /// - base fee, blob base fee, hash, batcher (32 bytes each);
    /// - operator fee (u32, u64).
    function setL1BlockValuesIsthmus() external {
        if (msg.sender != DEPOSITOR_ACCOUNT) revert NotDepositor();
        bytes calldata data = msg.data[4:];
        baseFeeScalar = uint32(bytes4(data[0:4]));
        blobBaseFeeScalar = uint32(bytes4(data[4:8]));
        sequenceNumber = uint64(bytes8(data[8:16]));
        timestamp = uint64(bytes8(data[16:24]));
        number = uint64(bytes8(data[24:32]));
        basefee = uint256(bytes32(data[32:64]));
        hash = bytes32(data[96:128]);
        batcherHash = bytes32(data[128:160]);
    }
}
