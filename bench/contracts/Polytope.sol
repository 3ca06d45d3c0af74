// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {EthereumTrie} from "@polytope-labs/solidity-merkle-trees/src/EthereumTrie.sol";
import {StorageValue} from "@polytope-labs/solidity-merkle-trees/src/trie/Node.sol";
import {RLPReader} from "@polytope-labs/solidity-merkle-trees/src/trie/ethereum/RLPReader.sol";

abstract contract Polytope {
    using RLPReader for bytes;
    using RLPReader for RLPReader.RLPItem;

    function _stateRoot(bytes memory header, uint64 number, bytes32 hash) internal pure returns (bytes32) {
        require(keccak256(header) == hash, "hash");
        RLPReader.RLPItem[] memory fields = header.toRlpItem().toList();
        require(fields[8].toUint() == number, "number");
        return bytes32(fields[3].toUint());
    }

    function _storageRoot(bytes32 stateRoot, address account, bytes[] memory proof) internal pure returns (bytes32) {
        bytes[] memory keys = new bytes[](1);
        keys[0] = abi.encodePacked(keccak256(abi.encodePacked(account)));
        return
            bytes32(EthereumTrie.VerifyProof(stateRoot, proof, keys)[0].value.toRlpItem().toList()[2].toUintStrict());
    }

    /// @dev Here an empty value means that the slot is absent.
    function _values(
        bytes32 storageRoot,
        bytes32[] memory slots,
        bytes[] memory proof
    ) internal pure returns (uint256[] memory values) {
        bytes[] memory keys = new bytes[](slots.length);
        for (uint256 i = 0; i < slots.length; ++i) keys[i] = abi.encodePacked(keccak256(abi.encode(slots[i])));
        StorageValue[] memory found = EthereumTrie.VerifyProof(storageRoot, proof, keys);
        values = new uint256[](slots.length);
        for (uint256 i = 0; i < slots.length; ++i) {
            if (found[i].value.length != 0) values[i] = found[i].value.toRlpItem().toUint();
        }
    }

    function _value(bytes32 storageRoot, bytes32 slot, bytes[] memory proof) internal pure returns (uint256) {
        bytes32[] memory slots = new bytes32[](1);
        slots[0] = slot;
        return _values(storageRoot, slots, proof)[0];
    }
}

contract PolytopeHeader is Polytope {
    function check(bytes calldata header, uint64 number, bytes32 hash) external pure returns (bytes32) {
        return _stateRoot(header, number, hash);
    }
}

contract PolytopeSlot is Polytope {
    function run(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        bytes[] calldata accountProof,
        bytes[] calldata storageProof
    ) external pure returns (uint256) {
        return _value(_storageRoot(stateRoot, account, accountProof), slot, storageProof);
    }
}

contract PolytopeFull is Polytope {
    function full(
        bytes calldata header,
        uint64 number,
        bytes32 hash,
        address account,
        bytes32 slot,
        bytes[] calldata accountProof,
        bytes[] calldata storageProof
    ) external pure returns (uint256) {
        bytes32 stateRoot = _stateRoot(header, number, hash);
        return _value(_storageRoot(stateRoot, account, accountProof), slot, storageProof);
    }
}

/// @notice Nodes that slots share are sent once: the library looks each node up by its hash.
contract PolytopeMany is Polytope {
    function many(
        bytes32 stateRoot,
        address account,
        bytes32[] calldata slots,
        bytes[] calldata accountProof,
        bytes[] calldata nodes
    ) external pure returns (uint256[] memory) {
        return _values(_storageRoot(stateRoot, account, accountProof), slots, nodes);
    }
}
