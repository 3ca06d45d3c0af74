// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {StateAnchor} from "../../contracts/anchor/Anchor.sol";
import {vm} from "./Vm.sol";

/// @notice In the place of the history contract (EIP-2935), of which Hardhat's EVM has none: hashes that are put there.
contract HistoryStandIn {
    mapping(uint256 number => bytes32) private _hashes;

    function put(uint256 number, bytes32 hash) external {
        _hashes[number] = hash;
    }

    fallback(bytes calldata number) external returns (bytes memory) {
        return abi.encode(_hashes[uint256(bytes32(number))]);
    }
}

/// @title A chain that can be proven: in the state of each block one contract holds the balance of one owner
/// @notice Headers, tries and witnesses follow from the height, and are written out byte by byte. A trie of one leaf is that
/// leaf. Balances are below 128, so that each is its own RLP.
abstract contract LedgerChain {
    address internal constant HOLDER = address(0xc0ffee);
    address internal constant OWNER = address(0xdecaf);
    bytes32 internal constant BALANCES = bytes32(uint256(7)); // slot of the holder's mapping
    bytes32 internal constant ASSET = "USDC";
    bytes32 internal constant KIND = "balance";

    /// @dev BLOCKHASH answers for so many blocks, and the history contract for so many.
    uint256 internal constant SHORT_WINDOW = 256;
    uint256 internal constant WINDOW = 8_191;

    HistoryStandIn private constant HISTORY = HistoryStandIn(0x0000F90827F1C53a10cb7A02335B175320002935);
    bytes32 private constant CODE = keccak256("code");

    mapping(uint256 number => bytes32) private _known;

    constructor() {
        vm.etch(address(HISTORY), address(new HistoryStandIn()).code);
    }

    /* BLOCKS */

    function _pass(uint256 blocks, uint256 interval) internal {
        vm.warp(block.timestamp + blocks * interval);
        vm.roll(block.number + blocks);
    }

    /// @dev Makes the chain answer for a block. What is past the short window by then stays unknown.
    function _know(uint256 number) internal {
        if (number >= block.number || block.number - number > SHORT_WINDOW) return;
        _remember(number);
        vm.setBlockhash(number, _known[number]);
    }

    /// @dev As if the history contract had seen the block.
    function _remember(uint256 number) internal {
        if (_known[number] != 0) return;
        _known[number] = _hashAt(number);
        HISTORY.put(number, _known[number]);
    }

    function _isKnown(uint256 number) internal view returns (bool) {
        return number < block.number && block.number - number <= WINDOW && _known[number] != 0;
    }

    function _anchorAt(uint256 number) internal pure returns (StateAnchor memory) {
        return StateAnchor(uint64(number), _hashAt(number), _stateRootAt(number));
    }

    function _hashAt(uint256 number) internal pure returns (bytes32) {
        return keccak256(_headerAt(number));
    }

    /// @dev Fifteen fields, all but two of them empty. Heights have four bytes.
    function _headerAt(uint256 number) internal pure returns (bytes memory) {
        bytes memory hash = abi.encodePacked(hex"a0", bytes32(0));
        return
            bytes.concat(
                abi.encodePacked(hex"f901f1", hash, hash, hex"94", address(0)),
                abi.encodePacked(hex"a0", _stateRootAt(number), hash, hash, hex"b90100", new bytes(256)),
                abi.encodePacked(hex"8084", uint32(number), hex"80808080", hash, hex"88", bytes8(0))
            );
    }

    /* STATES: what the contract holds, and what shows it. */

    function _balanceAt(uint256 number) internal pure returns (uint256) {
        return 1 + ((number / 4) % 100);
    }

    function _stateRootAt(uint256 number) internal pure returns (bytes32) {
        bytes32 storageRoot = _rootOf(_slot(), _balanceAt(number));
        bytes memory account = abi.encodePacked(hex"f8440180a0", storageRoot, hex"a0", CODE);
        return keccak256(abi.encodePacked(hex"f86aa120", keccak256(abi.encodePacked(HOLDER)), hex"b846", account));
    }

    /// @dev The slot's leaf, then the account's, in the format of `TrieReader`.
    function _stateWitnessAt(uint256 number) internal pure returns (bytes memory) {
        return abi.encodePacked(_witnessOf(_balanceAt(number)), hex"05000180", CODE);
    }

    /* LEDGERS: one entry, or none. */

    function _ledgerRootOf(uint256 balance) internal pure returns (bytes32) {
        return _rootOf(keccak256(abi.encode(keccak256("settlement-guard.ledger.key"), OWNER, ASSET, KIND)), balance);
    }

    /// @dev The key's own leaf, or the empty trie.
    function _witnessOf(uint256 balance) internal pure returns (bytes memory) {
        return balance == 0 ? bytes(hex"0400") : abi.encodePacked(hex"0500", uint8(balance));
    }

    function _rootOf(bytes32 key, uint256 value) private pure returns (bytes32) {
        if (value == 0) return keccak256(hex"80");
        return keccak256(abi.encodePacked(hex"e3a120", keccak256(abi.encodePacked(key)), uint8(value)));
    }

    function _slot() private pure returns (bytes32) {
        return keccak256(abi.encode(OWNER, BALANCES));
    }
}
