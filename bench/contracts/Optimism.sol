// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {RLPReader} from "@eth-optimism/contracts-bedrock/src/libraries/rlp/RLPReader.sol";
import {SecureMerkleTrie} from "@eth-optimism/contracts-bedrock/src/libraries/trie/SecureMerkleTrie.sol";

abstract contract Optimism {
    function _stateRoot(bytes memory header, uint64 number, bytes32 hash) internal pure returns (bytes32) {
        require(keccak256(header) == hash, "hash");
        RLPReader.RLPItem[] memory fields = RLPReader.readList(header);
        require(uint256(_toWord(RLPReader.readBytes(fields[8]))) == number, "number");
        return _toWord(RLPReader.readBytes(fields[3]));
    }

    function _storageRoot(bytes32 stateRoot, address account, bytes[] memory proof) internal pure returns (bytes32) {
        bytes memory value = SecureMerkleTrie.get(abi.encodePacked(account), proof, stateRoot);
        return _toWord(RLPReader.readBytes(RLPReader.readList(value)[2]));
    }

    function _value(bytes32 storageRoot, bytes32 slot, bytes[] memory proof) internal pure returns (uint256) {
        bytes memory value = SecureMerkleTrie.get(abi.encode(slot), proof, storageRoot);
        return uint256(_toWord(RLPReader.readBytes(value)));
    }

    function _toWord(bytes memory data) private pure returns (bytes32) {
        return bytes32(data) >> (8 * (32 - data.length));
    }
}

contract OptimismHeader is Optimism {
    function check(bytes calldata header, uint64 number, bytes32 hash) external pure returns (bytes32) {
        return _stateRoot(header, number, hash);
    }
}

contract OptimismSlot is Optimism {
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

contract OptimismFull is Optimism {
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

contract OptimismMany is Optimism {
    function many(
        bytes32 stateRoot,
        address account,
        bytes32[] calldata slots,
        bytes[] calldata accountProof,
        bytes[][] calldata storageProofs
    ) external pure returns (uint256[] memory values) {
        bytes32 storageRoot = _storageRoot(stateRoot, account, accountProof);
        values = new uint256[](slots.length);
        for (uint256 i = 0; i < slots.length; ++i) values[i] = _value(storageRoot, slots[i], storageProofs[i]);
    }
}
