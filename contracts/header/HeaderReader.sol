// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {IHeaderErrors} from "../interfaces/IHeaderErrors.sol";

/// @notice What became of a check of header bytes. The value that comes with it is what the header really holds.
enum HeaderStatus {
    /// Everything agreed.
    Ok,
    /// The bytes are not the preimage of the expected hash; the value is their hash.
    HashMismatch,
    /// The bytes are not the canonical RLP of a header. The value is the position of the field, 255 for the list
    /// itself.
    Malformed,
    /// The header is that of another block; the value is its number.
    NumberMismatch,
    /// The header has another state root; the value is that root.
    StateRootMismatch
}

/// @notice The fields of a header, whatever fork it is of. Fields that the header does not have are zero:
/// `namedFields` tells, a zero does not.
/// @dev Not here: the logs bloom, the extra data, and the seal (mix hash and nonce). The seal means another thing on
/// every kind of chain. All are checked for their shape.
struct Header {
    bytes32 parentHash;
    bytes32 ommersHash;
    address beneficiary;
    bytes32 stateRoot;
    bytes32 transactionsRoot;
    bytes32 receiptsRoot;
    uint256 difficulty;
    uint64 number;
    uint64 gasLimit;
    uint64 gasUsed;
    uint64 timestamp; // seconds since 1970
    uint256 baseFeePerGas; // wei, EIP-1559; from 16 named fields
    bytes32 withdrawalsRoot; // EIP-4895; from 17
    uint64 blobGasUsed; // EIP-4844; from 20
    uint64 excessBlobGas; // EIP-4844; from 20
    bytes32 parentBeaconBlockRoot; // EIP-4788; from 20
    bytes32 requestsHash; // EIP-7685; from 21
    bytes32 blockAccessListHash; // EIP-7928; from 23
    uint64 slotNumber; // EIP-7843; from 23
    uint8 fieldCount; // all fields, those without a name here included
    uint8 namedFields; // 15, 16, 17, 20, 21 or 23; the fields behind them are of a fork that is not known here
}

/// @title Reading block headers
/// @notice Two readers of a header's RLP, for two situations.
///
/// `authenticate` and `verifyState` are for a header whose hash is known. They compare the hash first, so that the
/// bytes are those that the chain made. Then they read the state root and the number. They are strict in every byte
/// that decides where those two lie, and blind to what follows. That is cheap, and it outlives forks that append
/// fields. All that compare a hash give the same answer: so does `readHeader` in TypeScript.
///
/// `read` is for everything else, and authenticates nothing. It checks every field from Frontier to Prague. A header
/// has 15, 16, 17, 20 or 21 fields: no fork ended elsewhere. Behind Prague's 21 up to eleven byte strings may follow,
/// whatever is in them. Where the first two have the shapes of Amsterdam's, they are named so. Those shapes are 32
/// bytes, and an integer of 64 bits.
///
/// Each comes as a total function, `try...`, that never reverts and returns a status. A thin shell over it reverts with
/// the errors of `IHeaderErrors`.
/// @dev What this assumes, and does not check:
/// - the expected hash comes from a block-hash source that has it from the chain itself. It is the hash of this very
///   chain: a header does not say of which chain it is;
/// - the chain hashes its blocks as Keccak-256 of this RLP (not zkSync Era, not SSZ blocks). A block's header holds the
///   state after that block (not the EIP-7862 draft).
///
/// `contracts/reference/HeaderReaderReference.sol` is this in plain Solidity.
library HeaderReader {
    /// @notice A header whose every field is as short as it can be has this many bytes.
    uint256 internal constant MIN_SIZE = 496;

    /// @notice The longest list that a two-byte length can announce. Headers of Ethereum are below 700 bytes. They are
    /// longer where the extra data lists sealers, or what depends on what (Polygon). Beyond this size they are refused.
    uint256 internal constant MAX_SIZE = 3 + 0xffff;

    /// @notice Fields that `read` accepts: Prague's 21, and up to eleven byte strings that later forks may append.
    uint256 internal constant MAX_FIELDS = 32;

    /// @dev The position that stands for the list itself.
    uint256 private constant LIST = 255;

    /// @dev What a check returns for "nothing is malformed"; no field has this position.
    uint256 private constant NONE = type(uint256).max;

    uint256 private constant STATE_ROOT = 3;
    uint256 private constant NUMBER = 8;
    uint256 private constant MIX_HASH = 13;
    uint256 private constant PRAGUE_FIELDS = 21;
    uint256 private constant AMSTERDAM_FIELDS = 23;

    /// @dev One byte a field, field 0 lowest: the exact length of a byte string. With the top bit, it is the greatest
    /// length of an integer. ANY is for the extra data, and BLOOM is a length that does not fit.
    uint256 private constant SHAPES =
        // slot   BAL  requests beacon excess  blob withdr. basefee nonce mix extra  time  used limit number diff bloom ...
        0x88_20_20_20_88_88_20_a0_08_20_00_88_88_88_88_a0_ff_20_20_20_14_20_20;

    /// @dev AuRa has a step, a short integer, for the mix hash, and 65 bytes of signature for the nonce.
    uint256 private constant AURA_SHAPES = 0x88_20_20_20_88_88_20_a0_41_88_00_88_88_88_88_a0_ff_20_20_20_14_20_20;

    uint256 private constant ANY = 0x00;
    uint256 private constant BLOOM = 0xff;

    /// @dev Bit n is set where a header may have n fields. They are 15 Frontier, 16 London, 17 Shanghai, 20 Cancun, 21
    /// Prague. From 22 to 32 they are those of later forks.
    uint256 private constant FIELD_COUNTS = (1 << 15) | (1 << 16) | (1 << 17) | (1 << 20) | (0xfff << 21);

    /// @notice Reads the number and the state root of the header whose hash is `expectedHash`.
    /// @dev Never reverts. `number` and `stateRoot` are zero unless the status is Ok.
    /// @param header RLP of the header
    /// @param expectedHash hash that a block-hash source gave
    /// @return status Ok, HashMismatch or Malformed
    /// @return actual as the status says; the header's hash where it is Ok
    /// @return number height of the block
    /// @return stateRoot root of the state after the block
    function tryAuthenticate(
        bytes calldata header,
        bytes32 expectedHash
    ) internal pure returns (HeaderStatus status, bytes32 actual, uint64 number, bytes32 stateRoot) {
        actual = _hash(header);
        if (actual != expectedHash) return (HeaderStatus.HashMismatch, actual, 0, 0);
        (uint256 wrong, uint256 height, bytes32 root) = _start(header);
        if (wrong != 0) {
            (uint256 malformed, ) = _slowStart(header);
            return (HeaderStatus.Malformed, bytes32(malformed), 0, 0);
        }
        return (HeaderStatus.Ok, actual, uint64(height), root); // 8 bytes at most, by `_start`
    }

    /// @notice Reads the state root of the block `number` whose hash is `hash`.
    /// @dev Reverts with HeaderHashMismatch, HeaderMalformed, HeaderNumberMismatch.
    /// @param header RLP of the header
    /// @param number height of the block
    /// @param hash hash that a block-hash source gave for this height
    /// @return stateRoot root of the state after the block
    function authenticate(
        bytes calldata header,
        uint64 number,
        bytes32 hash
    ) internal pure returns (bytes32 stateRoot) {
        if (_hash(header) == hash) {
            (uint256 wrong, uint256 height, bytes32 root) = _start(header);
            if (wrong | (height ^ number) == 0) return root;
        }
        _revertWithFailure(header, number, hash, 0);
    }

    /// @notice Reads the number and the state root of the header whose hash is `hash`.
    /// @dev Reverts with HeaderHashMismatch, with a number of zero, or HeaderMalformed.
    /// @param header RLP of the header
    /// @param hash hash of a block whose height is not known yet
    /// @return number height of the block
    /// @return stateRoot root of the state after the block
    function open(bytes calldata header, bytes32 hash) internal pure returns (uint64 number, bytes32 stateRoot) {
        HeaderStatus status;
        bytes32 actual;
        (status, actual, number, stateRoot) = tryAuthenticate(header, hash);
        if (status == HeaderStatus.HashMismatch) revert IHeaderErrors.HeaderHashMismatch(0, hash, actual);
        if (status != HeaderStatus.Ok) revert IHeaderErrors.HeaderMalformed(uint8(uint256(actual)));
    }

    /// @notice Compares a claim about a block with its header: hash, number, state root.
    /// @dev Never reverts. That the chain has a block of this hash is for the block-hash source to say.
    /// @param header RLP of the header
    /// @param number height that is claimed
    /// @param hash hash that is claimed
    /// @param stateRoot state root that is claimed
    /// @return status Ok, or the first of HashMismatch, Malformed, NumberMismatch, StateRootMismatch
    /// @return actual as the status says; the state root where it is Ok
    function tryVerifyState(
        bytes calldata header,
        uint64 number,
        bytes32 hash,
        bytes32 stateRoot
    ) internal pure returns (HeaderStatus status, bytes32 actual) {
        uint64 actualNumber;
        bytes32 actualRoot;
        (status, actual, actualNumber, actualRoot) = tryAuthenticate(header, hash);
        if (status != HeaderStatus.Ok) return (status, actual);
        if (actualNumber != number) return (HeaderStatus.NumberMismatch, bytes32(uint256(actualNumber)));
        if (actualRoot != stateRoot) return (HeaderStatus.StateRootMismatch, actualRoot);
        return (HeaderStatus.Ok, actualRoot);
    }

    /// @notice Requires that a claim about a block and its header agree: hash, number, state root.
    /// @dev Reverts with HeaderHashMismatch, HeaderMalformed, HeaderNumberMismatch, StateRootMismatch.
    /// @param header RLP of the header
    /// @param number height that is claimed
    /// @param hash hash that the block-hash source confirms, before or after
    /// @param stateRoot state root that is claimed
    function verifyState(bytes calldata header, uint64 number, bytes32 hash, bytes32 stateRoot) internal pure {
        if (_hash(header) == hash) {
            (uint256 wrong, uint256 height, bytes32 root) = _start(header);
            if (wrong | (height ^ number) | uint256(root ^ stateRoot) == 0) return;
        }
        _revertWithFailure(header, number, hash, stateRoot);
    }

    /// @notice The revert data of `verifyState`, empty where the header agrees.
    /// @dev Never reverts, for well-formed calldata.
    /// @param header RLP of the header
    /// @param number height that is claimed
    /// @param hash hash that is claimed
    /// @param stateRoot state root that is claimed
    function stateFailure(
        bytes calldata header,
        uint64 number,
        bytes32 hash,
        bytes32 stateRoot
    ) internal pure returns (bytes memory) {
        bytes32 actual = _hash(header);
        if (actual != hash) {
            return abi.encodeWithSelector(IHeaderErrors.HeaderHashMismatch.selector, number, hash, actual);
        }
        (uint256 malformed, uint256[] memory words) = _slowStart(header);
        if (malformed != NONE) return abi.encodeWithSelector(IHeaderErrors.HeaderMalformed.selector, malformed);
        if (words[NUMBER] != number) {
            return abi.encodeWithSelector(IHeaderErrors.HeaderNumberMismatch.selector, number, words[NUMBER]);
        }
        bytes32 root = bytes32(words[STATE_ROOT]);
        if (root != stateRoot) {
            return abi.encodeWithSelector(IHeaderErrors.StateRootMismatch.selector, number, stateRoot, root);
        }
        return "";
    }

    /// @notice Decodes a header, strict in all fields. The fields are claims: nothing authenticates them.
    /// @dev Reverts with HeaderMalformed.
    /// @param header RLP of the header
    function read(bytes calldata header) internal pure returns (Header memory fields) {
        HeaderStatus status;
        uint8 field;
        (status, field, fields) = tryRead(header);
        if (status != HeaderStatus.Ok) revert IHeaderErrors.HeaderMalformed(field);
    }

    /// @notice Decodes a header, strict in all fields. The fields are claims: nothing authenticates them.
    /// @dev Never reverts. Strict: the bytes are between MIN_SIZE and MAX_SIZE, and one list of canonical byte strings.
    /// Each field up to Prague's last has its length, or is an integer without leading zeros and within its width. The
    /// number of fields is that of a fork, or 22 to MAX_FIELDS. A seal is a mix hash and nonce, or AuRa's step and
    /// signature.
    /// @param header RLP of the header
    /// @return status Ok or Malformed
    /// @return field where Malformed: the first field that is, or that is missing; 255 for the list itself
    /// @return fields the fields; all zero unless the status is Ok
    function tryRead(
        bytes calldata header
    ) internal pure returns (HeaderStatus status, uint8 field, Header memory fields) {
        uint256[] memory words = new uint256[](AMSTERDAM_FIELDS);
        (uint256 malformed, uint256 count, uint256 named) = _walk(header, words, MAX_FIELDS + 1);
        // one field too many, or the first that is missing
        if (count > MAX_FIELDS) malformed = MAX_FIELDS;
        else if (malformed == NONE && (FIELD_COUNTS >> count) & 1 == 0) malformed = count;
        // `malformed` is at most 255 here
        if (malformed != NONE) return (HeaderStatus.Malformed, uint8(malformed), fields);

        fields.parentHash = bytes32(words[0]);
        fields.ommersHash = bytes32(words[1]);
        fields.beneficiary = address(uint160(words[2]));
        fields.stateRoot = bytes32(words[STATE_ROOT]);
        fields.transactionsRoot = bytes32(words[4]);
        fields.receiptsRoot = bytes32(words[5]);
        fields.difficulty = words[7];
        // `_walk` has bounded the integers by their widths
        fields.number = uint64(words[NUMBER]);
        fields.gasLimit = uint64(words[9]);
        fields.gasUsed = uint64(words[10]);
        fields.timestamp = uint64(words[11]);
        fields.baseFeePerGas = words[15];
        fields.withdrawalsRoot = bytes32(words[16]);
        fields.blobGasUsed = uint64(words[17]);
        fields.excessBlobGas = uint64(words[18]);
        fields.parentBeaconBlockRoot = bytes32(words[19]);
        fields.requestsHash = bytes32(words[20]);
        if (named == AMSTERDAM_FIELDS) {
            fields.blockAccessListHash = bytes32(words[21]);
            fields.slotNumber = uint64(words[22]);
        }
        fields.fieldCount = uint8(count);
        fields.namedFields = uint8(named);
    }

    /// @dev Keccak-256 of calldata, in the free memory beyond the pointer, which is not moved.
    function _hash(bytes calldata header) private pure returns (bytes32 digest) {
        // equivalent: digest = keccak256(header)
        assembly ("memory-safe") {
            let scratch := mload(0x40)
            calldatacopy(scratch, header.offset, header.length)
            digest := keccak256(scratch, header.length)
        }
    }

    /// @dev Reads a header up to its number without a loop, for every field before the difficulty has a fixed place.
    /// `wrong` collects the differences from the bytes that must be there. The caller's one test decides, because a
    /// header that is not sound is the rare case. Agrees with `_walk` over the fields 0 to 8: a differential test
    /// compares them.
    /// @return wrong zero where all is sound; nothing else means anything where it is not
    function _start(bytes calldata header) private pure returns (uint256 wrong, uint256 height, bytes32 stateRoot) {
        assembly ("memory-safe") {
            let start := header.offset
            let size := header.length
            // First bytes of the items of fixed place, each in the top byte of a word. The ommers hash is at 36, the
            // transactions root at 123, the receipts root at 156. Lengths of 32 bytes (a0).
            let a0 := 0xa000000000000000000000000000000000000000000000000000000000000000
            wrong := xor(calldataload(add(start, 36)), a0)
            wrong := or(wrong, xor(calldataload(add(start, 123)), a0))
            wrong := shr(248, or(wrong, xor(calldataload(add(start, 156)), a0)))
            // Two items begin in one word. The beneficiary is at 69, of 20 bytes (94), and the state root at 69 + 21.
            wrong := or(
                wrong,
                and(
                    xor(
                        calldataload(add(start, 69)),
                        0x940000000000000000000000000000000000000000a000000000000000000000
                    ),
                    0xff0000000000000000000000000000000000000000ff00000000000000000000
                )
            )
            // bloom at 189, 256 bytes
            wrong := or(wrong, xor(shr(232, calldataload(add(start, 189))), 0xb90100))
            // equivalent: MIN_SIZE <= size && size <= MAX_SIZE; a smaller size wraps around to a greater value.
            // Every byte read here lies before 448 + 33 + 9 < MIN_SIZE.
            wrong := or(wrong, gt(sub(size, 496), 65042))
            // List prefix f9, two bytes of length, and the first item's a0.
            // equivalent: 0xf90000a0 + ((size - 3) << 8); no carry, for size - 3 has 16 bits where it is in its window
            wrong := or(wrong, xor(shr(224, calldataload(start)), add(0xf8fffda0, shl(8, size))))

            stateRoot := calldataload(add(start, 91))
        }
        uint256 wrongNumber;
        (wrongNumber, height) = _startNumber(header);
        wrong |= wrongNumber;
    }

    /// @dev The part of {_start} from the difficulty on.
    function _startNumber(bytes calldata header) private pure returns (uint256 wrong, uint256 height) {
        assembly ("memory-safe") {
            let start := header.offset
            // The difficulty, the first field of variable length, begins at 448. Before it are 3 bytes of list prefix,
            // five hashes, an address (5 * 33 + 21) and the bloom (3 + 256). After the merge it is one byte, 0x80:
            // zero. Then a number of two to eight bytes has one of seven prefixes, 82 to 88. Both prefixes are compared
            // at once, and a smaller pair wraps around.
            let word := calldataload(add(start, 448))
            let beyond := sub(shr(240, word), 0x8082) // bytes of the number beyond two
            height := shr(sub(240, shl(3, beyond)), shl(16, word))
            // any other pair, and a leading zero, which is refused below
            if or(gt(beyond, 6), iszero(byte(2, word))) {
                // Any difficulty, and any number. `word` begins with the number's item once the difficulty is passed.
                let prefix := byte(0, word)
                word := calldataload(add(start, 449))
                if xor(prefix, 0x80) {
                    switch lt(prefix, 0x80)
                    case 1 {
                        // one byte that is its own encoding; zero is not: zero is 0x80
                        wrong := or(wrong, iszero(prefix))
                    }
                    default {
                        let width := sub(prefix, 0x80)
                        let first := byte(0, word)
                        wrong := or(wrong, gt(width, 32))
                        wrong := or(wrong, iszero(first)) // a leading zero
                        wrong := or(wrong, and(eq(width, 1), lt(first, 0x80))) // a byte that is its own encoding
                        word := calldataload(add(start, add(449, width)))
                    }
                }

                prefix := byte(0, word)
                switch gt(prefix, 0x80)
                case 0 {
                    // equivalent: prefix == 0x80 ? 0 : prefix, where 0x00 is malformed
                    wrong := or(wrong, iszero(prefix))
                    height := and(prefix, 0x7f)
                }
                default {
                    // equivalent: the `prefix - 0x80` bytes after the prefix, as an integer; 0x80 * 8 is 0x400. More
                    // than 32 bytes are too many below: the shift is beyond 256 then, and the height zero.
                    height := shr(sub(0x500, shl(3, prefix)), shl(8, word))
                    // more than 8 bytes, a leading zero, or a byte that is its own encoding
                    wrong := or(wrong, or(gt(prefix, 0x88), or(iszero(byte(1, word)), lt(height, 0x80))))
                }
            }
        }
    }

    /// @dev Reads a header up to its number field by field, as `_start` does, and says which one it stumbled over.
    /// @return malformed the first field that is malformed or missing, LIST, or NONE
    /// @return words the fields
    function _slowStart(bytes calldata header) private pure returns (uint256 malformed, uint256[] memory words) {
        uint256 count;
        words = new uint256[](NUMBER + 1);
        (malformed, count, ) = _walk(header, words, NUMBER + 1);
        if (malformed == NONE && count <= NUMBER) malformed = count;
    }

    /// @dev Walks over at most `limit` fields, checks each and stores the value of those that have a name.
    /// @param words receives fields of up to 32 bytes, right-aligned; the bloom and the extra data are left out
    /// @param limit fields after which the walk stops
    /// @return malformed the first malformed field, LIST, or NONE
    /// @return count fields that are sound
    /// @return named fields that have a name: all, or those up to Prague's where what follows has not Amsterdam's shapes
    function _walk(
        bytes calldata header,
        uint256[] memory words,
        uint256 limit
    ) private pure returns (uint256 malformed, uint256 count, uint256 named) {
        uint256 end = header.length;
        if (end < MIN_SIZE || end > MAX_SIZE) return (LIST, 0, 0);
        // list prefix f9 and a length that covers the rest, exactly. No overflow: `end` has 17 bits.
        if (_word(header, 0) >> 232 != 0xf90000 + (end - 3)) return (LIST, 0, 0);

        uint256 shapes = SHAPES;
        uint256 cursor = 3;
        for (named = AMSTERDAM_FIELDS; cursor < end && count < limit; ++count) {
            (bool sound, uint256 start, uint256 length) = _string(header, cursor, end);
            if (!sound) return (count, count, 0);
            cursor = start + length; // at most `end`, by `_string`

            if (count >= named) continue;
            if (count == MIX_HASH && length != 32) shapes = AURA_SHAPES;
            (sound, words[count]) = _value(header, start, length, (shapes >> (8 * count)) & 0xff);
            if (sound) continue;
            if (count < PRAGUE_FIELDS) return (count, count, 0);
            named = PRAGUE_FIELDS;
        }
        malformed = NONE;
        if (count < named) named = count < PRAGUE_FIELDS ? count : PRAGUE_FIELDS;
    }

    /// @dev Whether a field has its shape, and its value, zero where it is longer than a word.
    function _value(
        bytes calldata header,
        uint256 start,
        uint256 length,
        uint256 shape
    ) private pure returns (bool sound, uint256 value) {
        if (shape == ANY) return (true, 0);
        if (shape == BLOOM) return (length == 256, 0);
        if (shape < 0x80 ? length != shape : length > shape - 0x80) return (false, 0);
        if (length == 0 || length > 32) return (true, 0);
        value = _word(header, start) >> (256 - 8 * length); // length is 1 to 32
        sound = shape < 0x80 || value >> (8 * (length - 1)) != 0; // no leading zero
    }

    /// @dev Reads the prefix of a canonical byte string at `cursor` that ends at or before `end`. No overflow: all are
    /// at most MAX_SIZE. A length of more than two bytes is refused before it is added.
    function _string(
        bytes calldata header,
        uint256 cursor,
        uint256 end
    ) private pure returns (bool sound, uint256 start, uint256 length) {
        uint256 word = _word(header, cursor);
        uint256 prefix = word >> 248;
        if (prefix < 0x80) return (true, cursor, 1);
        if (prefix <= 0xb7) {
            (start, length) = (cursor + 1, prefix - 0x80);
            // `end` bounds the byte that the last test looks at
            sound = start + length <= end && (length != 1 || (word >> 240) & 0xff >= 0x80);
        } else if (prefix == 0xb8) {
            (start, length) = (cursor + 2, (word >> 240) & 0xff);
            sound = start + length <= end && length > 55;
        } else if (prefix == 0xb9) {
            (start, length) = (cursor + 3, (word >> 232) & 0xffff);
            sound = start + length <= end && length > 0xff;
        }
        // longer lengths cannot fit, and a list is no field
    }

    /// @dev The 32 bytes of calldata from `offset` in the header. Bytes beyond its end are whatever follows: callers have bounded what
    /// they use of them.
    function _word(bytes calldata header, uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(header.offset, offset))
        }
    }

    /// @dev Reverts with what `stateFailure` found. It finds out for itself, with the slow reader. So the check that
    /// leads here is one test, and the compiler can put it in its place.
    function _revertWithFailure(bytes calldata header, uint64 number, bytes32 hash, bytes32 stateRoot) private pure {
        bytes memory reason = stateFailure(header, number, hash, stateRoot);
        assembly ("memory-safe") {
            revert(add(reason, 0x20), mload(reason))
        }
    }
}
