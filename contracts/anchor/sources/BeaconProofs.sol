// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {ISourceErrors} from "../../interfaces/ISourceErrors.sol";

/// @notice The header of a beacon block: what its root commits to (consensus specification, phase 0).
struct BeaconHeader {
    uint64 slot;
    uint64 proposerIndex;
    bytes32 parentRoot;
    bytes32 stateRoot;
    bytes32 bodyRoot;
}

/// @notice The generalized indices that a fork has. Zero where it has none.
/// @param finalizedRoot of `finalizedCheckpoint.root` in the beacon state
/// @param blockHash of the hash of the newest execution block that the beacon block vouches for, in its body
struct BeaconIndices {
    uint256 finalizedRoot;
    uint256 blockHash;
}

/// @notice From which slots on which fork's indices hold. What is before, or from `until` on, is refused.
/// @param electra first slot of Electra; Fulu has the same indices
/// @param gloas first slot of Gloas (EIP-7732, EIP-7688)
/// @param until first slot of a fork that is not known here
struct BeaconForks {
    uint64 electra;
    uint64 gloas;
    uint64 until;
}

/// @title Proofs against beacon block roots
/// @notice A root is opened to the header's five fields. An SSZ branch opens a field to what lies below it.
/// @dev An index means another thing in each fork. At an old one's place a new fork may hold bytes that a proposer chooses. So the slot, which the header proves, decides which index may be used.
library BeaconProofs {
    /// @notice The indices of the fork that `slot` belongs to.
    function indicesAt(BeaconForks memory forks, uint64 slot) internal pure returns (BeaconIndices memory) {
        if (slot < forks.electra || slot >= forks.until) revert ISourceErrors.BeaconForkUnknown(slot);
        // Electra: the second of field 20 of the state's 37. Field 12 of the payload's 17, field 9 of the body's 13.
        if (slot < forks.gloas) return BeaconIndices(169, 812);
        // Gloas: `signedExecutionPayloadBid.message.parentBlockHash`. The bid's own block is not revealed yet, and may
        // never be.
        return BeaconIndices(735, 2856);
    }

    /// @notice The root of a beacon block header (SSZ).
    function rootOf(BeaconHeader calldata header) internal pure returns (bytes32) {
        bytes32 slotAndProposer = _hash(_littleEndian(header.slot), _littleEndian(header.proposerIndex));
        bytes32 left = _hash(slotAndProposer, _hash(header.parentRoot, header.stateRoot));
        // Five fields fill eight places; the three behind them are zero.
        bytes32 zeros = _hash(bytes32(0), bytes32(0));
        return _hash(left, _hash(_hash(header.bodyRoot, bytes32(0)), zeros));
    }

    /// @notice Requires that `leaf` lies at a generalized index below `root`.
    /// @param branch the siblings, from the leaf upward; as many as the index has levels
    function requireBranch(bytes32 root, uint256 index, bytes32 leaf, bytes32[] calldata branch) internal pure {
        uint256 place = index;
        bytes32 node = leaf;
        for (uint256 i = 0; i < branch.length; ++i) {
            node = place & 1 == 0 ? _hash(node, branch[i]) : _hash(branch[i], node);
            place >>= 1;
        }
        // An index of depth n has its highest bit at n. Exactly after n levels one is left.
        if (place != 1 || node != root) revert ISourceErrors.BeaconProofInvalid(index, root);
    }

    /// @dev The root of a 64-bit number (SSZ).
    function _littleEndian(uint64 number) private pure returns (bytes32) {
        uint256 swapped = 0;
        for (uint256 i = 0; i < 8; ++i) {
            swapped = (swapped << 8) | (number & 0xff);
            number >>= 8;
        }
        return bytes32(swapped << 192);
    }

    function _hash(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return sha256(abi.encodePacked(left, right));
    }
}
