// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {BlockHeader} from "@openzeppelin/contracts/utils/BlockHeader.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";

abstract contract OpenZeppelin {
    using RLP for *;

    function _stateRoot(bytes memory header, uint64 number, bytes32 hash) internal pure returns (bytes32) {
        require(keccak256(header) == hash, "hash");
        Memory.Slice[] memory fields = BlockHeader.parseHeader(header);
        require(BlockHeader.getNumber(fields) == number, "number");
        return BlockHeader.getStateRoot(fields);
    }

    function _storageRoot(bytes32 stateRoot, address account, bytes[] memory proof) internal pure returns (bytes32) {
        bytes memory key = abi.encodePacked(keccak256(abi.encodePacked(account)));
        return RLP.decodeList(TrieProof.traverse(stateRoot, key, proof))[2].readBytes32();
    }

    function _value(bytes32 storageRoot, bytes32 slot, bytes[] memory proof) internal pure returns (uint256) {
        return RLP.decodeUint256(TrieProof.traverse(storageRoot, abi.encodePacked(keccak256(abi.encode(slot))), proof));
    }
}

contract OpenZeppelinHeader is OpenZeppelin {
    function check(bytes calldata header, uint64 number, bytes32 hash) external pure returns (bytes32) {
        return _stateRoot(header, number, hash);
    }
}

contract OpenZeppelinSlot is OpenZeppelin {
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

contract OpenZeppelinFull is OpenZeppelin {
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

contract OpenZeppelinMany is OpenZeppelin {
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
