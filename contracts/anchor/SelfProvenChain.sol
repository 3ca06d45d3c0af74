// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {HeaderTime} from "../header/HeaderTime.sol";
import {ChainFault, IChainErrors} from "../interfaces/IChainErrors.sol";
import {AnchorGuard} from "./AnchorGuard.sol";
import {ChainClock} from "./ChainClock.sol";

/// @title A chain that nobody listed proves itself
/// @notice To be inherited beside a guard. Whoever deploys hands the header of a recent block. Its height, hash and parent must be
/// what the contract's source of block hashes says. Its time must be at most an hour ago. On a chain that is listed the header may be empty.
/// @dev The hooks are asked (`_blockNumber`, `_blockHash`), so a source of the contract's own is proven the same way. Arbitrum's opcodes fail;
/// ArbSys passes.
///
/// Some things no header shows. Its state root may be of an earlier block: use no state anchors where that is not known. What shows
/// an outage is the deployer's word (`_continuity`). NUMBER may be off by as much as the header is old. Opcodes that
/// all speak of the parent chain pass with a header of the parent. `proveChain` takes the chain's own. An operator can lie.
///
/// Behind a proxy the initializer must call `_proveChain` before `_configureScope`. A proof counts in the storage of the contract
/// for which it was made. Storage is namespaced (ERC-7201).
abstract contract SelfProvenChain is AnchorGuard, IChainErrors {
    /// @custom:storage-location erc7201:settlement-guard.storage.chains
    struct ChainStorage {
        mapping(uint256 => bool) isProven; // by the chain's id, which is read live
    }

    /// @dev keccak256(abi.encode(uint256(keccak256("settlement-guard.storage.chains")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant CHAIN_STORAGE = 0xa4174530a3ff54f815a9ab8d256d1b4756512cbf72de16106e734c8e4fe67f00;

    /// @dev The header's block and its parent must both be among so many before the executing one, as BLOCKHASH answers.
    uint256 private constant PROOF_WINDOW = 256;

    /// @dev A header from before a hard fork, or of another chain that shares its heights, is old.
    uint256 private constant PROOF_AGE = 1 hours;

    /// @param header RLP of a recent block's header, at least one block deep. It may be empty on a chain that is listed
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(bytes memory header) {
        _proveChain(header);
    }

    /// @notice Reverts unless the chain is listed or `header` proves it. For an initializer: the constructor has asked for itself.
    /// @dev Reverts with UnsupportedChain where there is no header, and with HeaderMalformed where it is none. It reverts with
    /// ChainUnproven where the chain says something else.
    function _proveChain(bytes memory header) internal {
        if (header.length == 0) return _requireSupportedChain(false);
        (bytes32 parentHash, uint256 number, uint256 timestamp) = HeaderTime.claims(header);
        uint256 head = _blockNumber();
        uint256 window = _blockHashWindow() < PROOF_WINDOW ? _blockHashWindow() : PROOF_WINDOW;
        if (number == 0 || number >= head || head - number >= window) {
            _refuseChain(ChainFault.Height, bytes32(number), bytes32(head));
        }
        _requireShown(ChainFault.Hash, keccak256(header), _blockHash(number));
        _requireShown(ChainFault.ParentHash, parentHash, _blockHash(number - 1));
        if (timestamp > block.timestamp || block.timestamp - timestamp > PROOF_AGE) {
            _refuseChain(ChainFault.Time, bytes32(timestamp), bytes32(block.timestamp));
        }
        _chains().isProven[block.chainid] = true;
    }

    /// @inheritdoc ChainClock
    /// @dev The guard's constructor does not ask: the one here does, later, with the header.
    function _requireSupportedChain(bool isConstructing) internal view virtual override {
        if (isConstructing || _chains().isProven[block.chainid]) return;
        super._requireSupportedChain(false);
    }

    /// @dev Zero is "unknown", also where the header says zero.
    function _requireShown(ChainFault fault, bytes32 given, bytes32 shown) private view {
        if (shown == bytes32(0) || given != shown) _refuseChain(fault, given, shown);
    }

    function _refuseChain(ChainFault fault, bytes32 given, bytes32 shown) private view {
        revert ChainUnproven(block.chainid, fault, given, shown);
    }

    function _chains() private pure returns (ChainStorage storage store) {
        assembly ("memory-safe") {
            store.slot := CHAIN_STORAGE
        }
    }
}
