// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

/// @title The L1 block that an OP-stack chain was last derived from
/// @notice Reads the `L1Block` predeploy. What it shows is **unsafe**. The sequencer chooses it, up to half an hour
/// behind, and L1 may still drop it. Only a depth below it makes a fact of L1 worth something.
library L1Origin {
    /// @notice The predeploy's address on every OP-stack chain.
    address internal constant PREDEPLOY = 0x4200000000000000000000000000000000000015;

    /// @notice The origin's number and hash; both zero where the predeploy does not answer, or answers in another shape.
    function read() internal view returns (uint64 number, bytes32 hash) {
        (bool numberKnown, bytes32 numberWord) = _word(0x8381f58a); // number()
        (bool hashKnown, bytes32 hashWord) = _word(0x09bd5a60); // hash()
        if (!numberKnown || !hashKnown || uint256(numberWord) > type(uint64).max) return (0, 0);
        return (uint64(uint256(numberWord)), hashWord);
    }

    /// @notice The origin's time, in seconds since 1970; unknown where the predeploy does not answer, or answers in another shape.
    function timestamp() internal view returns (bool known, uint256 time) {
        bytes32 word;
        (known, word) = _word(0xb80777ea); // timestamp()
        time = uint256(word);
        known = known && time <= type(uint64).max;
    }

    /// @notice Seconds by which the origin lies behind `time`; the greatest number where it is unknown.
    function lag(uint256 time) internal view returns (uint256) {
        (bool known, uint256 origin) = timestamp();
        if (!known) return type(uint256).max;
        return time > origin ? time - origin : 0;
    }

    function _word(bytes4 selector) private view returns (bool known, bytes32 word) {
        (bool ok, bytes memory data) = PREDEPLOY.staticcall(abi.encodeWithSelector(selector));
        if (!ok || data.length != 32) return (false, 0);
        return (true, abi.decode(data, (bytes32)));
    }
}
