// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {HeaderReader} from "../header/HeaderReader.sol";
import {Answer} from "../interfaces/IBlockHashSource.sol";
import {ISourceErrors} from "../interfaces/ISourceErrors.sol";
import {BlockHashCommitment, IStateProver} from "../interfaces/IStateProver.sol";
import {Account} from "./ProofTypes.sol";
import {StateProof} from "./StateProof.sol";
import {HashRing, HashRings} from "../anchor/sources/HashRing.sol";
import {Sources} from "../anchor/sources/Sources.sol";

/// @title A ring of hashes as a state prover (ERC-7888)
/// @notice Its commitments are block hashes, of the home chain and of the target chain alike. The target chain is the ring's.
/// @dev Deployed with the same arguments on every chain. On the home chain it asks the ring; on any other it reads the
/// ring's storage from a proof. A slot that is absent reads as zero: the interface has no word for absence.
contract RingStateProver is IStateProver, ISourceErrors {
    /// @notice The ring, on the home chain.
    HashRing public immutable ring;
    uint256 private immutable _homeChainId;
    uint256 private immutable _size;
    bytes32 private immutable _codeHash;

    /// @param ring_ its address on the home chain
    /// @param homeChainId the chain on which it is
    /// @param size of the ring
    /// @param codeHash of the ring's code there. A chain that puts other code in its place proves nothing here
    constructor(HashRing ring_, uint256 homeChainId, uint256 size, bytes32 codeHash) {
        (ring, _homeChainId, _size, _codeHash) = (ring_, homeChainId, size, codeHash);
        if (block.chainid != homeChainId) return;
        if (address(ring_).codehash != codeHash) revert CodeDiffers(address(ring_), codeHash, address(ring_).codehash);
        if (ring_.size() != size) revert RingSize(size);
    }

    /// @inheritdoc IStateProver
    function version() external pure returns (uint256) {
        return 1;
    }

    /// @inheritdoc IStateProver
    /// @param input ABI encoding of the block's height, a uint64
    function getTargetStateCommitment(bytes calldata input) external view returns (bytes32 hash) {
        if (block.chainid != _homeChainId) {
            revert SourceOfOtherChain(address(ring), _homeChainId, block.chainid);
        }
        uint64 number = abi.decode(input, (uint64));
        Answer answer;
        (answer, hash) = Sources.ask(ring, number);
        if (answer != Answer.Known) revert NothingToRecord(number);
    }

    /// @inheritdoc IStateProver
    /// @param input ABI encoding of the arguments of `hashIn`, without the first
    /// @dev Reverts with OnHomeChain there: what the ring held at an old block is not what it holds now.
    function verifyTargetStateCommitment(
        bytes32 homeBlockHash,
        bytes calldata input
    ) external view returns (bytes32 hash) {
        if (block.chainid == _homeChainId) revert OnHomeChain(_homeChainId);
        (uint64 number, bytes memory header, bytes32[] memory slots, bytes memory witness) = abi.decode(
            input,
            (uint64, bytes, bytes32[], bytes)
        );
        return
            BlockHashCommitment.unwrap(
                this.hashIn(BlockHashCommitment.wrap(homeBlockHash), number, header, slots, witness)
            );
    }

    /// @inheritdoc IStateProver
    /// @param input ABI encoding of the arguments of `slotIn`, without the first
    function verifyStorageSlot(
        bytes32 targetBlockHash,
        bytes calldata input
    ) external view returns (address account, uint256 slot, bytes32 value) {
        bytes memory header;
        bytes memory witness;
        (account, slot, header, witness) = abi.decode(input, (address, uint256, bytes, bytes));
        value = this.slotIn(BlockHashCommitment.wrap(targetBlockHash), account, slot, header, witness);
    }

    /// @notice The hash of the target chain's block `number`, as the ring had it after a block of the home chain.
    /// @param header RLP of the home block's header
    /// @param slots `slotsOf(number)`
    /// @param witness what `prove` returns for the ring and these slots
    function hashIn(
        BlockHashCommitment homeBlockHash,
        uint64 number,
        bytes calldata header,
        bytes32[] calldata slots,
        bytes calldata witness
    ) external view returns (BlockHashCommitment) {
        bool isHashFirst = _requireSlots(number, slots);
        uint256[] memory values = _valuesIn(homeBlockHash, header, slots, witness);
        bytes32 hash = bytes32(values[isHashFirst ? 0 : 1]);
        // The place may hold another height's hash by then, or none.
        uint256 height = HashRings.heightIn(values[isHashFirst ? 1 : 0], number % _size);
        if (hash == bytes32(0) || height != number) revert NothingToRecord(number);
        return BlockHashCommitment.wrap(hash);
    }

    /// @notice The value of a slot after a block of the target chain, zero where it is absent.
    /// @param header RLP of the target block's header
    /// @param witness what `prove` returns for the account and the slot
    function slotIn(
        BlockHashCommitment targetBlockHash,
        address account,
        uint256 slot,
        bytes calldata header,
        bytes calldata witness
    ) external pure returns (bytes32 value) {
        (, bytes32 stateRoot) = HeaderReader.open(header, BlockHashCommitment.unwrap(targetBlockHash));
        (, uint256 word, ) = StateProof.readAccountSlot(stateRoot, account, bytes32(slot), witness);
        return bytes32(word);
    }

    /// @notice The ring's two slots that hold a block's hash and height, in the order of their hashes.
    /// @return first of the two
    /// @return second of the two
    /// @return isHashFirst whether the first is that of the hash
    function slotsOf(uint64 number) public view returns (bytes32 first, bytes32 second, bool isHashFirst) {
        (first, second) = HashRings.slotsAt(number % _size);
        isHashFirst = keccak256(abi.encode(first)) < keccak256(abi.encode(second));
        if (!isHashFirst) (first, second) = (second, first);
    }

    /// @dev What the ring's slots held after a block of the home chain, where its code was the one expected.
    function _valuesIn(
        BlockHashCommitment homeBlockHash,
        bytes calldata header,
        bytes32[] calldata slots,
        bytes calldata witness
    ) private view returns (uint256[] memory values) {
        (, bytes32 stateRoot) = HeaderReader.open(header, BlockHashCommitment.unwrap(homeBlockHash));
        Account memory fields;
        (, fields, values) = StateProof.readAccountSlots(stateRoot, address(ring), slots, witness);
        if (fields.codeHash != _codeHash) revert CodeDiffers(address(ring), _codeHash, fields.codeHash);
    }

    /// @dev Whether the first of the two slots is that of the hash.
    function _requireSlots(uint64 number, bytes32[] calldata slots) private view returns (bool isHashFirst) {
        bytes32 first;
        bytes32 second;
        (first, second, isHashFirst) = slotsOf(number);
        if (slots.length != 2 || slots[0] != first || slots[1] != second) revert NothingToRecord(number);
    }
}
