// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @title An EIP-712 domain that is computed anew each time
/// @notice The chain id is read live, and the address is the executing contract's. So the domain is right after a fork
/// that changes the chain id, and behind a proxy. Nothing about the chain is stored, neither in storage nor in the
/// code. A cached domain is what let signatures of Ethereum be replayed on ETHPoW (September 2022).
abstract contract LiveEIP712 {
    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );

    /// @notice The name and version of the signing domain. They name the application, never the chain.
    function _domainNameAndVersion() internal view virtual returns (string memory name, string memory version);

    /// @notice The domain separator for the executing chain and contract.
    function _domainSeparator() internal view returns (bytes32) {
        (string memory name, string memory version) = _domainNameAndVersion();
        return
            keccak256(
                abi.encode(
                    DOMAIN_TYPEHASH,
                    keccak256(bytes(name)),
                    keccak256(bytes(version)),
                    block.chainid,
                    address(this)
                )
            );
    }

    /// @notice The digest that is signed for a struct hash (EIP-712).
    function _typedDataDigest(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", _domainSeparator(), structHash));
    }

    /// @notice The domain, for wallets and scripts (ERC-5267).
    function eip712Domain()
        public
        view
        virtual
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        (name, version) = _domainNameAndVersion();
        // 0x0f: name, version, chainId and verifyingContract are in use
        return (hex"0f", name, version, block.chainid, address(this), bytes32(0), new uint256[](0));
    }
}
