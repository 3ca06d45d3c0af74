// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

interface Vm {
    function expectPartialRevert(bytes4 selector) external;
}

/// @notice The few lines of forge-std that these tests need: npm does not have it. With it: `import {Test} from "forge-std/Test.sol"`.
abstract contract Test {
    Vm internal constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    function assertEq(int256 actual, int256 expected) internal pure {
        require(actual == expected, "not equal");
    }

    function assertEq(uint256 actual, uint256 expected) internal pure {
        require(actual == expected, "not equal");
    }

    function assertEq(bytes32 actual, bytes32 expected) internal pure {
        require(actual == expected, "not equal");
    }
}
