// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Climb, CompactClimb} from "../proof/CompactClimb.sol";
import {CompactNode} from "../proof/CompactNode.sol";
import {CompactProof} from "../proof/CompactProof.sol";
import {ProofReason, ProofStatus} from "../proof/ProofTypes.sol";

/// @notice Each internal function of the library behind an external one, for tests.
contract CompactProofHarness {
    function accountSlot(
        bytes32 root,
        address who,
        bytes32 position,
        bytes calldata witness
    ) external pure returns (ProofStatus, ProofStatus, uint256, ProofReason) {
        return CompactProof.tryAccountSlot(root, who, position, witness);
    }

    function readAccountSlot(
        bytes32 root,
        address who,
        bytes32 position,
        bytes calldata witness
    ) external pure returns (bool, bool, uint256) {
        return CompactProof.readAccountSlot(root, who, position, witness);
    }

    function verifyAccountSlot(
        bytes32 root,
        address who,
        bytes32 position,
        uint256 claimed,
        bytes calldata witness
    ) external pure returns (bool) {
        return CompactProof.verifyAccountSlot(root, who, position, claimed, witness);
    }

    /// @notice A slot's part alone, for a key that is no hash, and whether it ends in the key's leaf.
    function slotPart(
        bytes32 key,
        bytes calldata part
    ) external pure returns (ProofReason reason, bool present, uint256 value, bytes32 root) {
        Climb memory climb;
        uint256 start;
        assembly ("memory-safe") {
            start := part.offset
        }
        (climb.cursor, climb.end) = (start, start + part.length);
        climb.buffer = CompactNode.newBuffer();
        reason = ProofReason(CompactProof._slotPart(climb, key));
        if (reason == ProofReason.None && climb.cursor != climb.end) reason = ProofReason.TrailingBytes;
        if (reason == ProofReason.None) return (reason, climb.kind == 1, climb.value, CompactClimb.root(climb));
    }

    /// @notice {accountSlot} in memory that is dirty, and what it does to memory that is not its own.
    /// @return status the slot's
    /// @return used by how many bytes the free memory pointer has moved
    /// @return intact whether nothing was written before the old pointer, nor behind the new one
    function inDirtyMemory(
        bytes32 root,
        address who,
        bytes32 position,
        bytes calldata witness
    ) external pure returns (ProofStatus status, uint256 used, bool intact) {
        bytes32[] memory canary = new bytes32[](4);
        for (uint256 i = 0; i < 4; i++) canary[i] = keccak256(abi.encode(i));
        uint256 start;
        assembly ("memory-safe") {
            start := mload(0x40)
            for {
                let i := 0
            } lt(i, 8192) {
                i := add(i, 32)
            } {
                mstore(add(start, i), not(0))
            }
        }
        (, status, , ) = CompactProof.tryAccountSlot(root, who, position, witness);
        intact = true;
        assembly ("memory-safe") {
            let free := mload(0x40)
            used := sub(free, start)
            for {} lt(free, add(start, 8192)) {
                free := add(free, 32)
            } {
                intact := and(intact, iszero(not(mload(free))))
            }
        }
        for (uint256 i = 0; i < 4; i++) intact = intact && canary[i] == keccak256(abi.encode(i));
    }
}
