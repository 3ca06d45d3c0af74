// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @notice Catches what a call reverts with, and reverts with it again as others do.
contract Rethrower {
    /// @dev Of ERC-7751.
    error WrappedError(address target, bytes4 selector, bytes reason, bytes details);

    /// @dev As multicalls have it.
    error CallFailed(uint256 index, Result result);

    /// @dev As Multicall3 has it.
    struct Call {
        address target;
        bool allowFailure;
        bytes callData;
    }

    struct Result {
        bool success;
        bytes returnData;
    }

    function wrapped(address target, bytes calldata data) external {
        (bool ok, bytes memory reason) = target.call(data);
        if (!ok) revert WrappedError(target, bytes4(data), reason, "details");
    }

    function asReason(address target, bytes calldata data) external {
        (bool ok, bytes memory reason) = target.call(data);
        require(ok, string(reason));
    }

    function inBatch(Call[] calldata calls) external {
        for (uint256 i = 0; i < calls.length; i++) {
            (bool ok, bytes memory reason) = calls[i].target.call(calls[i].callData);
            if (!ok) revert CallFailed(i, Result(ok, reason));
        }
    }

    function aggregate3(Call[] calldata calls) external returns (Result[] memory returnData) {
        returnData = new Result[](calls.length);
        for (uint256 i = 0; i < calls.length; i++) {
            (bool ok, bytes memory data) = calls[i].target.call(calls[i].callData);
            if (!ok && !calls[i].allowFailure) revert CallFailed(i, Result(ok, data));
            returnData[i] = Result(ok, data);
        }
    }
}

/// @notice Does something else on each branch, once the parent of its block is another.
contract BranchDependent {
    event Seen(bytes32 hash);

    error PaymentRefused(address to);

    uint256 public seen;

    function store() external {
        seen = _low();
    }

    function log() external {
        emit Seen(bytes32(_low()));
    }

    function pay(address to) external payable {
        _send(to, _low());
    }

    /// @notice The same on every branch.
    function keep(address to) external payable {
        seen = 7;
        emit Seen(bytes32(uint256(7)));
        _send(to, msg.value);
    }

    function _send(address to, uint256 value) private {
        (bool ok, ) = to.call{value: value}("");
        if (!ok) revert PaymentRefused(to);
    }

    function _low() private view returns (uint256) {
        return uint256(blockhash(block.number - 1)) & 0xffff;
    }
}
