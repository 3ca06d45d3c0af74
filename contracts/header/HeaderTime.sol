// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {IHeaderErrors} from "../interfaces/IHeaderErrors.sol";

/// @title When a block was made, from a header whose hash is known
/// @notice Reads the fields up to the timestamp, which has had its place since Frontier. What follows, later forks' fields too, is not looked at.
/// @dev The hash says that the chain made these bytes. The height is compared, so that a header of another shape is refused.
library HeaderTime {
    /// @dev Positions of fields in a header's list.
    uint256 private constant NUMBER = 8;
    uint256 private constant TIMESTAMP = 11;

    /// @notice The parent's hash and the time of the header that `headers` begins with.
    /// @dev Reverts with HeaderMalformed, HeaderHashMismatch or HeaderNumberMismatch.
    /// @param headers RLP of one header, or of more end to end
    /// @param hash that the chain knows the header by
    /// @param number its height
    /// @return parentHash hash of the block before it
    /// @return timestamp in seconds since 1970
    /// @return rest what follows the header
    function read(
        bytes calldata headers,
        bytes32 hash,
        uint64 number
    ) internal pure returns (bytes32 parentHash, uint256 timestamp, bytes calldata rest) {
        (uint256 offset, uint256 end) = _item(headers, 0, 0xc0, 255);
        bytes32 actual = keccak256(headers[:end]);
        if (actual != hash) revert IHeaderErrors.HeaderHashMismatch(number, hash, actual);
        uint256 height;
        for (uint8 field = 0; field <= TIMESTAMP; ++field) {
            (uint256 start, uint256 next) = _item(headers, offset, 0x80, field);
            if (field == 0) parentHash = bytes32(headers[start:next]);
            if (field == NUMBER) height = _number(headers[start:next]);
            if (field == TIMESTAMP) timestamp = _number(headers[start:next]);
            offset = next;
        }
        if (height != number) revert IHeaderErrors.HeaderNumberMismatch(number, uint64(height));
        rest = headers[end:];
    }

    /// @dev Where the content of the item at `offset` begins and ends.
    /// @param kind 0xc0 for a list, 0x80 for a string
    function _item(
        bytes calldata rlp,
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
            length = _number(rlp[start:start + bytesOfLength]);
            start += bytesOfLength;
        }
        if (length > rlp.length || start + length > rlp.length) revert IHeaderErrors.HeaderMalformed(field);
        end = start + length;
    }

    function _number(bytes calldata bigEndian) private pure returns (uint256) {
        if (bigEndian.length == 0) return 0;
        return bigEndian.length > 8 ? type(uint64).max : uint256(bytes32(bigEndian)) >> (256 - 8 * bigEndian.length);
    }
}
