// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {HeaderReader} from "../../header/HeaderReader.sol";
import {IBlockHashSource, Tier} from "../../interfaces/IBlockHashSource.sol";
import {IAnchorErrors} from "../../interfaces/IAnchorErrors.sol";
import {Continuity} from "../Continuity.sol";
import {NativeChains} from "../NativeChains.sol";
import {BeaconForks, BeaconHeader, BeaconProofs} from "./BeaconProofs.sol";
import {BeaconRoots} from "./BeaconRoots.sol";
import {HashRing} from "./HashRing.sol";

/// @notice What shows that an execution block is finalized.
/// @param timestamp of a block of the executing chain, whose parent beacon block is `attested` (EIP-4788)
/// @param attested beacon block in whose state the checkpoint is
/// @param checkpointBranch from `finalizedCheckpoint.root` up to `attested.stateRoot`
/// @param finalized beacon block that the checkpoint names
/// @param blockHashBranch from the execution block's hash up to `finalized.bodyRoot`
/// @param header RLP of the execution block's header
struct FinalityProof {
    uint64 timestamp;
    BeaconHeader attested;
    bytes32[] checkpointBranch;
    BeaconHeader finalized;
    bytes32[] blockHashBranch;
    bytes header;
}

/// @title Blocks that the beacon chain has finalized, proven by nobody's word
/// @notice A proof leads from a beacon root that the chain itself keeps (EIP-4788) to the finalized checkpoint. From there it
/// leads to the execution block. Anybody brings it.
/// @dev On the OP stack the roots are those of L1, and so are the blocks. There the proof is as sure as the L1 origin. A
/// reorg of L1 that drops the origin makes this chain derive anew.
contract FinalizedHashes is HashRing {
    uint64 private immutable _electra;
    uint64 private immutable _gloas;
    uint64 private immutable _until;

    /// @param forks_ of the beacon chain whose roots the executing chain keeps. On the OP stack that is its L1's. `until`
    /// must not lie behind the next fork that is not known here
    /// @param size hashes to keep
    constructor(BeaconForks memory forks_, uint256 size) HashRing(size) {
        Continuity known = NativeChains.continuityOf(block.chainid);
        // Of a chain that is not listed nobody knows whether the roots are its own, or those of its L1.
        if (known == Continuity.Unlisted || known == Continuity.ArbitrumClock) {
            revert IAnchorErrors.UnsupportedChain(block.chainid);
        }
        bytes32 code = BeaconRoots.CONTRACT.codehash;
        if (code != BeaconRoots.CODE_HASH) revert CodeDiffers(BeaconRoots.CONTRACT, BeaconRoots.CODE_HASH, code);
        if (forks_.electra > forks_.gloas) revert BeaconForksOutOfOrder(forks_.electra, forks_.gloas);
        if (forks_.gloas > forks_.until) revert BeaconForksOutOfOrder(forks_.gloas, forks_.until);
        (_electra, _gloas, _until) = (forks_.electra, forks_.gloas, forks_.until);
    }

    /// @notice The slots from which each fork's generalized indices hold.
    function forks() public view returns (BeaconForks memory) {
        return BeaconForks(_electra, _gloas, _until);
    }

    /// @inheritdoc IBlockHashSource
    function chainId() external view returns (uint256) {
        uint256 l1 = NativeChains.l1Of(block.chainid);
        return l1 == 0 ? block.chainid : l1;
    }

    /// @inheritdoc IBlockHashSource
    function tier() external pure returns (Tier) {
        return Tier.Finalized;
    }

    /// @notice Records a block that is finalized.
    /// @return number its height
    /// @return hash its hash
    function record(FinalityProof calldata proof) external returns (uint64 number, bytes32 hash) {
        BeaconForks memory known = forks();
        bytes32 attested = BeaconRoots.parentRootAt(proof.timestamp);
        bytes32 actual = BeaconProofs.rootOf(proof.attested);
        if (actual != attested) revert BeaconHeaderMismatch(attested, actual);

        uint256 index = BeaconProofs.indicesAt(known, proof.attested.slot).finalizedRoot;
        bytes32 finalized = BeaconProofs.rootOf(proof.finalized);
        BeaconProofs.requireBranch(proof.attested.stateRoot, index, finalized, proof.checkpointBranch);

        hash = keccak256(proof.header);
        index = BeaconProofs.indicesAt(known, proof.finalized.slot).blockHash;
        BeaconProofs.requireBranch(proof.finalized.bodyRoot, index, hash, proof.blockHashBranch);
        (number, ) = HeaderReader.open(proof.header, hash);
        _record(number, hash);
    }
}
