// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {AnchorTypes} from "../anchor/AnchorTypes.sol";
import {Commitment, SignerSet} from "./LedgerTypes.sol";

/// @title What signers of a ledger sign (EIP-712)
/// @dev `src/ledger/commitment.ts` is this library's twin.
library Commitments {
    bytes32 internal constant COMMITMENT_TYPEHASH = keccak256(
        "Commitment(address guard,bytes32 scope,uint64 epoch,uint64 sequence,uint256 chainId,StateAnchor anchor,"
        "bytes32 ledgerRoot,uint16 format,bytes32 rules,bytes32 previous,uint64 validUntil,uint64 validUntilBlock,"
        "uint8 tier)StateAnchor(uint64 number,bytes32 hash,bytes32 stateRoot)"
    );

    bytes32 internal constant EPOCH_TYPEHASH = keccak256(
        "Epoch(address guard,bytes32 scope,uint64 epoch,bytes32 signers,bytes32 rules,uint64 validUntil)"
    );

    /// @notice The EIP-712 struct hash of a commitment: its name everywhere, and the next one's `previous`.
    function hash(Commitment calldata c) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encodePacked(
                    abi.encode(
                        COMMITMENT_TYPEHASH,
                        c.guard,
                        c.scope,
                        c.epoch,
                        c.sequence,
                        c.chainId,
                        AnchorTypes.hash(c.anchor),
                        c.ledgerRoot
                    ),
                    abi.encode(c.format, c.rules, c.previous, c.validUntil, c.validUntilBlock, c.tier)
                )
            );
    }

    /// @notice The EIP-712 struct hash by which a quorum opens the next epoch.
    /// @param signers `hash` of the next epoch's set
    /// @param rules hash of the rule book, which stays
    /// @param validUntil the last second in which it may be opened
    function hashEpoch(
        address guard,
        bytes32 scope,
        uint64 epoch,
        bytes32 signers,
        bytes32 rules,
        uint64 validUntil
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(EPOCH_TYPEHASH, guard, scope, epoch, signers, rules, validUntil));
    }

    /// @notice The hash of a set of signers.
    function hash(SignerSet calldata set) internal pure returns (bytes32) {
        return keccak256(abi.encode(set));
    }

    /// @notice What an epoch keeps of its signers and rules: one word.
    function termsOf(bytes32 signers, bytes32 rules) internal pure returns (bytes32) {
        return keccak256(abi.encode(signers, rules));
    }
}
