// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Account, ProofReason, ProofStatus} from "./ProofTypes.sol";

/// @title What the nodes of `eth_getProof` show, in plain Solidity and with the reason where they show nothing
/// @notice The twin of `src/proof/trie.ts`, and the oracle of {StateProof}. It reads the nodes that a witness leaves out, at about twenty times the
/// gas. Not for production; `StateProofLens` runs it, for programs that ask the EVM.
/// @dev Each node has to be the preimage of the hash above it and canonical RLP, with no byte left over.
library StateProofReference {
    bytes32 private constant EMPTY_ROOT = keccak256(hex"80");

    /// @dev A branch of sixteen hashes.
    uint256 private constant MAX_NODE_BYTES = 532;

    /// @dev Where the walk stands.
    struct Walk {
        bytes32 key; // hashed
        uint256 depth; // nibbles of the key behind it
        bool isExtended; // right below an extension
        bytes32 expected; // hash of the next node
        bool goesOn; // whether there is one
        bytes value; // of the leaf
    }

    /// @notice What nodes show about a key that is a hash already.
    /// @param nodes root first, embedded ones not listed
    function tryHashedKey(
        bytes32 root,
        bytes32 key,
        bytes[] calldata nodes
    ) internal pure returns (ProofStatus status, ProofReason reason, bytes memory value) {
        Walk memory walk;
        (walk.key, walk.expected) = (key, root);
        (status, reason) = _walk(walk, nodes);
        if (status == ProofStatus.Present) value = walk.value;
    }

    /// @notice What nodes show about an account.
    function tryAccount(
        bytes32 stateRoot,
        address account,
        bytes[] calldata nodes
    ) internal pure returns (ProofStatus status, ProofReason reason, Account memory fields) {
        bytes memory value;
        (status, reason, value) = tryHashedKey(stateRoot, keccak256(abi.encodePacked(account)), nodes);
        if (status == ProofStatus.Present) {
            bool isValid;
            (isValid, fields) = _account(value);
            if (!isValid) (status, reason) = (ProofStatus.Invalid, ProofReason.AccountMalformed);
        }
    }

    /// @notice What nodes show about a slot of the account whose storage root this is.
    function trySlot(
        bytes32 storageRoot,
        bytes32 slot,
        bytes[] calldata nodes
    ) internal pure returns (ProofStatus status, ProofReason reason, uint256 integer) {
        bytes memory value;
        (status, reason, value) = tryHashedKey(storageRoot, keccak256(abi.encode(slot)), nodes);
        if (status == ProofStatus.Present) {
            (bool isValid, uint256 found, uint256 end) = _integer(value, 0);
            if (!isValid || end != value.length || found == 0)
                return (ProofStatus.Invalid, ProofReason.ValueMalformed, 0);
            integer = found;
        }
    }

    // --- the walk ---

    function _walk(Walk memory walk, bytes[] calldata nodes) private pure returns (ProofStatus, ProofReason) {
        if (walk.expected == 0) return _invalid(ProofReason.ZeroRoot);
        if (walk.expected == EMPTY_ROOT) return nodes.length == 0 ? _absent() : _invalid(ProofReason.TrailingBytes);
        for (uint256 i = 0; i < nodes.length; i++) {
            if (nodes[i].length > MAX_NODE_BYTES) return _invalid(ProofReason.NodeTooLarge);
            if (nodes[i].length < 32 && i > 0) return _invalid(ProofReason.NodeTooSmall);
            bytes memory node = nodes[i];
            if (keccak256(node) != walk.expected) return _invalid(ProofReason.NodeHashMismatch);
            walk.goesOn = false;
            (ProofStatus status, ProofReason reason) = _follow(walk, node);
            if (walk.goesOn) continue;
            if (status != ProofStatus.Invalid && i + 1 < nodes.length) return _invalid(ProofReason.TrailingBytes);
            return (status, reason);
        }
        return _invalid(ProofReason.Truncated);
    }

    /// @dev A verdict, or `walk.expected`, the hash of the next node. Goes through embedded nodes.
    function _follow(Walk memory walk, bytes memory node) private pure returns (ProofStatus, ProofReason) {
        while (true) {
            uint256[] memory places = _decode(node);
            if (places.length == 0) return _invalid(ProofReason.NodeMalformed);
            bool isBranch = places.length == 18;
            ProofReason reason = isBranch ? _checkBranch(node, places) : _checkShort(node, places);
            if (reason != ProofReason.None) return _invalid(reason);
            ProofStatus status;
            bytes memory child;
            (status, reason, child) = isBranch ? _branch(walk, node, places) : _short(walk, node, places);
            if (status != ProofStatus.Invalid || reason != ProofReason.None) return (status, reason);
            if (child.length == 1) return _absent();
            if (child.length == 33) {
                (walk.expected, walk.goesOn) = (bytes32(_slice(child, 1, 33)), true);
                return _invalid(ProofReason.None);
            }
            node = child;
        }
        // Unreachable: the loop ends by returning.
        return _invalid(ProofReason.NodeMalformed);
    }

    function _branch(
        Walk memory walk,
        bytes memory node,
        uint256[] memory places
    ) private pure returns (ProofStatus, ProofReason, bytes memory) {
        if (walk.depth > 63) return (ProofStatus.Invalid, ProofReason.PathLength, "");
        uint256 index = _nibble(abi.encode(walk.key), walk.depth);
        walk.depth++;
        walk.isExtended = false;
        return (ProofStatus.Invalid, ProofReason.None, _slice(node, places[index], places[index + 1]));
    }

    /// @dev A leaf or an extension.
    function _short(
        Walk memory walk,
        bytes memory node,
        uint256[] memory places
    ) private pure returns (ProofStatus, ProofReason, bytes memory) {
        if (walk.isExtended) return (ProofStatus.Invalid, ProofReason.ExtensionMalformed, "");
        (uint256 flag, bytes memory path) = _path(node, places);
        uint256 skipped = 2 - (flag & 1);
        uint256 reach = walk.depth + 2 * path.length - skipped;
        bool isLeaf = flag >= 2;
        if (isLeaf ? reach != 64 : reach > 63) return (ProofStatus.Invalid, ProofReason.PathLength, "");
        bytes memory key = abi.encode(walk.key);
        for (uint256 i = 0; walk.depth + i < reach; i++) {
            if (_nibble(path, skipped + i) != _nibble(key, walk.depth + i)) {
                return (ProofStatus.Absent, ProofReason.None, "");
            }
        }
        bytes memory item = _slice(node, places[1], places[2]);
        if (isLeaf) {
            walk.value = _payload(item);
            return (ProofStatus.Present, ProofReason.None, "");
        }
        (walk.depth, walk.isExtended) = (reach, true);
        return (ProofStatus.Invalid, ProofReason.None, item);
    }

    // --- nodes ---

    /// @dev Where each of 2 or 17 items starts, and where the last one ends. They fill a list that is all of `node`.
    /// Empty if it is none.
    function _decode(bytes memory node) private pure returns (uint256[] memory places) {
        uint256[] memory found = new uint256[](18);
        uint256 count;
        uint256 place = _listStart(node);
        bool isValid = place != 0;
        found[0] = place;
        while (isValid && place < node.length && count < 17) {
            place = _itemEnd(node, place);
            isValid = place != 0 && place <= node.length;
            found[++count] = place;
        }
        if (!isValid || place != node.length || (count != 2 && count != 17)) return places;
        places = new uint256[](count + 1);
        for (uint256 i = 0; i <= count; i++) places[i] = found[i];
    }

    /// @dev Where the payload of a canonical list starts that is all of `node`; 0 if it is none.
    function _listStart(bytes memory node) private pure returns (uint256) {
        uint256 marker = _byte(node, 0);
        if (marker < 0xc0 || marker > 0xf9) return 0;
        if (marker < 0xf8) return node.length == 1 + (marker - 0xc0) ? 1 : 0;
        if (marker == 0xf8) return _byte(node, 1) >= 56 && node.length == 2 + _byte(node, 1) ? 2 : 0;
        uint256 size = 256 * _byte(node, 1) + _byte(node, 2);
        return size >= 256 && node.length == 3 + size ? 3 : 0;
    }

    /// @dev Where a canonical item ends, perhaps behind the end; 0 if it is none, or too long for a node.
    function _itemEnd(bytes memory node, uint256 place) private pure returns (uint256) {
        uint256 marker = _byte(node, place);
        if (marker < 0x80) return place + 1;
        if (marker == 0x81 && _byte(node, place + 1) < 0x80) return 0;
        if (marker < 0xb8) return place + 1 + (marker - 0x80);
        if (marker == 0xb8) return _byte(node, place + 1) < 56 ? 0 : place + 2 + _byte(node, place + 1);
        return marker >= 0xc0 && marker < 0xf8 ? place + 1 + (marker - 0xc0) : 0;
    }

    function _checkBranch(bytes memory node, uint256[] memory places) private pure returns (ProofReason) {
        uint256 children = 0;
        for (uint256 i = 0; i < 16; i++) {
            uint256 marker = uint8(node[places[i]]);
            if (!_isReference(marker)) return ProofReason.ChildMalformed;
            if (marker != 0x80) children++;
        }
        bool hasValue = uint8(node[places[16]]) != 0x80;
        return children < 2 || hasValue ? ProofReason.BranchMalformed : ProofReason.None;
    }

    /// @dev A path of up to 64 nibbles, and a leaf's value or an extension's child.
    function _checkShort(bytes memory node, uint256[] memory places) private pure returns (ProofReason) {
        uint256 marker = uint8(node[places[0]]);
        if (marker == 0x80 || marker > 0xa1) return ProofReason.PathMalformed;
        (uint256 flag, bytes memory path) = _path(node, places);
        if (flag > 3 || (flag % 2 == 0 && uint8(path[0]) % 16 != 0)) return ProofReason.PathMalformed;
        uint256 kind = uint8(node[places[1]]);
        if (flag >= 2) return kind == 0x80 || kind >= 0xc0 ? ProofReason.ValueMalformed : ProofReason.None;
        if (flag == 0 && path.length == 1) return ProofReason.PathMalformed;
        return kind == 0x80 || !_isReference(kind) ? ProofReason.ChildMalformed : ProofReason.None;
    }

    /// @dev By the first byte: nothing, a hash, or a list of 3 to 31 bytes.
    function _isReference(uint256 marker) private pure returns (bool) {
        return marker == 0x80 || marker == 0xa0 || (marker >= 0xc2 && marker <= 0xde);
    }

    /// @dev A hex-prefix path, and its flag. The flag is 0 or 1 in an extension, 2 or 3 in a leaf. It is odd where the
    /// number of nibbles is.
    function _path(bytes memory node, uint256[] memory places) private pure returns (uint256 flag, bytes memory path) {
        path = _payload(_slice(node, places[0], places[1]));
        flag = uint8(path[0]) / 16;
    }

    // --- values ---

    function _account(bytes memory value) private pure returns (bool, Account memory fields) {
        Account memory none;
        uint256 length = value.length;
        if (length < 70 || uint8(value[0]) != 0xf8 || uint8(value[1]) != length - 2) return (false, none);
        (bool isValid, uint256 nonce, uint256 place) = _integer(value, 2);
        if (!isValid || nonce > type(uint64).max) return (false, none);
        (isValid, fields.balance, place) = _integer(value, place);
        if (!isValid || place + 66 != length) return (false, none);
        if (uint8(value[place]) != 0xa0 || uint8(value[place + 33]) != 0xa0) return (false, none);
        fields.nonce = uint64(nonce);
        fields.storageRoot = bytes32(_slice(value, place + 1, place + 33));
        fields.codeHash = bytes32(_slice(value, place + 34, length));
        return (true, fields);
    }

    /// @dev A canonical integer of up to 32 bytes.
    function _integer(bytes memory data, uint256 place) private pure returns (bool, uint256 value, uint256 end) {
        uint256 marker = _byte(data, place);
        if (place >= data.length || marker == 0 || marker > 0xa0) return (false, 0, 0);
        if (marker < 0x80) return (true, marker, place + 1);
        end = place + 1 + (marker - 0x80);
        if (end > data.length) return (false, 0, 0);
        for (uint256 i = place + 1; i < end; i++) value = value * 256 + uint8(data[i]);
        bool hasLeadingZero = marker > 0x80 && uint8(data[place + 1]) == 0;
        bool hasNeedlessMarker = marker == 0x81 && value < 0x80;
        return (!hasLeadingZero && !hasNeedlessMarker, value, end);
    }

    // --- bytes ---

    /// @dev What a string that was found to be canonical holds.
    function _payload(bytes memory item) private pure returns (bytes memory) {
        uint256 marker = uint8(item[0]);
        return
            _slice(
                item,
                marker < 0x80
                    ? 0
                    : marker == 0xb8
                        ? 2
                        : 1,
                item.length
            );
    }

    function _slice(bytes memory data, uint256 from, uint256 to) private pure returns (bytes memory part) {
        part = new bytes(to - from);
        for (uint256 i = 0; i < part.length; i++) part[i] = data[from + i];
    }

    function _nibble(bytes memory data, uint256 index) private pure returns (uint256) {
        uint256 pair = uint8(data[index / 2]);
        return index % 2 == 0 ? pair / 16 : pair % 16;
    }

    /// @dev Zero behind the end.
    function _byte(bytes memory data, uint256 place) private pure returns (uint256) {
        return place < data.length ? uint8(data[place]) : 0;
    }

    function _invalid(ProofReason reason) private pure returns (ProofStatus, ProofReason) {
        return (ProofStatus.Invalid, reason);
    }

    function _absent() private pure returns (ProofStatus, ProofReason) {
        return (ProofStatus.Absent, ProofReason.None);
    }
}
