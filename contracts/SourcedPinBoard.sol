// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {StateAnchor} from "./anchor/Anchor.sol";
import {StateAnchors} from "./anchor/StateAnchors.sol";
import {Sources} from "./anchor/sources/Sources.sol";
import {HeaderTime} from "./header/HeaderTime.sol";
import {IAnchorErrors} from "./interfaces/IAnchorErrors.sol";
import {Answer, IBlockHashSource, Tier} from "./interfaces/IBlockHashSource.sol";
import {IHeaderErrors} from "./interfaces/IHeaderErrors.sol";
import {IPinBoard} from "./interfaces/IPinBoard.sol";
import {ISourcedPinBoard} from "./interfaces/ISourcedPinBoard.sol";
import {Pins} from "./proof/Pins.sol";
import {PinnedBlock, SourcedPins} from "./proof/SourcedPins.sol";
import {StateProof} from "./proof/StateProof.sol";

/// @title Pins of a chain that a source knows, that any protocol can write and read
/// @notice Over `FinalizedHashes` it keeps facts that cannot be undone, of this chain or of the L1 of an OP-stack chain.
/// @dev Age is counted by the clock, never from the source's newest block. A source that nobody feeds would make old facts look new.
contract SourcedPinBoard is ISourcedPinBoard, IHeaderErrors, IAnchorErrors {
    /// @inheritdoc ISourcedPinBoard
    IBlockHashSource public immutable source;

    /// @inheritdoc ISourcedPinBoard
    uint64 public immutable minDepth;

    mapping(bytes32 => uint256) private _pins;

    /// @param source_ what knows the blocks
    /// @param chainId of the chain that it must be of
    /// @param minDepth_ in blocks, for a source whose newest blocks may be dropped; 1 for one of finalized blocks
    constructor(IBlockHashSource source_, uint256 chainId, uint64 minDepth_) {
        Sources.requireOf(source_, chainId, gasleft());
        (source, minDepth) = (source_, minDepth_);
    }

    /* WRITING */

    /// @inheritdoc IPinBoard
    function pinStateRoot(StateAnchor calldata anchor, bytes calldata header) external returns (bool kept) {
        PinnedBlock memory block_ = _requireBlock(anchor, header);
        return _keep(Pins.STATE_ROOT, block_, uint256(anchor.stateRoot));
    }

    /// @inheritdoc IPinBoard
    function pinStorageRoot(
        StateAnchor calldata anchor,
        bytes calldata header,
        address account,
        bytes calldata witness
    ) external returns (bool kept) {
        PinnedBlock memory block_ = _requireBlock(anchor, header);
        bytes32 root = StateProof.readStorageRoot(anchor.stateRoot, account, witness);
        return _keep(Pins.storageRootOf(account), block_, uint256(root));
    }

    /// @inheritdoc IPinBoard
    function pinSlot(
        StateAnchor calldata anchor,
        bytes calldata header,
        address account,
        bytes32 slot,
        bytes calldata witness
    ) external returns (uint256 value) {
        PinnedBlock memory block_ = _requireBlock(anchor, header);
        (, value, ) = StateProof.readAccountSlot(anchor.stateRoot, account, slot, witness);
        _keep(Pins.slotOf(account, slot), block_, value);
    }

    /// @dev The anchor's block, where the source knows it, deep enough, and the header is its own.
    function _requireBlock(
        StateAnchor calldata anchor,
        bytes calldata header
    ) private view returns (PinnedBlock memory block_) {
        uint64 number = anchor.number;
        if (anchor.hash == bytes32(0)) revert ZeroAnchorHash(number);
        if (minDepth > 1) {
            // Not caught: want of gas must not pass for an answer.
            uint64 newest = source.newest();
            if (number > newest) revert AnchorInFuture(number, newest);
            if (uint256(newest) - number + 1 < minDepth) revert AnchorTooShallow(number, newest, minDepth);
        }
        bytes32 actual = _hashOf(number);
        if (actual != anchor.hash) revert AnchorMismatch(number, anchor.hash, actual);
        StateAnchors.verify(anchor, header);
        (, , uint256 time) = HeaderTime.claims(header);
        return PinnedBlock(number, uint64(time), actual);
    }

    function _keep(bytes32 subject, PinnedBlock memory block_, uint256 value) private returns (bool kept) {
        uint64 height = SourcedPins.heightOf(_pins, subject);
        bool isNewerKnown = false;
        if (height > block_.number) {
            (Answer answer, ) = Sources.demand(source, height);
            isNewerKnown = answer == Answer.Known;
        }
        kept = SourcedPins.keep(_pins, subject, block_, value, isNewerKnown);
        if (kept) emit Pinned(subject, block_.number, block_.hash, block_.time, value);
    }

    /* READING */

    /// @inheritdoc ISourcedPinBoard
    function requireStateRoot(
        bytes32 root,
        uint64 maxAge,
        Tier least
    ) external view returns (uint64 number, uint64 time) {
        return _requirePinned(Pins.STATE_ROOT, uint256(root), maxAge, least);
    }

    /// @inheritdoc ISourcedPinBoard
    function requireStorageRoot(
        address account,
        bytes32 root,
        uint64 maxAge,
        Tier least
    ) external view returns (uint64 number, uint64 time) {
        return _requirePinned(Pins.storageRootOf(account), uint256(root), maxAge, least);
    }

    /// @inheritdoc ISourcedPinBoard
    function requireSlot(
        address account,
        bytes32 slot,
        uint256 value,
        uint64 maxAge,
        Tier least
    ) external view returns (uint64 number, uint64 time) {
        return _requirePinned(Pins.slotOf(account, slot), value, maxAge, least);
    }

    function _requirePinned(
        bytes32 subject,
        uint256 value,
        uint64 maxAge,
        Tier least
    ) private view returns (uint64 number, uint64 time) {
        (number, time) = SourcedPins.blockOf(_pins, subject);
        Tier tier = source.tier();
        if (tier < least) revert PinTierTooLow(subject, least, tier);
        if (block.timestamp > time && block.timestamp - time > maxAge) {
            revert PinTooOld(number, time, uint64(block.timestamp), maxAge);
        }
        SourcedPins.requireKept(_pins, subject, PinnedBlock(number, time, _hashOf(number)), value);
    }

    /// @dev The hash that the source knows, and nothing else.
    function _hashOf(uint64 number) private view returns (bytes32 hash) {
        Answer answer;
        (answer, hash) = Sources.ask(source, number);
        if (answer == Answer.Known) return hash;
        uint64 newest = Sources.newestOf(source, gasleft());
        if (answer == Answer.Disagree) revert SourcesDisagree(number, newest);
        revert AnchorHashUnknown(number, newest);
    }
}
