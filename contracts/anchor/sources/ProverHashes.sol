// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {HeaderReader} from "../../header/HeaderReader.sol";
import {IBlockHashSource, Tier} from "../../interfaces/IBlockHashSource.sol";
import {IStateProver} from "../../interfaces/IStateProver.sol";
import {HashRing} from "./HashRing.sol";

/// @title Blocks that a state prover of others vouches for (ERC-7888)
/// @notice For provers whose commitment is a **block hash**. The header that is brought must be its preimage. A
/// prover of state roots, or of batches, records nothing here.
/// @dev The prover's word is believed: it is code of others, and its owner may be able to change it. Read it before. It
/// says neither its target chain nor how sure its blocks are. The deployer does, in its place.
contract ProverHashes is HashRing {
    /// @notice Whose word is recorded.
    IStateProver public immutable prover;

    uint256 private immutable _chainId;
    Tier private immutable _tier;

    /// @param prover_ on its home chain, which is the executing one
    /// @param chainId_ of the prover's target chain, which it does not say itself
    /// @param tier_ how sure the prover's blocks are, by its documentation
    /// @param size hashes to keep
    constructor(IStateProver prover_, uint256 chainId_, Tier tier_, uint256 size) HashRing(size) {
        if (prover_.version() == 0) revert SourceFaulty(address(prover_), 0, 0);
        (prover, _chainId, _tier) = (prover_, chainId_, tier_);
    }

    /// @inheritdoc IBlockHashSource
    function chainId() external view returns (uint256) {
        return _chainId;
    }

    /// @inheritdoc IBlockHashSource
    function tier() external view returns (Tier) {
        return _tier;
    }

    /// @notice Records the block that the prover answers for `input`.
    /// @param input for the prover's `getTargetStateCommitment`
    /// @param header RLP of that block's header
    function record(bytes calldata input, bytes calldata header) external returns (uint64 number, bytes32 hash) {
        hash = prover.getTargetStateCommitment(input);
        (number, ) = HeaderReader.open(header, hash);
        _record(number, hash);
    }
}
