// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {BlockHashes} from "../BlockHashes.sol";

/// @title Arbitrum's own blocks: the ArbSys precompile, then the chain's ring of hashes
/// @notice On Arbitrum NUMBER is a height of the parent chain, and BLOCKHASH answers words that anybody can compute.
/// ArbSys tells the chain's own heights, and the hashes of its last 256 blocks. The history contract has the address of
/// EIP-2935, is keyed by the chain's own heights, and keeps 393,168 (ArbOS 40).
library ArbitrumHashes {
    /// @notice The ArbSys precompile.
    address internal constant ARB_SYS = address(0x64);

    /// @notice ArbSys answers for this many blocks before the executing one.
    uint64 internal constant ARB_SYS_WINDOW = 256;

    /// @notice The history contract answers for this many blocks before the executing one: 48 times 8,191.
    uint64 internal constant HISTORY_WINDOW = 393_168;

    /// @notice The height of the executing block; zero where ArbSys does not answer.
    function blockNumber() internal view returns (uint64) {
        (bool known, bytes32 word) = _ask(0xa3b1b31d, 0x04, 0); // arbBlockNumber()
        return known && uint256(word) <= type(uint64).max ? uint64(uint256(word)) : 0;
    }

    /// @notice The chain's id, as ArbSys tells it; zero where it does not answer.
    function chainId() internal view returns (uint256) {
        (, bytes32 word) = _ask(0xd127f54a, 0x04, 0); // arbChainID()
        return uint256(word);
    }

    /// @notice The hash of block `height`, or zero where neither source knows it.
    function hashOf(uint256 height) internal view returns (bytes32 hash) {
        uint64 head = blockNumber();
        // Old versions of ArbSys spend all gas where they are asked for more.
        if (height < head && head - height <= ARB_SYS_WINDOW) hash = fromArbSys(height);
        if (hash == bytes32(0)) hash = BlockHashes.fromHistory(height);
    }

    /// @notice What ArbSys answers for `height`; zero where it reverts, as it does beyond 256 blocks.
    function fromArbSys(uint256 height) internal view returns (bytes32 hash) {
        (, hash) = _ask(0x2b407a82, 0x24, height); // arbBlockHash(uint256)
    }

    /// @dev One word of ArbSys; unknown, and zero, where the call fails or answers in another shape.
    function _ask(bytes4 selector, uint256 size, uint256 argument) private view returns (bool known, bytes32 word) {
        address arbSys = ARB_SYS;
        // Equivalent: (bool ok, bytes memory data) = arbSys.staticcall(abi.encodePacked(selector, argument)[:size]);
        //             known = ok && data.length == 32; if (known) word = bytes32(data);
        assembly ("memory-safe") {
            mstore(0x00, selector)
            mstore(0x04, argument)
            let ok := staticcall(gas(), arbSys, 0x00, size, 0x00, 0x20)
            known := and(ok, eq(returndatasize(), 0x20))
            if known {
                word := mload(0x00)
            }
        }
    }
}
