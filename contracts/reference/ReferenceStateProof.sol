// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Account, ProofReason, ProofStatus} from "../proof/ProofTypes.sol";

/// @title The readable twin of {TrieWalk}, {StateProof} and {StateWitness}
/// @notice Says the same about the same bytes, without assembly and at about twenty times the gas. Not for production.
/// @dev Rules 1 to 3 are those of {TrieWalk}. Where several slots are proven, this one walks every slot from the root and hashes
/// every node again: it takes the nodes that a slot shares with the one before from that one's path, the others from the witness.
library ReferenceStateProof {
    bytes32 private constant EMPTY_ROOT = keccak256(hex"80");
    uint256 private constant MAX_NODE_BYTES = 532;
    uint256 private constant MAX_PROOF_BYTES = 65 * MAX_NODE_BYTES;
    uint256 private constant MAX_SLOTS = 1024;

    /// @dev A node that the walk hashed: where it lies, and how many nibbles lead to it.
    struct Visited {
        uint256 place;
        uint256 depth;
    }

    struct Walk {
        bytes32 key; // hashed
        bytes32 expected; // hash of the next node
        uint256 depth; // nibbles consumed
        bool extended; // right below an extension
        uint256 cursor; // where the next new node starts
        Visited[] path; // the nodes of this walk, and before it starts those of the last
        uint256 visited; // how many of them this walk has been through
        uint256 shared; // how many of them are the last walk's
        uint256 valueStart;
        uint256 valueEnd;
    }

    function tryHashedKey(
        bytes32 root,
        bytes32 key,
        bytes calldata proof
    ) internal pure returns (ProofStatus status, ProofReason reason, bytes calldata value) {
        Walk memory walk = _newWalk();
        (status, reason) = _whole(walk, root, key, proof);
        value = status == ProofStatus.Present ? proof[walk.valueStart:walk.valueEnd] : proof[0:0];
    }

    function tryAccount(
        bytes32 stateRoot,
        address account,
        bytes calldata proof
    ) internal pure returns (ProofStatus status, ProofReason reason, Account memory fields) {
        Walk memory walk = _newWalk();
        (status, reason) = _whole(walk, stateRoot, keccak256(abi.encodePacked(account)), proof);
        if (status == ProofStatus.Present) {
            (bool valid, Account memory found) = _account(proof[walk.valueStart:walk.valueEnd]);
            if (!valid) return (ProofStatus.Invalid, ProofReason.AccountMalformed, fields);
            fields = found;
        }
    }

    function trySlot(
        bytes32 storageRoot,
        bytes32 slot,
        bytes calldata proof
    ) internal pure returns (ProofStatus status, ProofReason reason, uint256 value) {
        Walk memory walk = _newWalk();
        (status, reason) = _whole(walk, storageRoot, keccak256(abi.encode(slot)), proof);
        if (status == ProofStatus.Present) {
            value = _slot(proof[walk.valueStart:walk.valueEnd]);
            if (value == 0) return (ProofStatus.Invalid, ProofReason.ValueMalformed, 0);
        }
    }

    function trySlots(
        bytes32 stateRoot,
        address account,
        bytes32[] calldata slots,
        bytes calldata witness
    )
        internal
        pure
        returns (ProofStatus accountStatus, ProofStatus[] memory statuses, uint256[] memory values, ProofReason reason)
    {
        Walk memory walk = _newWalk();
        bytes32 storageRoot = EMPTY_ROOT;
        reason = ProofReason.WitnessTooLarge;
        if (slots.length <= MAX_SLOTS && witness.length <= (slots.length + 1) * MAX_PROOF_BYTES) {
            (accountStatus, reason) = _walk(walk, stateRoot, keccak256(abi.encodePacked(account)), witness);
        }
        if (accountStatus == ProofStatus.Present) {
            (bool valid, Account memory fields) = _account(witness[walk.valueStart:walk.valueEnd]);
            if (!valid) reason = ProofReason.AccountMalformed;
            storageRoot = fields.storageRoot;
        }
        if (reason == ProofReason.None) {
            walk.path = _newWalk().path;
            walk.visited = 0;
            (reason, statuses, values) = _slots(walk, storageRoot, slots, witness);
        }
        if (reason != ProofReason.None) {
            return (ProofStatus.Invalid, new ProofStatus[](0), new uint256[](0), reason);
        }
    }

    function _slots(
        Walk memory walk,
        bytes32 storageRoot,
        bytes32[] calldata slots,
        bytes calldata witness
    ) private pure returns (ProofReason reason, ProofStatus[] memory statuses, uint256[] memory values) {
        statuses = new ProofStatus[](slots.length);
        values = new uint256[](slots.length);
        bytes32 previous;
        for (uint256 i = 0; i < slots.length; i++) {
            bytes32 key = keccak256(abi.encode(slots[i]));
            if (i > 0 && key <= previous) return (ProofReason.SlotOrder, statuses, values);

            // The nodes of the last path that were entered by nibbles which both keys have are on this key's way too.
            walk.shared = 0;
            while (walk.shared < walk.visited && _sharesNibbles(key, previous, walk.path[walk.shared].depth))
                walk.shared++;
            (statuses[i], reason) = _walk(walk, storageRoot, key, witness);
            if (reason != ProofReason.None) return (reason, statuses, values);
            if (statuses[i] == ProofStatus.Present) {
                values[i] = _slot(witness[walk.valueStart:walk.valueEnd]);
                if (values[i] == 0) return (ProofReason.ValueMalformed, statuses, values);
            }
            previous = key;
        }
        if (walk.cursor != witness.length) reason = ProofReason.TrailingBytes;
    }

    // --- the walk ---

    function _newWalk() private pure returns (Walk memory walk) {
        // A walk has at most 65 nodes.
        walk.path = new Visited[](65);
    }

    function _whole(
        Walk memory walk,
        bytes32 root,
        bytes32 key,
        bytes calldata proof
    ) private pure returns (ProofStatus status, ProofReason reason) {
        if (proof.length > MAX_PROOF_BYTES) return (ProofStatus.Invalid, ProofReason.WitnessTooLarge);
        (status, reason) = _walk(walk, root, key, proof);
        if (reason == ProofReason.None && walk.cursor != proof.length) {
            return (ProofStatus.Invalid, ProofReason.TrailingBytes);
        }
    }

    /// @dev From the root to the key. One turn of the outer loop is one hashed node, one of the inner a node or one embedded in it.
    function _walk(
        Walk memory walk,
        bytes32 root,
        bytes32 key,
        bytes calldata data
    ) private pure returns (ProofStatus, ProofReason) {
        if (root == 0) return _invalid(ProofReason.ZeroRoot);
        walk.visited = 0;
        if (root == EMPTY_ROOT) return _absent();
        walk.key = key;
        walk.expected = root;
        walk.depth = 0;
        walk.extended = false;
        while (true) {
            (ProofReason reason, uint256 start, uint256 end) = _nextNode(walk, data);
            if (reason != ProofReason.None) return _invalid(reason);
            while (true) {
                uint256 child;
                ProofStatus status;
                (status, reason, child) = _follow(walk, data[start:end]);
                if (reason != ProofReason.None) return _invalid(reason);
                if (status != ProofStatus.Invalid) {
                    walk.valueStart += start;
                    walk.valueEnd += start;
                    return (status, ProofReason.None);
                }
                // `child` is the reference's place in the node.
                child += start;
                uint256 marker = uint8(data[child]);
                if (marker == 0x80) return _absent();
                if (marker == 0xa0) {
                    walk.expected = bytes32(data[child + 1:child + 33]);
                    break;
                }
                if (marker < 0xc0 || marker > 0xde) return _invalid(ProofReason.ChildMalformed);
                start = child + 1;
                end = start + (marker - 0xc0);
            }
        }
        // Unreachable: the loop ends by returning.
        return _invalid(ProofReason.Truncated);
    }

    /// @dev The payload of the next node: a list, canonical, no larger than a node may be, and the preimage of the expected hash.
    function _nextNode(
        Walk memory walk,
        bytes calldata data
    ) private pure returns (ProofReason reason, uint256 start, uint256 end) {
        if (walk.depth > 64) return (ProofReason.PathLength, 0, 0);
        bool replayed = walk.visited < walk.shared;
        uint256 place = replayed ? walk.path[walk.visited].place : walk.cursor;
        if (place >= data.length) return (ProofReason.Truncated, 0, 0);
        uint256 marker = uint8(data[place]);
        if (marker < 0xc0) return (ProofReason.NodeMalformed, 0, 0);
        if (marker > 0xf9) return (ProofReason.NodeTooLarge, 0, 0);
        uint256 size = marker - 0xc0;
        start = place + 1;
        if (marker >= 0xf8) {
            start = place + (marker == 0xf8 ? 2 : 3);
            if (start > data.length) return (ProofReason.Truncated, 0, 0);
            size =
                marker == 0xf8
                    ? uint8(data[place + 1])
                    : uint256(uint8(data[place + 1])) * 256 + uint8(data[place + 2]);
            if (size < (marker == 0xf8 ? 56 : 256)) return (ProofReason.NodeMalformed, 0, 0);
            if (size > MAX_NODE_BYTES - 3) return (ProofReason.NodeTooLarge, 0, 0);
        }
        end = start + size;
        if (end > data.length) return (ProofReason.Truncated, 0, 0);
        if (end - place < 32 && walk.depth > 0) return (ProofReason.NodeTooSmall, 0, 0);
        if (keccak256(data[place:end]) != walk.expected) return (ProofReason.NodeHashMismatch, 0, 0);
        walk.path[walk.visited] = Visited(place, walk.depth);
        walk.visited++;
        if (!replayed) walk.cursor = end;
    }

    /// @dev What a node says about the key: Absent or Present, or else (Invalid without a reason) where its reference stands.
    function _follow(
        Walk memory walk,
        bytes calldata node
    ) private pure returns (ProofStatus, ProofReason, uint256 child) {
        if (node.length < 2) return _failed(ProofReason.NodeMalformed);
        if (node.length == MAX_NODE_BYTES - 3) {
            // Rule 1.
            child = 33 * _nibble(walk.key, walk.depth);
            if (uint8(node[child]) != 0xa0) return _failed(ProofReason.ChildMalformed);
        } else if (_isShort(walk, node)) {
            return _followPath(walk, node);
        } else {
            if (walk.depth > 63) return _failed(ProofReason.PathLength);
            bool valid;
            (valid, child) = _branchChild(node, _nibble(walk.key, walk.depth));
            if (!valid) return _failed(ProofReason.BranchMalformed);
        }
        walk.depth += 1;
        walk.extended = false;
        return (ProofStatus.Invalid, ProofReason.None, child);
    }

    /// @dev Rule 3.
    function _isShort(Walk memory walk, bytes calldata node) private pure returns (bool) {
        uint256 marker = _byte(node, 0);
        if (marker != 0xa0) return marker < 0xc0 && marker != 0x80;
        if (walk.depth > 2) return false;
        uint256 second = _byte(node, 33);
        uint256 size = 1;
        if (second == 0xb8 || second == 0xf8) size = 2 + _byte(node, 34);
        else if (second > 0x7f) size = 1 + (second % 64);
        return 33 + size == node.length;
    }

    /// @dev Rule 2.
    function _branchChild(bytes calldata node, uint256 index) private pure returns (bool, uint256 child) {
        uint256 value = node.length - 1;
        if (uint8(node[value]) != 0x80) return (false, 0);
        bool isPlain = node.length >= 81 && (node.length - 17) % 32 == 0;
        if (!isPlain && !_isSixteen(node)) return (false, 0);
        for (uint256 i = 0; i < index; i++) child += 1 + (_byte(node, child) % 64);
        return (child + 1 + (_byte(node, child) % 64) <= value, child);
    }

    /// @dev Whether sixteen children, two of them or more not empty, end where the value stands.
    function _isSixteen(bytes calldata node) private pure returns (bool) {
        uint256 place = 0;
        uint256 children = 0;
        for (uint256 i = 0; i < 16; i++) {
            uint256 more = _byte(node, place) % 64;
            if (more > 0) children++;
            place += 1 + more;
        }
        return place + 1 == node.length && children > 1;
    }

    /// @dev A leaf or an extension.
    function _followPath(
        Walk memory walk,
        bytes calldata node
    ) private pure returns (ProofStatus, ProofReason, uint256) {
        (ProofReason reason, bytes calldata path) = _path(node);
        if (reason != ProofReason.None) return _failed(reason);
        if (walk.extended) return _failed(ProofReason.ExtensionMalformed);
        uint256 flag = uint8(path[0]) / 16;
        uint256 nibbles = 2 * (path.length - 1) + (flag % 2);
        bool onPath = _onPath(walk, path, nibbles);
        // A path of one byte below 0x80 has no marker before it.
        uint256 second = path.length + (path.length == 1 ? 0 : 1);
        if (flag >= 2) return _followLeaf(walk, node, second, nibbles, onPath);
        return _followExtension(walk, node, second, nibbles, onPath);
    }

    /// @dev The first of two items: a hex-prefix path of 1..33 bytes, with something behind it.
    function _path(bytes calldata node) private pure returns (ProofReason reason, bytes calldata path) {
        uint256 marker = uint8(node[0]);
        uint256 start = marker < 0x80 ? 0 : 1;
        path = node[0:0];
        if (marker >= 0x80 && (marker < 0x82 || marker > 0xa1)) return (ProofReason.PathMalformed, path);
        uint256 end = marker < 0x80 ? 1 : 1 + (marker - 0x80);
        if (end >= node.length) return (ProofReason.NodeMalformed, path);
        path = node[start:end];
        uint256 flag = uint8(path[0]) / 16;
        if (flag > 3 || (flag % 2 == 0 && uint8(path[0]) % 16 != 0)) reason = ProofReason.PathMalformed;
    }

    function _followLeaf(
        Walk memory walk,
        bytes calldata node,
        uint256 second,
        uint256 nibbles,
        bool onPath
    ) private pure returns (ProofStatus, ProofReason, uint256) {
        if (walk.depth + nibbles != 64) return _failed(ProofReason.PathLength);
        uint256 marker = uint8(node[second]);
        uint256 start = second;
        uint256 end = second + 1;
        if (marker > 0xb8) return _failed(ProofReason.ValueMalformed);
        if (marker == 0xb8) {
            start = second + 2;
            end = start + _byte(node, second + 1);
        } else if (marker >= 0x80) {
            start = second + 1;
            end = start + (marker - 0x80);
        }
        if (end != node.length) return _failed(ProofReason.NodeMalformed);
        if (end == start || (marker == 0x81 && uint8(node[start]) < 0x80) || (marker == 0xb8 && end - start < 56))
            return _failed(ProofReason.ValueMalformed);
        if (!onPath) return (ProofStatus.Absent, ProofReason.None, 0);
        walk.valueStart = start;
        walk.valueEnd = end;
        return (ProofStatus.Present, ProofReason.None, 0);
    }

    function _followExtension(
        Walk memory walk,
        bytes calldata node,
        uint256 second,
        uint256 nibbles,
        bool onPath
    ) private pure returns (ProofStatus, ProofReason, uint256) {
        if (nibbles == 0) return _failed(ProofReason.PathMalformed);
        if (walk.depth + nibbles > 63) return _failed(ProofReason.PathLength);
        uint256 marker = uint8(node[second]);
        if (marker != 0xa0 && (marker < 0xc0 || marker > 0xde)) return _failed(ProofReason.ChildMalformed);
        if (second + 1 + (marker % 64) != node.length) return _failed(ProofReason.NodeMalformed);
        if (!onPath) return (ProofStatus.Absent, ProofReason.None, 0);
        walk.depth += nibbles;
        walk.extended = true;
        return (ProofStatus.Invalid, ProofReason.None, second);
    }

    /// @dev Whether the nibbles behind a path's flag, and behind its pad where they are even, are the key's next ones.
    function _onPath(Walk memory walk, bytes calldata path, uint256 nibbles) private pure returns (bool) {
        uint256 skipped = 2 * path.length - nibbles;
        for (uint256 i = 0; i < nibbles; i++) {
            uint256 place = skipped + i;
            uint256 pair = uint8(path[place / 2]);
            if ((place % 2 == 0 ? pair / 16 : pair % 16) != _nibble(walk.key, walk.depth + i)) return false;
        }
        return true;
    }

    // --- leaf values ---

    function _account(bytes calldata value) private pure returns (bool, Account memory fields) {
        uint256 length = value.length;
        if (length < 70 || uint8(value[0]) != 0xf8 || uint8(value[1]) != length - 2) return (false, fields);
        (bool valid, uint256 nonce, uint256 next) = _integer(value, 2);
        if (!valid || nonce > type(uint64).max) return (false, fields);
        fields.nonce = uint64(nonce);
        (valid, fields.balance, next) = _integer(value, next);
        if (!valid || next + 66 != length) return (false, fields);
        if (uint8(value[next]) != 0xa0 || uint8(value[next + 33]) != 0xa0) return (false, fields);
        fields.storageRoot = bytes32(value[next + 1:next + 33]);
        fields.codeHash = bytes32(value[next + 34:]);
        return (true, fields);
    }

    /// @dev Zero if the value is malformed: a stored slot is never zero.
    function _slot(bytes calldata value) private pure returns (uint256) {
        (bool valid, uint256 integer, uint256 next) = _integer(value, 0);
        return valid && next == value.length ? integer : 0;
    }

    function _integer(bytes calldata data, uint256 place) private pure returns (bool, uint256 value, uint256 next) {
        uint256 marker = _byte(data, place);
        if (marker == 0 || marker > 0xa0) return (false, 0, 0);
        if (marker < 0x80) return (true, marker, place + 1);
        next = place + 1 + (marker - 0x80);
        if (next > data.length) return (false, 0, 0);
        for (uint256 i = place + 1; i < next; i++) value = value * 256 + uint8(data[i]);
        bool leadingZero = marker > 0x80 && uint8(data[place + 1]) == 0;
        bool needlessPrefix = marker == 0x81 && value < 0x80;
        return (!leadingZero && !needlessPrefix, value, next);
    }

    // --- small things ---

    function _sharesNibbles(bytes32 a, bytes32 b, uint256 count) private pure returns (bool) {
        for (uint256 i = 0; i < count; i++) {
            if (_nibble(a, i) != _nibble(b, i)) return false;
        }
        return true;
    }

    /// @dev Zero behind the 64th.
    function _nibble(bytes32 key, uint256 index) private pure returns (uint256) {
        if (index > 63) return 0;
        uint256 pair = uint8(key[index / 2]);
        return index % 2 == 0 ? pair / 16 : pair % 16;
    }

    /// @dev Zero behind the end.
    function _byte(bytes calldata data, uint256 place) private pure returns (uint256) {
        return place < data.length ? uint8(data[place]) : 0;
    }

    function _invalid(ProofReason reason) private pure returns (ProofStatus, ProofReason) {
        return (ProofStatus.Invalid, reason);
    }

    function _absent() private pure returns (ProofStatus, ProofReason) {
        return (ProofStatus.Absent, ProofReason.None);
    }

    function _failed(ProofReason reason) private pure returns (ProofStatus, ProofReason, uint256) {
        return (ProofStatus.Invalid, reason, 0);
    }
}
