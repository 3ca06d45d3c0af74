// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {StateAnchor} from "../anchor/Anchor.sol";
import {StateAnchors} from "../anchor/StateAnchors.sol";
import {HeaderReader} from "../header/HeaderReader.sol";

/// @notice One call of `HeaderReader` behind one external function, so that next to nothing but it is measured.
contract HeaderReaderGas {
    function verifyStateAnchor(bytes calldata header, StateAnchor calldata anchor) external pure {
        StateAnchors.verify(anchor, header);
    }
}

/// @notice As HeaderReaderGas, for `authenticate`.
contract AuthenticateGas {
    function authenticate(bytes calldata header, uint64 number, bytes32 hash) external pure returns (bytes32) {
        return HeaderReader.authenticate(header, number, hash);
    }
}

/// @notice As HeaderReaderGas, for `read`, of which one field is returned.
contract ReadGas {
    function read(bytes calldata header) external pure returns (bytes32) {
        return HeaderReader.read(header).stateRoot;
    }
}

/// @notice The base line: the same arguments, and nothing done with them.
contract NothingGas {
    function verifyStateAnchor(bytes calldata, StateAnchor calldata) external pure {}
}
