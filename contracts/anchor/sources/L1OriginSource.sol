// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {L1Origin} from "../L1Origin.sol";
import {Answer, IBlockHashSource, Tier} from "../../interfaces/IBlockHashSource.sol";
import {IAnchorErrors} from "../../interfaces/IAnchorErrors.sol";
import {ISourceErrors} from "../../interfaces/ISourceErrors.sol";
import {NativeChains} from "../NativeChains.sol";

/// @title The L1 origin of an OP-stack chain, as a source
/// @notice Knows one block, the origin, which is **unsafe**: the sequencer chooses it, and L1 may drop it. `RecordedHashes` over it keeps origins.
/// @dev Believed on the OP-stack chains that are listed: elsewhere the predeploy's address may hold anybody's code.
contract L1OriginSource is IBlockHashSource {
    constructor() {
        if (NativeChains.l1Of(block.chainid) == 0) revert IAnchorErrors.UnsupportedChain(block.chainid);
        (uint64 number, bytes32 hash) = L1Origin.read();
        if (hash == bytes32(0)) revert ISourceErrors.SourceFaulty(L1Origin.PREDEPLOY, number, 0);
    }

    /// @inheritdoc IBlockHashSource
    function chainId() external view returns (uint256) {
        return NativeChains.l1Of(block.chainid);
    }

    /// @inheritdoc IBlockHashSource
    function tier() external pure returns (Tier) {
        return Tier.Head;
    }

    /// @inheritdoc IBlockHashSource
    function newest() external view returns (uint64 number) {
        (number, ) = L1Origin.read();
    }

    /// @inheritdoc IBlockHashSource
    function hashOf(uint64 number) external view returns (Answer answer, bytes32 hash) {
        (uint64 origin, bytes32 originHash) = L1Origin.read();
        if (number != origin || originHash == bytes32(0)) return (Answer.Unknown, bytes32(0));
        return (Answer.Known, originHash);
    }
}
