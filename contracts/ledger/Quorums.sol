// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {ILedgerErrors} from "../interfaces/ILedgerErrors.sol";
import {SignerSet} from "./LedgerTypes.sol";

/// @title Whether enough of a set signed
library Quorums {
    uint256 internal constant MOST_SIGNERS = 32;

    /// @dev What the code of a delegating account begins with (EIP-7702).
    bytes3 private constant DELEGATION = 0xef0100;

    /// @notice Reverts unless the set has an order and two quorums of it share a signer.
    function requireSound(SignerSet calldata set) internal pure {
        uint256 count = set.signers.length;
        if (set.threshold > count || set.threshold * 2 <= count || count > MOST_SIGNERS) {
            revert ILedgerErrors.SignerSetInvalid(set.threshold, count);
        }
        address last;
        for (uint256 i = 0; i < count; ++i) {
            if (set.signers[i] <= last) revert ILedgerErrors.SignersUnordered(i, set.signers[i]);
            last = set.signers[i];
        }
    }

    /// @notice Reverts unless a quorum signed. Each signature is counted for the signer in its place, so that none counts twice.
    /// @param set whose hash the caller has compared
    function requireSigned(SignerSet calldata set, bytes32 digest, bytes[] calldata signatures) internal view {
        if (signatures.length != set.signers.length) {
            revert ILedgerErrors.SignatureCount(set.signers.length, signatures.length);
        }
        uint256 count;
        for (uint256 i = 0; i < signatures.length; ++i) {
            if (signatures[i].length == 0) continue;
            if (!_isSigned(set.signers[i], digest, signatures[i])) {
                revert ILedgerErrors.SignatureInvalid(set.signers[i]);
            }
            ++count;
        }
        if (count < set.threshold) revert ILedgerErrors.QuorumMissing(set.threshold, count);
    }

    /// @dev By key first. An account that delegates its code (EIP-7702) signs by its key alone. Whoever else may act
    /// in its name is no signer.
    function _isSigned(address signer, bytes32 digest, bytes calldata signature) private view returns (bool) {
        (address recovered, ECDSA.RecoverError failure, ) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == signer) return true;
        if (bytes3(signer.code) == DELEGATION) return false;
        return SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature);
    }
}
