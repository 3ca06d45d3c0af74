// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Header, HeaderStatus} from "../header/HeaderReader.sol";

/// @title Reading block headers, to be read
/// @notice What `HeaderReader` does, field after field and without assembly. The two go through the same tests, and a test that finds
/// them of different opinions fails. Not for use on chain: it costs several times as much.
/// @dev Reverts with Malformed where `HeaderReader.tryRead` returns a position.
contract HeaderReaderReference {
    /// @notice Thrown when a field is malformed or missing.
    error Malformed(uint8 field);

    /// @notice Thrown when this contract failed otherwise than by its own verdict.
    error Fault(bytes reason);

    /// @dev A place in a header: bytes before `next` have been read, as `fields` fields.
    struct Cursor {
        uint256 next;
        uint8 fields;
    }

    /// @notice See `HeaderReader.tryAuthenticate`.
    function tryAuthenticate(
        bytes calldata header,
        bytes32 expectedHash
    ) external view returns (HeaderStatus status, bytes32 actual, uint64 number, bytes32 stateRoot) {
        bytes32 hash = keccak256(header);
        if (hash != expectedHash) return (HeaderStatus.HashMismatch, hash, 0, 0);
        try this.readStart(header) returns (uint64 number_, bytes32 stateRoot_) {
            return (HeaderStatus.Ok, hash, number_, stateRoot_);
        } catch (bytes memory reason) {
            return (HeaderStatus.Malformed, bytes32(uint256(_field(reason))), 0, 0);
        }
    }

    /// @notice See `HeaderReader.tryVerifyState`.
    function tryVerifyState(
        bytes calldata header,
        uint64 number,
        bytes32 hash,
        bytes32 stateRoot
    ) external view returns (HeaderStatus status, bytes32 actual) {
        uint64 actualNumber;
        bytes32 actualRoot;
        (status, actual, actualNumber, actualRoot) = this.tryAuthenticate(header, hash);
        if (status != HeaderStatus.Ok) return (status, actual);
        if (actualNumber != number) return (HeaderStatus.NumberMismatch, bytes32(uint256(actualNumber)));
        if (actualRoot != stateRoot) return (HeaderStatus.StateRootMismatch, actualRoot);
        return (HeaderStatus.Ok, actualRoot);
    }

    /// @notice See `HeaderReader.tryRead`.
    function tryRead(
        bytes calldata header
    ) external view returns (HeaderStatus status, uint8 field, Header memory fields) {
        try this.read(header) returns (Header memory fields_) {
            return (HeaderStatus.Ok, 0, fields_);
        } catch (bytes memory reason) {
            return (HeaderStatus.Malformed, _field(reason), fields);
        }
    }

    /// @notice The fields up to the number.
    function readStart(bytes calldata header) external pure returns (uint64 number, bytes32 stateRoot) {
        Cursor memory cursor = _open(header);
        _hash(header, cursor); // parent
        _hash(header, cursor); // ommers
        _exactly(header, cursor, 20); // beneficiary
        stateRoot = _hash(header, cursor);
        _hash(header, cursor); // transactions
        _hash(header, cursor); // receipts
        _exactly(header, cursor, 256); // logs bloom
        _integer(header, cursor, 32); // difficulty
        number = uint64(_integer(header, cursor, 8));
    }

    /// @notice All the fields.
    function read(bytes calldata header) external pure returns (Header memory fields) {
        Cursor memory cursor = _open(header);
        _readFrontier(header, cursor, fields);
        if (cursor.next < header.length) fields.baseFeePerGas = _integer(header, cursor, 32);
        if (cursor.next < header.length) fields.withdrawalsRoot = _hash(header, cursor);
        if (cursor.next < header.length) {
            fields.blobGasUsed = uint64(_integer(header, cursor, 8));
            fields.excessBlobGas = uint64(_integer(header, cursor, 8));
            fields.parentBeaconBlockRoot = _hash(header, cursor);
        }
        if (cursor.next < header.length) fields.requestsHash = _hash(header, cursor);
        fields.namedFields = cursor.fields;
        if (cursor.next < header.length) _readLater(header, cursor, fields);
        fields.fieldCount = cursor.fields;
    }

    /// @dev What follows Prague's last field: byte strings, of which the first two may be Amsterdam's.
    function _readLater(bytes calldata header, Cursor memory cursor, Header memory fields) private pure {
        bytes calldata accessListHash = _string(header, cursor);
        if (cursor.next == header.length) return;
        bytes calldata slotNumber = _string(header, cursor);
        if (accessListHash.length == 32 && slotNumber.length <= 8 && (slotNumber.length == 0 || slotNumber[0] != 0)) {
            fields.blockAccessListHash = bytes32(accessListHash);
            for (uint256 i = 0; i < slotNumber.length; i++)
                fields.slotNumber = fields.slotNumber * 256 + uint8(slotNumber[i]);
            fields.namedFields = 23;
        }
        while (cursor.next < header.length) {
            if (cursor.fields == 32) revert Malformed(32);
            _string(header, cursor);
        }
    }

    function _readFrontier(bytes calldata header, Cursor memory cursor, Header memory fields) private pure {
        fields.parentHash = _hash(header, cursor);
        fields.ommersHash = _hash(header, cursor);
        fields.beneficiary = address(bytes20(_exactly(header, cursor, 20)));
        fields.stateRoot = _hash(header, cursor);
        fields.transactionsRoot = _hash(header, cursor);
        fields.receiptsRoot = _hash(header, cursor);
        _exactly(header, cursor, 256); // logs bloom
        fields.difficulty = _integer(header, cursor, 32);
        fields.number = uint64(_integer(header, cursor, 8));
        fields.gasLimit = uint64(_integer(header, cursor, 8));
        fields.gasUsed = uint64(_integer(header, cursor, 8));
        fields.timestamp = uint64(_integer(header, cursor, 8));
        _string(header, cursor); // extra data

        // Either a mix hash and a nonce, or AuRa's step and signature.
        uint256 beforeSeal = cursor.next;
        if (_string(header, cursor).length == 32) {
            _exactly(header, cursor, 8);
        } else {
            (cursor.next, cursor.fields) = (beforeSeal, 13);
            _integer(header, cursor, 8);
            _exactly(header, cursor, 65);
        }
    }

    /// @dev The list that a header is: two bytes of length, which cover exactly the rest.
    function _open(bytes calldata header) private pure returns (Cursor memory cursor) {
        if (header.length < 496 || header.length > 65538) revert Malformed(255);
        if (header[0] != 0xf9) revert Malformed(255);
        if (uint16(bytes2(header[1:3])) != header.length - 3) revert Malformed(255);
        cursor.next = 3;
    }

    /// @dev The next field, which must be a byte string in its only canonical encoding.
    function _string(bytes calldata header, Cursor memory cursor) private pure returns (bytes calldata value) {
        uint8 field = cursor.fields;
        bytes calldata rest = header[cursor.next:];
        if (rest.length == 0) revert Malformed(field);

        uint256 prefixSize;
        uint256 size;
        uint8 prefix = uint8(rest[0]);
        if (prefix < 0x80) {
            (prefixSize, size) = (0, 1);
        } else if (prefix <= 0xb7) {
            (prefixSize, size) = (1, prefix - 0x80);
        } else if (prefix <= 0xbf) {
            uint256 sizeOfSize = prefix - 0xb7;
            if (rest.length < 1 + sizeOfSize || rest[1] == 0) revert Malformed(field);
            for (uint256 i = 1; i <= sizeOfSize; i++) size = size * 256 + uint8(rest[i]); // at most 8 bytes
            if (size <= 55) revert Malformed(field);
            prefixSize = 1 + sizeOfSize;
        } else {
            revert Malformed(field); // a list
        }

        if (rest.length < prefixSize + size) revert Malformed(field);
        value = rest[prefixSize:prefixSize + size];
        if (prefixSize == 1 && size == 1 && uint8(value[0]) < 0x80) revert Malformed(field);
        cursor.next += prefixSize + size;
        cursor.fields++;
    }

    function _exactly(
        bytes calldata header,
        Cursor memory cursor,
        uint256 size
    ) private pure returns (bytes calldata value) {
        uint8 field = cursor.fields;
        value = _string(header, cursor);
        if (value.length != size) revert Malformed(field);
    }

    function _hash(bytes calldata header, Cursor memory cursor) private pure returns (bytes32) {
        return bytes32(_exactly(header, cursor, 32));
    }

    /// @dev A big-endian integer of at most `maxSize` bytes. Zero is the empty string, so none begins with a zero byte.
    function _integer(
        bytes calldata header,
        Cursor memory cursor,
        uint256 maxSize
    ) private pure returns (uint256 value) {
        uint8 field = cursor.fields;
        bytes calldata digits = _string(header, cursor);
        if (digits.length > maxSize) revert Malformed(field);
        if (digits.length > 0 && digits[0] == 0) revert Malformed(field);
        for (uint256 i = 0; i < digits.length; i++) value = value * 256 + uint8(digits[i]);
    }

    /// @dev The field in a Malformed error. Any other reason, a panic for instance, is a fault of this contract.
    function _field(bytes memory reason) private pure returns (uint8) {
        if (reason.length != 36 || bytes4(reason) != Malformed.selector) revert Fault(reason);
        return uint8(reason[35]);
    }
}
