// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {HeaderChain} from "../../header/HeaderChain.sol";
import {Answer, IBlockHashSource} from "../../interfaces/IBlockHashSource.sol";
import {ISourceErrors} from "../../interfaces/ISourceErrors.sol";

/// @title Where a ring keeps its hashes and heights
/// @dev Six heights of 40 bits share a slot.
library HashRings {
    /// @notice A height has so many bits.
    uint256 internal constant HEIGHT_BITS = 40;

    uint256 private constant HEIGHTS_PER_SLOT = 6;

    /// @dev Positions of `HashRing`'s mappings in its storage. A test reads them back.
    uint256 private constant HASHES = 1;
    uint256 private constant HEIGHTS = 2;

    /// @notice The slots of a place's hash, and of its height.
    function slotsAt(uint256 place) internal pure returns (bytes32 ofHash, bytes32 ofHeight) {
        ofHash = keccak256(abi.encode(place, HASHES));
        ofHeight = keccak256(abi.encode(wordOf(place), HEIGHTS));
    }

    /// @notice The index of the word that holds the place's height.
    function wordOf(uint256 place) internal pure returns (uint256) {
        return place / HEIGHTS_PER_SLOT;
    }

    /// @notice The place's height, in its word.
    function heightIn(uint256 word, uint256 place) internal pure returns (uint256) {
        return uint40(word >> shiftOf(place));
    }

    /// @notice By how many bits the place's height is shifted in its word.
    function shiftOf(uint256 place) internal pure returns (uint256) {
        return HEIGHT_BITS * (place % HEIGHTS_PER_SLOT);
    }
}

/// @title Hashes that were shown once, in a ring
/// @notice Each height has one place, and a newer block takes the place of an older one. Storage never grows beyond
/// `size` hashes. Where two hashes of one height are shown, neither is served from then on: the answer is Disagree.
/// @dev Who inherits it checks what it records.
abstract contract HashRing is IBlockHashSource, ISourceErrors {
    /// @notice A hash was recorded for the first time.
    event HashRecorded(uint64 indexed number, bytes32 hash);

    /// @notice Another hash of a recorded height was shown. One of the two was never the chain's, or is no longer.
    /// @param given the other hash; zero where a source said no more than that there is one
    event HashDisputed(uint64 indexed number, bytes32 recorded, bytes32 given);

    /// @notice How many hashes are kept.
    uint256 public immutable size;

    /// @inheritdoc IBlockHashSource
    uint64 public newest;

    mapping(uint256 => bytes32) private _hashes;
    mapping(uint256 => uint256) private _heights;

    constructor(uint256 size_) {
        if (size_ == 0 || size_ >= 1 << HashRings.HEIGHT_BITS) revert RingSize(size_);
        size = size_;
    }

    /// @inheritdoc IBlockHashSource
    function hashOf(uint64 number) public view returns (Answer answer, bytes32 hash) {
        uint256 place = number % size;
        if (number == 0 || _heightAt(place) != number) return (Answer.Unknown, bytes32(0));
        hash = _hashes[place];
        answer = hash == bytes32(0) ? Answer.Disagree : Answer.Known;
    }

    /// @notice Records an ancestor of a known block, shown by the headers in between.
    /// @param number height of the known block
    /// @param headers RLP of the headers from the known block down to the ancestor, both included. At most
    /// `HeaderChain.MAX_DEPTH` and one
    function recordAncestor(uint64 number, bytes[] calldata headers) external {
        uint64 depth = headers.length == 0 ? 0 : uint64(headers.length) - 1; // none is refused by the walk
        (bytes32 ancestor, ) = HeaderChain.ancestor(number, _knownHash(number), depth, headers);
        _record(number - depth, ancestor);
    }

    /// @dev The hash of a block that may be recorded, or built upon. Reverts with NothingToRecord.
    function _knownHash(uint64 number) internal view virtual returns (bytes32 hash) {
        Answer answer;
        (answer, hash) = hashOf(number);
        if (answer != Answer.Known) revert NothingToRecord(number);
    }

    /// @dev Records a block that was shown to be the chain's.
    function _record(uint64 number, bytes32 hash) internal {
        if (number == 0 || number >= 1 << HashRings.HEIGHT_BITS || hash == bytes32(0)) revert NothingToRecord(number);
        uint256 place = number % size;
        uint256 kept = _heightAt(place);
        if (kept == number) {
            bytes32 recorded = _hashes[place];
            if (recorded == bytes32(0) || recorded == hash) return;
            delete _hashes[place];
            emit HashDisputed(number, recorded, hash);
            return;
        }
        if (kept > number) revert PlaceTaken(number, uint64(kept));
        _heights[HashRings.wordOf(place)] += (number - kept) << HashRings.shiftOf(place);
        _hashes[place] = hash;
        if (number > newest) newest = number;
        emit HashRecorded(number, hash);
    }

    /// @dev Serves a recorded hash no more.
    /// @return wasHeld false where nothing of this height is recorded
    function _dispute(uint64 number) internal returns (bool wasHeld) {
        (Answer answer, bytes32 recorded) = hashOf(number);
        if (answer == Answer.Known) {
            delete _hashes[number % size];
            emit HashDisputed(number, recorded, bytes32(0));
        }
        return answer != Answer.Unknown;
    }

    function _heightAt(uint256 place) private view returns (uint256) {
        return HashRings.heightIn(_heights[HashRings.wordOf(place)], place);
    }
}
