// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {StateAnchor} from "../anchor/Anchor.sol";
import {StateAnchors} from "../anchor/StateAnchors.sol";
import {HeaderChain} from "../header/HeaderChain.sol";
import {Header, HeaderReader, HeaderStatus} from "../header/HeaderReader.sol";
import {IHeaderErrors} from "../interfaces/IHeaderErrors.sol";
import {HeaderReaderReference} from "../reference/HeaderReaderReference.sol";

/// @notice Exposes `HeaderReader` and its reference, one header at a time and many.
contract HeaderReaderHarness is IHeaderErrors {
    struct ReadResult {
        HeaderStatus status;
        uint8 field;
        Header fields;
    }

    struct AuthenticateResult {
        HeaderStatus status;
        bytes32 actual;
        uint64 number;
        bytes32 stateRoot;
    }

    HeaderReaderReference public immutable twin = new HeaderReaderReference();

    function read(bytes calldata header) external pure returns (Header memory) {
        return HeaderReader.read(header);
    }

    function authenticate(
        bytes calldata header,
        uint64 number,
        bytes32 hash
    ) external pure returns (bytes32 stateRoot) {
        return HeaderReader.authenticate(header, number, hash);
    }

    function verifyStateAnchor(bytes calldata header, StateAnchor calldata anchor) external pure {
        StateAnchors.verify(anchor, header);
    }

    function tryVerifyStateAnchor(
        bytes calldata header,
        StateAnchor calldata anchor
    ) external pure returns (HeaderStatus status, bytes32 actual) {
        return HeaderReader.tryVerifyState(header, anchor.number, anchor.hash, anchor.stateRoot);
    }

    /// @notice What `verifyStateAnchor` reverts with, of many headers; nothing where it passes.
    function verifyAll(
        bytes[] calldata headers,
        StateAnchor[] calldata anchors
    ) external view returns (bytes[] memory reasons) {
        reasons = new bytes[](headers.length);
        for (uint256 i = 0; i < headers.length; i++) {
            try this.verifyStateAnchor(headers[i], anchors[i]) {} catch (bytes memory reason) {
                reasons[i] = reason;
            }
        }
    }

    /// @notice What `stateAnchorFailure` says, of many headers.
    function failuresOf(
        bytes[] calldata headers,
        StateAnchor[] calldata anchors
    ) external pure returns (bytes[] memory reasons) {
        reasons = new bytes[](headers.length);
        for (uint256 i = 0; i < headers.length; i++) {
            reasons[i] = StateAnchors.failure(anchors[i], headers[i]);
        }
    }

    function ancestor(
        uint64 number,
        bytes32 hash,
        uint64 depth,
        bytes[] calldata headers
    ) external pure returns (bytes32 ancestorHash, bytes32 stateRoot) {
        return HeaderChain.ancestor(number, hash, depth, headers);
    }

    function readAll(bytes[] calldata headers) external pure returns (ReadResult[] memory results) {
        results = new ReadResult[](headers.length);
        for (uint256 i = 0; i < headers.length; i++) {
            (results[i].status, results[i].field, results[i].fields) = HeaderReader.tryRead(headers[i]);
        }
    }

    function readAllByReference(bytes[] calldata headers) external view returns (ReadResult[] memory results) {
        results = new ReadResult[](headers.length);
        for (uint256 i = 0; i < headers.length; i++) {
            (results[i].status, results[i].field, results[i].fields) = twin.tryRead(headers[i]);
        }
    }

    function authenticateAll(
        bytes[] calldata headers,
        bytes32[] calldata hashes
    ) external pure returns (AuthenticateResult[] memory results) {
        results = new AuthenticateResult[](headers.length);
        for (uint256 i = 0; i < headers.length; i++) {
            AuthenticateResult memory result = results[i];
            (result.status, result.actual, result.number, result.stateRoot) = HeaderReader.tryAuthenticate(
                headers[i],
                hashes[i]
            );
        }
    }

    function authenticateAllByReference(
        bytes[] calldata headers,
        bytes32[] calldata hashes
    ) external view returns (AuthenticateResult[] memory results) {
        results = new AuthenticateResult[](headers.length);
        for (uint256 i = 0; i < headers.length; i++) {
            AuthenticateResult memory result = results[i];
            (result.status, result.actual, result.number, result.stateRoot) = twin.tryAuthenticate(
                headers[i],
                hashes[i]
            );
        }
    }
}
