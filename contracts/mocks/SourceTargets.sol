// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {ArbitrumSettlementGuard, ArbitrumStatelessGuard} from "../ArbitrumGuard.sol";
import {SettlementGuard} from "../SettlementGuard.sol";
import {StatelessGuard} from "../StatelessGuard.sol";
import {Anchor} from "../anchor/Anchor.sol";
import {AnchorGuard} from "../anchor/AnchorGuard.sol";
import {ChainClock} from "../anchor/ChainClock.sol";
import {BeaconForks, BeaconHeader, BeaconProofs} from "../anchor/sources/BeaconProofs.sol";
import {SourcedAnchors} from "../anchor/sources/SourcedAnchors.sol";
import {Answer, IBlockHashSource, Tier} from "../interfaces/IBlockHashSource.sol";
import {Action} from "../policy/PolicyTypes.sol";
import {ScopeConfig} from "../policy/Scopes.sol";
import {AnchoredTarget} from "./Targets.sol";

/// @notice `AnchoredTarget` on Arbitrum.
contract ArbitrumTarget is AnchoredTarget, ArbitrumStatelessGuard {
    constructor(uint64 minDepth, uint64 maxDepth) AnchoredTarget(minDepth, maxDepth) {}

    function _anchorDepthBounds() internal view override(StatelessGuard, AnchoredTarget) returns (uint64, uint64) {
        return AnchoredTarget._anchorDepthBounds();
    }

    function _blockNumber() internal view override(ChainClock, ArbitrumStatelessGuard) returns (uint256) {
        return ArbitrumStatelessGuard._blockNumber();
    }

    function _blockHash(uint256 number) internal view override(AnchorGuard, ArbitrumStatelessGuard) returns (bytes32) {
        return ArbitrumStatelessGuard._blockHash(number);
    }

    function _blockHashWindow() internal view override(AnchorGuard, ArbitrumStatelessGuard) returns (uint64) {
        return ArbitrumStatelessGuard._blockHashWindow();
    }

    function _isSupportedChain(uint256 id) internal view override(ChainClock, ArbitrumStatelessGuard) returns (bool) {
        return ArbitrumStatelessGuard._isSupportedChain(id);
    }
}

/// @notice One scope, in which any action takes an anchor.
abstract contract AnchoredActions is SettlementGuard {
    bytes32 public constant SCOPE = "scope";

    uint256 public actions;

    constructor(ScopeConfig memory config) {
        _configureScope(SCOPE, config);
    }

    function act(Action action, Anchor calldata anchor) external guardedAt(SCOPE, action, anchor) {
        actions += 1;
    }
}

/// @notice A deployed source decides the anchors of the whole guard.
contract SourcedSettlementTarget is AnchoredActions, SourcedAnchors {
    constructor(
        IBlockHashSource source,
        uint64 window,
        ScopeConfig memory config
    ) AnchoredActions(config) SourcedAnchors(source, window) {}

    function _blockHash(uint256 number) internal view override(AnchorGuard, SourcedAnchors) returns (bytes32) {
        return SourcedAnchors._blockHash(number);
    }

    function _anchorFailure(
        Anchor calldata anchor,
        uint64 minDepth,
        uint64 maxDepth
    ) internal view override(AnchorGuard, SourcedAnchors) returns (bytes memory) {
        return SourcedAnchors._anchorFailure(anchor, minDepth, maxDepth);
    }

    function _blockHashWindow() internal view override(AnchorGuard, SourcedAnchors) returns (uint64) {
        return SourcedAnchors._blockHashWindow();
    }

    function _isSupportedChain(uint256 id) internal view override(ChainClock, SourcedAnchors) returns (bool) {
        return SourcedAnchors._isSupportedChain(id);
    }
}

/// @notice The whole guard on Arbitrum.
contract ArbitrumSettlementTarget is ArbitrumSettlementGuard {
    bytes32 public constant SCOPE = "scope";

    uint256 public actions;

    constructor(ScopeConfig memory config) {
        _configureScope(SCOPE, config);
    }

    function act(Action action, Anchor calldata anchor) external guardedAt(SCOPE, action, anchor) {
        actions += 1;
    }
}

/// @notice The same over a deployed source. ArbSys tells the heights, the source the hashes.
contract SourcedArbitrumTarget is ArbitrumSettlementTarget, SourcedAnchors {
    constructor(
        IBlockHashSource source,
        uint64 window,
        ScopeConfig memory config
    ) ArbitrumSettlementTarget(config) SourcedAnchors(source, window) {}

    function _blockNumber() internal view override(ArbitrumSettlementGuard, ChainClock) returns (uint256) {
        return ArbitrumSettlementGuard._blockNumber();
    }

    function _blockHash(
        uint256 number
    ) internal view override(ArbitrumSettlementGuard, SourcedAnchors) returns (bytes32) {
        return SourcedAnchors._blockHash(number);
    }

    function _anchorFailure(
        Anchor calldata anchor,
        uint64 minDepth,
        uint64 maxDepth
    ) internal view override(AnchorGuard, SourcedAnchors) returns (bytes memory) {
        return SourcedAnchors._anchorFailure(anchor, minDepth, maxDepth);
    }

    function _blockHashWindow() internal view override(ArbitrumSettlementGuard, SourcedAnchors) returns (uint64) {
        return SourcedAnchors._blockHashWindow();
    }

    function _isSupportedChain(
        uint256 id
    ) internal view override(ArbitrumSettlementGuard, SourcedAnchors) returns (bool) {
        return ArbitrumSettlementGuard._isSupportedChain(id);
    }
}

/// @notice A source that answers what the test tells it, by reverting and burning gas, too.
contract ToldSource is IBlockHashSource {
    enum Manner {
        Honest,
        Reverting,
        Empty,
        OneWord,
        ThreeWords,
        Burning,
        HugeAnswer,
        KnownZero,
        UnknownHash,
        DisagreeingHash,
        NoAnswer,
        Disagreeing,
        Costly,
        RevertingWithHash,
        FailingAtNewest
    }

    error ToldToRevert();

    uint256 public chainId;
    Tier public tier;
    uint64 public newest;
    Manner public manner;
    mapping(uint64 => bytes32) private _hashes;

    constructor(uint256 chainId_, Tier tier_) {
        (chainId, tier) = (chainId_, tier_);
    }

    function tell(uint64 number, bytes32 hash) external {
        _hashes[number] = hash;
        newest = number;
    }

    function behave(Manner manner_) external {
        manner = manner_;
    }

    function hashOf(uint64 number) external view returns (Answer answer, bytes32 hash) {
        hash = _hashes[number];
        answer = hash == bytes32(0) ? Answer.Unknown : Answer.Known;
        if (manner == Manner.Reverting) revert ToldToRevert();
        if (manner == Manner.FailingAtNewest && number == newest) revert ToldToRevert();
        if (manner == Manner.Burning) while (true) {}
        if (manner == Manner.Costly) for (uint256 left = gasleft(); left - gasleft() < 60_000;) {}
        uint256 first = uint256(answer);
        if (manner == Manner.RevertingWithHash) {
            bytes memory data = abi.encode(first, hash);
            assembly ("memory-safe") {
                revert(add(data, 0x20), mload(data))
            }
        }
        uint256 size = 0x40;
        if (manner == Manner.Empty) size = 0;
        if (manner == Manner.OneWord) size = 0x20;
        if (manner == Manner.ThreeWords) size = 0x60;
        if (manner == Manner.HugeAnswer) size = 0x10000;
        if (manner == Manner.KnownZero) (first, hash) = (uint256(Answer.Known), bytes32(0));
        if (manner == Manner.UnknownHash) first = uint256(Answer.Unknown);
        if (manner == Manner.DisagreeingHash) first = uint256(Answer.Disagree);
        if (manner == Manner.NoAnswer) first = 3;
        if (manner == Manner.Disagreeing) (first, hash) = (uint256(Answer.Disagree), bytes32(0));
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, first)
            mstore(add(at, 0x20), hash)
            return(at, size)
        }
    }
}

/// @notice Beacon proofs from outside.
contract BeaconProofsHarness {
    function rootOf(BeaconHeader calldata header) external pure returns (bytes32) {
        return BeaconProofs.rootOf(header);
    }

    function requireBranch(bytes32 root, uint256 index, bytes32 leaf, bytes32[] calldata branch) external pure {
        BeaconProofs.requireBranch(root, index, leaf, branch);
    }

    function indicesAt(BeaconForks calldata forks, uint64 slot) external pure returns (uint256, uint256) {
        return (BeaconProofs.indicesAt(forks, slot).finalizedRoot, BeaconProofs.indicesAt(forks, slot).blockHash);
    }
}
