// SPDX-License-Identifier: MIT
pragma solidity ^0.6.12;
pragma experimental ABIEncoderV2;

import {BlockVerifier} from "@keydonix/uniswap-oracle-contracts/source/BlockVerifier.sol";
import {MerklePatriciaVerifier} from "@keydonix/uniswap-oracle-contracts/source/MerklePatriciaVerifier.sol";
import {Rlp} from "@keydonix/uniswap-oracle-contracts/source/Rlp.sol";

abstract contract Keydonix {
    /// @dev The library asks BLOCKHASH itself; the hash that others are given is not looked at.
    function _stateRoot(bytes memory header, uint64 expected) internal view returns (bytes32) {
        (bytes32 stateRoot, , uint256 number) = BlockVerifier.extractStateRootAndTimestamp(header);
        require(number == expected, "number");
        return stateRoot;
    }

    function _storageRoot(bytes32 stateRoot, address account, bytes memory proof) internal pure returns (bytes32) {
        bytes32 key = keccak256(abi.encodePacked(account));
        bytes memory value = MerklePatriciaVerifier.getValueFromProof(stateRoot, key, proof);
        return Rlp.toBytes32(Rlp.toList(Rlp.toItem(value))[2]);
    }

    function _value(bytes32 storageRoot, bytes32 slot, bytes memory proof) internal pure returns (uint256) {
        bytes32 key = keccak256(abi.encode(slot));
        return Rlp.rlpBytesToUint256(MerklePatriciaVerifier.getValueFromProof(storageRoot, key, proof));
    }
}

contract KeydonixHeader is Keydonix {
    function check(bytes calldata header, uint64 number, bytes32) external view returns (bytes32) {
        return _stateRoot(header, number);
    }
}

contract KeydonixSlot is Keydonix {
    function run(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        bytes calldata accountProof,
        bytes calldata storageProof
    ) external pure returns (uint256) {
        return _value(_storageRoot(stateRoot, account, accountProof), slot, storageProof);
    }
}

contract KeydonixFull is Keydonix {
    function full(
        bytes calldata header,
        uint64 number,
        bytes32,
        address account,
        bytes32 slot,
        bytes calldata accountProof,
        bytes calldata storageProof
    ) external view returns (uint256) {
        return _value(_storageRoot(_stateRoot(header, number), account, accountProof), slot, storageProof);
    }
}

contract KeydonixMany is Keydonix {
    function many(
        bytes32 stateRoot,
        address account,
        bytes32[] calldata slots,
        bytes calldata accountProof,
        bytes[] calldata storageProofs
    ) external pure returns (uint256[] memory values) {
        bytes32 storageRoot = _storageRoot(stateRoot, account, accountProof);
        values = new uint256[](slots.length);
        for (uint256 i = 0; i < slots.length; ++i) values[i] = _value(storageRoot, slots[i], storageProofs[i]);
    }
}
