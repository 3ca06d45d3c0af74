// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {StatelessGuard} from "../StatelessGuard.sol";
import {Anchor} from "../anchor/Anchor.sol";
import {AnchorTypes} from "../anchor/AnchorTypes.sol";
import {LiveEIP712} from "../anchor/LiveEIP712.sol";

/// @notice A payout that the operator signed.
struct Claim {
    address payable to;
    uint256 amount;
    uint256 nonce;
    Anchor anchor;
}

/// @title Payouts against an operator's signature: the victim of `ethpow-replay`
/// @notice Holds ether and pays each signed claim once. When the chain splits, both branches hold the ether. A claim
/// that was signed for one branch must not pay on the other.
abstract contract ClaimVault {
    event Claimed(address indexed to, uint256 amount, uint256 indexed nonce);

    error SignerMismatch(address expected, address actual);
    error AlreadyClaimed(uint256 nonce);
    error PaymentFailed(address to, uint256 amount);

    bytes32 private constant CLAIM_TYPEHASH = keccak256(
        "Claim(address to,uint256 amount,uint256 nonce,Anchor anchor)Anchor(uint64 number,bytes32 hash)"
    );

    address public immutable operator;
    mapping(uint256 nonce => bool) public claimed;

    constructor(address operator_) {
        operator = operator_;
    }

    receive() external payable {}

    /// @notice Pays a claim that the operator signed, once.
    function claim(Claim calldata claim_, bytes calldata signature) external virtual;

    /// @notice What the operator signs.
    function claimDigest(Claim calldata claim_) public view virtual returns (bytes32);

    function _pay(Claim calldata claim_, bytes calldata signature) internal {
        address signer = ECDSA.recover(claimDigest(claim_), signature);
        if (signer != operator) revert SignerMismatch(operator, signer);
        if (claimed[claim_.nonce]) revert AlreadyClaimed(claim_.nonce);

        claimed[claim_.nonce] = true;
        emit Claimed(claim_.to, claim_.amount, claim_.nonce);

        (bool ok, ) = claim_.to.call{value: claim_.amount}("");
        if (!ok) revert PaymentFailed(claim_.to, claim_.amount);
    }

    function _structHash(Claim calldata claim_) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(CLAIM_TYPEHASH, claim_.to, claim_.amount, claim_.nonce, AnchorTypes.hash(claim_.anchor))
            );
    }
}

/// @title The vault whose domain is live and whose claims are anchored
/// @notice A new chain id makes the signature another signer's; without one, the anchor is what tells the branches apart.
contract GuardedClaimVault is ClaimVault, StatelessGuard, LiveEIP712 {
    constructor(address operator) ClaimVault(operator) {}

    /// @inheritdoc ClaimVault
    function claim(Claim calldata claim_, bytes calldata signature) external override anchored(claim_.anchor) {
        _pay(claim_, signature);
    }

    /// @inheritdoc ClaimVault
    function claimDigest(Claim calldata claim_) public view override returns (bytes32) {
        return _typedDataDigest(_structHash(claim_));
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Claim Vault", "1");
    }
}

/// @title The vault that remembers its chain id
/// @notice As the bridge on ETHPoW did (September 2022). The id is read once and kept in storage, so that both branches
/// accept the same signatures. And nobody looks at the anchor.
contract UnguardedClaimVault is ClaimVault {
    uint256 public cachedChainId;

    constructor(address operator) ClaimVault(operator) {
        cachedChainId = block.chainid;
    }

    /// @inheritdoc ClaimVault
    function claim(Claim calldata claim_, bytes calldata signature) external override {
        _pay(claim_, signature);
    }

    /// @inheritdoc ClaimVault
    function claimDigest(Claim calldata claim_) public view override returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Claim Vault"),
                keccak256("1"),
                cachedChainId,
                address(this)
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, _structHash(claim_)));
    }
}
