// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {ILedgerErrors} from "../interfaces/ILedgerErrors.sol";
import {SlotDerivation} from "../proof/SlotDerivation.sol";
import {LedgerKeys} from "./LedgerKeys.sol";
import {Comparator, Derivation, Rule, RuleBook} from "./LedgerTypes.sol";

/// @title The rules by which a ledger is compared with the chain
/// @dev `src/ledger/rules.ts` is this library's twin.
library LedgerRules {
    /// @dev keccak256(""): what an account without code has. Here it is zero, as where the account is not there.
    bytes32 internal constant NO_CODE = 0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470;

    /// @notice A commitment's `rules`.
    function hash(RuleBook calldata book) internal pure returns (bytes32) {
        return keccak256(abi.encode(book));
    }

    /// @notice Reverts with RuleInvalid unless each rule compares something, and a mirror stands alone.
    /// @dev A mirror's keys are slots, and the other rules' are hashes: an honest ledger could not satisfy both.
    function requireSound(RuleBook calldata book) internal pure {
        for (uint256 i = 0; i < book.rules.length; ++i) {
            Rule calldata rule = book.rules[i];
            bool isMirror = rule.derivation == Derivation.Mirror;
            bool isWhole = rule.bits == 256 && rule.member == 0 && rule.comparator == Comparator.Equal;
            if (
                rule.holder == address(0) ||
                rule.bits == 0 ||
                uint256(rule.offset) + rule.bits > 256 ||
                (isMirror && (!isWhole || book.rules.length != 1))
            ) revert ILedgerErrors.RuleInvalid(i);
        }
        for (uint256 i = 0; i < book.codes.length; ++i) {
            bool isNothing = !book.codes[i].isSlot && book.codes[i].expected == NO_CODE;
            if (book.codes[i].account == address(0) || isNothing) {
                revert ILedgerErrors.RuleInvalid(book.rules.length + i);
            }
        }
    }

    /// @notice The ledger's key, and the holder's slot that it is compared with.
    /// @param owner of the key, as an address; a mirror's slot; zero where the rule is Fixed
    function placeOf(Rule calldata rule, bytes32 owner) internal pure returns (bytes32 key, bytes32 slot) {
        if (rule.derivation == Derivation.Mirror) return (owner, owner);
        bool isTotal = rule.derivation == Derivation.Fixed;
        // What nobody owns is a total's. A holder may well keep something under the zero address.
        if (isTotal != (owner == 0) || uint256(owner) > type(uint160).max) revert ILedgerErrors.OwnerInvalid(owner);
        key = LedgerKeys.keyOf(address(uint160(uint256(owner))), rule.asset, rule.kind);
        slot = rule.slot;
        if (rule.derivation == Derivation.ByOwner) slot = SlotDerivation.mappingEntry(slot, owner);
        if (rule.derivation == Derivation.ByOwnerAsset) {
            slot = SlotDerivation.nestedMappingEntry(slot, owner, rule.asset);
        }
        slot = SlotDerivation.structMember(slot, rule.member);
    }

    /// @notice What the rule compares of a word of the chain.
    function decode(Rule calldata rule, uint256 word) internal pure returns (uint256 value) {
        return SlotDerivation.field(word, rule.offset, rule.bits);
    }

    /// @notice Whether the ledger's value stands to the chain's as the rule says.
    function holds(Rule calldata rule, uint256 ledger, uint256 chain) internal pure returns (bool) {
        if (rule.comparator == Comparator.AtMost) return ledger <= chain;
        if (rule.comparator == Comparator.AtLeast) return ledger >= chain;
        return ledger == chain;
    }
}
