// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Answer, IBlockHashSource} from "../../interfaces/IBlockHashSource.sol";
import {ISourceErrors} from "../../interfaces/ISourceErrors.sol";

/// @title Asking a source of block hashes
library Sources {
    /// @notice What `source` says of block `height`. Unknown where the call fails, runs out of `gasLimit`, or answers in another shape.
    /// @dev Never reverts.
    function ask(
        IBlockHashSource source,
        uint256 height,
        uint256 gasLimit
    ) internal view returns (Answer answer, bytes32 hash) {
        (, answer, hash) = _call(source, height, gasLimit);
    }

    /// @notice As `ask`, for whoever writes down what is answered. It reverts with SourceFaulty where the call fails: want of
    /// gas must not pass for an answer.
    function demand(IBlockHashSource source, uint64 height) internal view returns (Answer answer, bytes32 hash) {
        bool ok;
        (ok, answer, hash) = _call(source, height, gasleft());
        if (!ok) revert ISourceErrors.SourceFaulty(address(source), height, 0);
    }

    /// @notice As above, with all the gas there is.
    function ask(IBlockHashSource source, uint256 height) internal view returns (Answer answer, bytes32 hash) {
        return ask(source, height, gasleft());
    }

    /// @notice The greatest height that `source` says it knows. Zero where the call fails, runs out of `gasLimit`, or answers in another shape.
    function newestOf(IBlockHashSource source, uint256 gasLimit) internal view returns (uint64 newest) {
        bytes32 selector = IBlockHashSource.newest.selector;
        uint256 word;
        // Equivalent: (bool ok, bytes memory data) = source.staticcall{gas: gasLimit}(abi.encodePacked(selector));
        //             if (ok && data.length == 32) word = abi.decode(data, (uint256));
        assembly ("memory-safe") {
            mstore(0x00, selector)
            let ok := staticcall(gasLimit, source, 0x00, 0x04, 0x00, 0x20)
            if and(ok, eq(returndatasize(), 0x20)) {
                word := mload(0x00)
            }
        }
        return word <= type(uint64).max ? uint64(word) : 0;
    }

    /// @notice Requires that `source` is of chain `chainId`, and knows the block that it says is its newest.
    /// @return newest that block's height
    /// @param gasLimit with which it must be able to answer
    function requireOf(
        IBlockHashSource source,
        uint256 chainId,
        uint256 gasLimit
    ) internal view returns (uint64 newest) {
        uint256 actual = source.chainId();
        if (actual != chainId) revert ISourceErrors.SourceOfOtherChain(address(source), chainId, actual);
        newest = source.newest();
        (Answer answer, ) = ask(source, newest, gasLimit);
        if (answer != Answer.Known) revert ISourceErrors.SourceFaulty(address(source), newest, 0);
    }

    /// @dev No more than two words are copied, however much the source returns.
    /// @return ok whether the call succeeded
    function _call(
        IBlockHashSource source,
        uint256 height,
        uint256 gasLimit
    ) private view returns (bool ok, Answer answer, bytes32 hash) {
        bytes32 selector = IBlockHashSource.hashOf.selector;
        uint256 word;
        // Equivalent: (ok, data) = source.staticcall{gas: gasLimit}(abi.encodePacked(selector, height));
        //             if (ok && data.length == 64) (word, hash) = abi.decode(data, (uint256, bytes32));
        assembly ("memory-safe") {
            mstore(0x00, selector)
            mstore(0x04, height)
            ok := staticcall(gasLimit, source, 0x00, 0x24, 0x00, 0x40)
            if and(ok, eq(returndatasize(), 0x40)) {
                word := mload(0x00)
                hash := mload(0x20)
            }
        }
        if (word == uint256(Answer.Known) && hash != bytes32(0)) return (ok, Answer.Known, hash);
        if (word == uint256(Answer.Disagree) && hash == bytes32(0)) return (ok, Answer.Disagree, hash);
        return (ok, Answer.Unknown, bytes32(0));
    }
}
