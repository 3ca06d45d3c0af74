// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {IHeaderErrors} from "../interfaces/IHeaderErrors.sol";

/// @title When a block was made, from a header whose hash is known
/// @notice Reads the fields up to the timestamp, which has had its place since Frontier. What follows, later forks' fields too, is not looked at.
/// @dev The hash says that the chain made these bytes. The height is compared, so that a header of another shape is refused. It reads memory: a
/// constructor has no calldata.
library HeaderTime {
    /// @dev Positions of fields in a header's list.
    uint256 private constant NUMBER = 8;
    uint256 private constant TIMESTAMP = 11;

    /// @dev The position that stands for the list itself.
    uint8 private constant LIST = 255;

    /// @notice The parent's hash and the time of the header that begins at `offset`.
    /// @dev Reverts with HeaderMalformed, HeaderHashMismatch or HeaderNumberMismatch.
    /// @param headers RLP of one header, or of more end to end
    /// @param offset where the header begins
    /// @param hash that the chain knows the header by
    /// @param number its height
    /// @return parentHash hash of the block before it
    /// @return timestamp in seconds since 1970
    /// @return end where the header ends
    function read(
        bytes memory headers,
        uint256 offset,
        bytes32 hash,
        uint64 number
    ) internal pure returns (bytes32 parentHash, uint256 timestamp, uint256 end) {
        uint256 start;
        (start, end) = _item(headers, offset, 0xc0, LIST);
        bytes32 actual;
        // equivalent: actual = keccak256(headers[offset:end])
        assembly ("memory-safe") {
            actual := keccak256(add(add(headers, 0x20), offset), sub(end, offset))
        }
        if (actual != hash) revert IHeaderErrors.HeaderHashMismatch(number, hash, actual);
        uint256 height;
        (parentHash, height, timestamp) = _fields(headers, start);
        if (height != number) revert IHeaderErrors.HeaderNumberMismatch(number, uint64(height));
    }

    /// @notice What a header says of itself. Claims: nothing authenticates them here.
    /// @dev Reverts with HeaderMalformed.
    /// @param header RLP of one header, and nothing after it
    /// @return parentHash hash of the block before it
    /// @return number its height; the greatest of 64 bits where it has more
    /// @return timestamp in seconds since 1970
    function claims(bytes memory header) internal pure returns (bytes32 parentHash, uint256 number, uint256 timestamp) {
        (uint256 start, uint256 end) = _item(header, 0, 0xc0, LIST);
        if (end != header.length) revert IHeaderErrors.HeaderMalformed(LIST);
        return _fields(header, start);
    }

    /// @dev Reads the fields from the one at `offset` up to the timestamp.
    function _fields(
        bytes memory headers,
        uint256 offset
    ) private pure returns (bytes32 parentHash, uint256 number, uint256 timestamp) {
        for (uint8 field = 0; field <= TIMESTAMP; ++field) {
            (uint256 start, uint256 next) = _item(headers, offset, 0x80, field);
            if (field == 0) {
                if (next - start != 32) revert IHeaderErrors.HeaderMalformed(field);
                parentHash = bytes32(_word(headers, start));
            }
            if (field == NUMBER) number = _number(headers, start, next);
            if (field == TIMESTAMP) timestamp = _number(headers, start, next);
            offset = next;
        }
    }

    /// @dev Where the content of the item at `offset` begins and ends.
    /// @param kind 0xc0 for a list, 0x80 for a string
    function _item(
        bytes memory rlp,
        uint256 offset,
        uint256 kind,
        uint8 field
    ) private pure returns (uint256 start, uint256 end) {
        uint256 first = offset < rlp.length ? uint8(rlp[offset]) : 0;
        if (kind == 0x80 && offset < rlp.length && first < 0x80) return (offset, offset + 1);
        if (first < kind || first > kind + 0x3f) revert IHeaderErrors.HeaderMalformed(field);
        uint256 length = first - kind;
        start = offset + 1;
        if (length > 55) {
            uint256 bytesOfLength = length - 55;
            if (start + bytesOfLength > rlp.length) revert IHeaderErrors.HeaderMalformed(field);
            length = _number(rlp, start, start + bytesOfLength);
            start += bytesOfLength;
        }
        if (length > rlp.length || start + length > rlp.length) revert IHeaderErrors.HeaderMalformed(field);
        end = start + length;
    }

    /// @dev The bytes from `start` to `end` as an integer; the greatest of 64 bits where they are more than eight.
    function _number(bytes memory rlp, uint256 start, uint256 end) private pure returns (uint256) {
        uint256 length = end - start;
        if (length == 0) return 0;
        return length > 8 ? type(uint64).max : _word(rlp, start) >> (256 - 8 * length);
    }

    /// @dev The 32 bytes from `offset` on. Bytes beyond the array's end are whatever follows: callers use none of them.
    function _word(bytes memory rlp, uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(rlp, 0x20), offset))
        }
    }
}
