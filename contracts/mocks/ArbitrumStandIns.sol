// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @notice A stand-in of Arbitrum's ArbSys precompile, at 0x64 of a test chain whose opcodes speak of its own blocks.
/// It answers and reverts as the precompile does. The guard must not use the opcodes: a test looks at its code.
contract ArbSysStandIn {
    error InvalidBlockNumber(uint256 requested, uint256 current);

    function arbBlockNumber() external view returns (uint256) {
        return block.number;
    }

    function arbChainID() external view virtual returns (uint256) {
        return block.chainid;
    }

    function arbBlockHash(uint256 number) external view returns (bytes32) {
        if (number >= block.number || number + 256 < block.number) revert InvalidBlockNumber(number, block.number);
        return blockhash(number);
    }
}

/// @notice ArbSys of a chain of any height: each block's hash is that of its number.
contract ArbSysOfHeight {
    error InvalidBlockNumber(uint256 requested, uint256 current);

    uint256 public arbBlockNumber; // slot 0

    function arbChainID() external view returns (uint256) {
        return block.chainid;
    }

    function arbBlockHash(uint256 number) external view returns (bytes32) {
        if (number >= arbBlockNumber || number + 256 < arbBlockNumber) {
            revert InvalidBlockNumber(number, arbBlockNumber);
        }
        return keccak256(abi.encode(number));
    }
}

/// @notice Arbitrum's ring of 393,168 hashes, of the same chain.
contract ArbitrumRingOfHeight {
    error OutOfRing(uint256 height, uint256 head);

    uint256 private constant WINDOW = 393_168;

    fallback(bytes calldata number) external returns (bytes memory) {
        uint256 head = ArbSysOfHeight(address(0x64)).arbBlockNumber();
        uint256 height = abi.decode(number, (uint256));
        if (height >= head || height + WINDOW < head) revert OutOfRing(height, head);
        return abi.encode(keccak256(abi.encode(height)));
    }
}

/// @notice No ArbSys. As the opcode on Arbitrum, it has a word for every height, blocks to come included.
contract ArbSysOfAnyHash {
    function arbBlockNumber() external pure returns (uint256) {
        return 10;
    }

    function arbChainID() external view returns (uint256) {
        return block.chainid;
    }

    function arbBlockHash(uint256 number) external pure returns (bytes32) {
        return keccak256(abi.encode(number));
    }
}

/// @notice An ArbSys that knows its height and no hash.
contract ArbSysWithoutHashes {
    function arbBlockNumber() external pure returns (uint256) {
        return 10;
    }

    function arbChainID() external view returns (uint256) {
        return block.chainid;
    }

    function arbBlockHash(uint256) external pure returns (bytes32) {
        return bytes32(0);
    }
}

/// @notice A ring that has a word for every height, however old.
contract RingOfAnyHash {
    fallback(bytes calldata number) external returns (bytes memory) {
        return abi.encode(keccak256(number));
    }
}

/// @notice ArbSys as another chain has it.
contract ArbSysOfOtherChain is ArbSysStandIn {
    function arbChainID() external pure override returns (uint256) {
        return 42_170;
    }
}
