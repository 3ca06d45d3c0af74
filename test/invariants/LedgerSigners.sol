// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {LedgerDesk} from "../../contracts/LedgerDesk.sol";
import {Tier} from "../../contracts/interfaces/IBlockHashSource.sol";
import {
    CodeRule,
    Comparator,
    Commitment,
    Derivation,
    LedgerConfig,
    Rule,
    RuleBook,
    SignerSet
} from "../../contracts/ledger/LedgerTypes.sol";
import {LedgerChain} from "./LedgerChain.sol";
import {vm} from "./Vm.sol";

/// @title Who signs, by which rules, and what: keys, configurations and the digests of docs/ledger.md
/// @notice Small numbers name four sets of three signers, two books that differ in their version, and a few configurations.
abstract contract LedgerSigners is LedgerChain {
    /// @dev How a quorum signs, or does not. Each but the first is refused.
    enum Signing {
        Right,
        Few,
        Short,
        Forged
    }

    uint256 internal constant SETS = 4;
    uint256 internal constant SIGNERS = 3;
    uint256 internal constant QUORUM = 2;
    uint256 internal constant BOOKS = 2;
    uint256 internal constant UNSOUND_BOOK = BOOKS;
    uint256 internal constant CONFIGS = 3;
    uint256 internal constant UNSOUND_CONFIG = CONFIGS;
    address internal constant ADMINISTRATOR = address(0xad);

    bytes32 private constant ANCHOR_TYPE = keccak256("StateAnchor(uint64 number,bytes32 hash,bytes32 stateRoot)");
    bytes32 private constant COMMITMENT_TYPE = keccak256(
        "Commitment(address guard,bytes32 scope,uint64 epoch,uint64 sequence,uint256 chainId,StateAnchor anchor,bytes32 ledgerRoot,uint16 format,bytes32 rules,bytes32 previous,uint64 validUntil,uint64 validUntilBlock,uint8 tier)StateAnchor(uint64 number,bytes32 hash,bytes32 stateRoot)"
    );
    bytes32 private constant EPOCH_TYPE = keccak256(
        "Epoch(address guard,bytes32 scope,uint64 epoch,bytes32 signers,bytes32 rules,uint64 validUntil)"
    );
    bytes32 private constant DOMAIN_TYPE = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );

    LedgerDesk internal _desk;
    uint256[SIGNERS][SETS] private _keys;
    address[SIGNERS][SETS] private _addresses;
    bytes32[BOOKS + 1] internal _rulesOf;
    bytes32[BOOKS + 1][SETS] internal _termsOf;

    constructor() {
        for (uint256 book = 0; book <= BOOKS; ++book) _rulesOf[book] = keccak256(abi.encode(_bookOf(book)));
        for (uint256 set = 0; set < SETS; ++set) {
            for (uint256 i = 0; i < SIGNERS; ++i) _place(set, i, 1 + SIGNERS * set + i);
            bytes32 signers = keccak256(abi.encode(_setOf(set)));
            for (uint256 book = 0; book <= BOOKS; ++book) {
                _termsOf[set][book] = keccak256(abi.encode(signers, _rulesOf[book]));
            }
        }
    }

    /// @dev Puts a key among the `count` that are there, in ascending order of their addresses.
    function _place(uint256 set, uint256 count, uint256 key) private {
        address signer = vm.addr(key);
        uint256 place = count;
        for (; place > 0 && _addresses[set][place - 1] > signer; --place) {
            (_keys[set][place], _addresses[set][place]) = (_keys[set][place - 1], _addresses[set][place - 1]);
        }
        (_keys[set][place], _addresses[set][place]) = (key, signer);
    }

    /* SETS, BOOKS, CONFIGURATIONS */

    function _setOf(uint256 set) internal view returns (SignerSet memory) {
        address[] memory signers = new address[](SIGNERS);
        for (uint256 i = 0; i < SIGNERS; ++i) signers[i] = _addresses[set][i];
        return SignerSet(QUORUM, signers);
    }

    /// @dev One rule: the ledger's balance is the holder's.
    function _bookOf(uint256 book) internal pure returns (RuleBook memory) {
        Rule[] memory rules = new Rule[](1);
        uint16 bits = book == UNSOUND_BOOK ? 0 : 256;
        rules[0] = Rule(KIND, ASSET, HOLDER, BALANCES, 0, 0, bits, Derivation.ByOwner, Comparator.Equal);
        return RuleBook(bytes32(book + 1), rules, new CodeRule[](0));
    }

    /// @dev The usual one; a quick one, of deeper anchors; and a slow one without an administrator. The last has too short a silence.
    function _watch(uint256 table) internal pure returns (LedgerConfig memory config) {
        (config.administrator, config.delay) = (ADMINISTRATOR, 2 days);
        (config.silence, config.healAfter, config.healFor) = (600, 3, 300);
        (config.tier, config.minDepth, config.maxAge, config.longestBlockTime) = (Tier.Safe, 1, 256, 13_500);
        if (table == 1) {
            (config.silence, config.healAfter, config.delay) = (1 hours, 2, 1 days);
            (config.tier, config.minDepth, config.maxAge, config.longestBlockTime) = (Tier.Finalized, 2, 64, 15_000);
        }
        if (table == 2) {
            (config.administrator, config.delay) = (address(0), 0);
            (config.silence, config.healFor, config.maxAge) = (7 days, 7 days, 4_095);
        }
        if (table == UNSOUND_CONFIG) config.silence = 59;
    }

    function _configOf(uint256 table, uint256 set, uint256 book) internal view returns (LedgerConfig memory config) {
        config = _watch(table);
        (config.set, config.book) = (_setOf(set), _bookOf(book));
    }

    /* SIGNATURES */

    function _hashOf(Commitment memory c) internal pure returns (bytes32) {
        bytes32 anchor = keccak256(abi.encode(ANCHOR_TYPE, c.anchor.number, c.anchor.hash, c.anchor.stateRoot));
        bytes memory first = abi.encode(COMMITMENT_TYPE, c.guard, c.scope, c.epoch, c.sequence, c.chainId, anchor);
        bytes memory second = abi.encode(c.ledgerRoot, c.format, c.rules, c.previous);
        return keccak256(bytes.concat(first, second, abi.encode(c.validUntil, c.validUntilBlock, uint8(c.tier))));
    }

    function _epochHashOf(
        address guard,
        bytes32 scope,
        uint64 epoch,
        SignerSet memory next,
        bytes32 rules,
        uint64 validUntil
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(EPOCH_TYPE, guard, scope, epoch, keccak256(abi.encode(next)), rules, validUntil));
    }

    /// @param leftOut the signer of the set who does not sign
    function _signatures(
        uint256 set,
        bytes32 structHash,
        Signing how,
        uint256 leftOut
    ) internal view returns (bytes[] memory signatures) {
        signatures = new bytes[](how == Signing.Short ? SIGNERS - 1 : SIGNERS);
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", _domain(), structHash));
        leftOut %= SIGNERS;
        for (uint256 i = 0; i < signatures.length; ++i) {
            bool isQuiet = i == leftOut || (how == Signing.Few && i == (leftOut + 1) % SIGNERS);
            if (isQuiet) continue;
            // Another set's signer at this place.
            uint256 by = how == Signing.Forged ? (set + 1) % SETS : set;
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(_keys[by][i], digest);
            signatures[i] = abi.encodePacked(r, s, v);
        }
    }

    function _domain() private view returns (bytes32) {
        bytes32 name = keccak256("Settlement Guard Ledger");
        return keccak256(abi.encode(DOMAIN_TYPE, name, keccak256("1"), block.chainid, address(_desk)));
    }
}
