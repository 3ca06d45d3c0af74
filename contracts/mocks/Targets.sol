// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {StateAnchoredGuard} from "../StateAnchoredGuard.sol";
import {Anchor, StateAnchor} from "../anchor/Anchor.sol";
import {Continuity} from "../anchor/Continuity.sol";
import {NativeChains} from "../anchor/NativeChains.sol";
import {IStandaloneGuard} from "../interfaces/IStandaloneGuard.sol";

/// @notice What the targets below do when they are let to.
abstract contract Target {
    uint256 public actions;

    function _act() internal {
        actions += 1;
    }
}

/// @notice A guarded contract with depth bounds of its own.
contract AnchoredTarget is Target, StateAnchoredGuard {
    uint64 private immutable _minDepth;
    uint64 private immutable _maxDepth;

    constructor(uint64 minDepth, uint64 maxDepth) {
        _minDepth = minDepth;
        _maxDepth = maxDepth;
    }

    function act(Anchor calldata anchor) external anchored(anchor) {
        _act();
    }

    function actOnState(StateAnchor calldata anchor, bytes calldata header) external anchoredState(anchor, header) {
        _act();
    }

    function _anchorDepthBounds() internal view virtual override returns (uint64, uint64) {
        return (_minDepth, _maxDepth);
    }
}

/// @notice A guarded contract that overrides nothing.
contract DefaultTarget is Target, StateAnchoredGuard {
    function act(Anchor calldata anchor) external anchored(anchor) {
        _act();
    }

    function actOnState(StateAnchor calldata anchor, bytes calldata header) external anchoredState(anchor, header) {
        _act();
    }
}

/// @notice The same functions without the guard: the baseline of every gas figure.
contract UnanchoredTarget is Target {
    function act(Anchor calldata) external {
        _act();
    }

    function actOnState(StateAnchor calldata, bytes calldata) external {
        _act();
    }
}

/// @notice A guarded contract on a chain with a source of its own. The source answers what the test sets, and zero for
/// the rest.
contract SourcedTarget is Target, StateAnchoredGuard {
    uint256 private _height;
    uint64 private _window;
    mapping(uint256 => bytes32) private _hashes;

    function setHead(uint256 height, uint64 window) external {
        _height = height;
        _window = window;
    }

    function setHash(uint256 height, bytes32 hash) external {
        _hashes[height] = hash;
    }

    function act(Anchor calldata anchor) external anchored(anchor) {
        _act();
    }

    function actOnState(StateAnchor calldata anchor, bytes calldata header) external anchoredState(anchor, header) {
        _act();
    }

    function _blockNumber() internal view override returns (uint256) {
        return _height;
    }

    function _blockHash(uint256 height) internal view override returns (bytes32) {
        return _hashes[height];
    }

    function _blockHashWindow() internal view override returns (uint64) {
        return _window;
    }

    function _isSupportedChain(uint256) internal pure override returns (bool) {
        return true;
    }
}

/// @notice A guarded contract over a ring buffer, as EIP-2935's own contract is. The buffer trusts its caller to stay
/// inside the window.
contract RingTarget is Target, StateAnchoredGuard {
    uint64 private constant _WINDOW = 50;

    uint256 private _height;
    mapping(uint256 => bytes32) private _ring;

    function fill(uint256 height) external {
        _height = height;
        for (uint256 i = 1; i <= _WINDOW; ++i) _ring[(height - i) % _WINDOW] = hashOf(height - i);
    }

    function hashOf(uint256 height) public pure returns (bytes32) {
        return keccak256(abi.encode(height));
    }

    function act(Anchor calldata anchor) external anchored(anchor) {
        _act();
    }

    function _blockNumber() internal view override returns (uint256) {
        return _height;
    }

    function _blockHash(uint256 height) internal view override returns (bytes32) {
        return _ring[height % _WINDOW];
    }

    function _blockHashWindow() internal pure override returns (uint64) {
        return _WINDOW;
    }

    function _isSupportedChain(uint256) internal pure override returns (bool) {
        return true;
    }
}

/// @notice Anchors for its caller, to the block before the one in which it runs, whichever branch that is.
contract AnchoringRouter {
    function act(AnchoredTarget target) external {
        uint256 parent = block.number - 1;
        target.act(Anchor(uint64(parent), blockhash(parent)));
    }
}

/// @notice A protocol that cannot inherit the guard, and asks the deployed one.
contract AskingTarget is Target {
    error NotTheGuard(address guard, bytes4 answer);

    function act(IStandaloneGuard guard, Anchor calldata anchor) external {
        _requireMagic(guard, guard.requireAnchored(anchor, 1, 256), IStandaloneGuard.requireAnchored.selector);
        _act();
    }

    function actOnState(IStandaloneGuard guard, StateAnchor calldata anchor, bytes calldata header) external {
        bytes4 answer = guard.requireAnchoredState(anchor, header, 1, 256);
        _requireMagic(guard, answer, IStandaloneGuard.requireAnchoredState.selector);
        _act();
    }

    function _requireMagic(IStandaloneGuard guard, bytes4 answer, bytes4 magic) private pure {
        if (answer != magic) revert NotTheGuard(address(guard), answer);
    }
}

/// @notice A protocol that asks and does not compare.
contract CarelessTarget is Target {
    function act(IStandaloneGuard guard, Anchor calldata anchor) external {
        guard.requireAnchored(anchor, 1, 256);
        _act();
    }

    function actOnState(IStandaloneGuard guard, StateAnchor calldata anchor, bytes calldata header) external {
        guard.requireAnchoredState(anchor, header, 1, 256);
        _act();
    }
}

/// @notice The list of chains from outside.
contract NativeChainsHarness {
    function contains(uint256 chainId) external pure returns (bool) {
        return NativeChains.contains(chainId);
    }

    function isArbitrum(uint256 chainId) external pure returns (bool) {
        return NativeChains.isArbitrum(chainId);
    }

    function continuityOf(uint256 chainId) external pure returns (Continuity) {
        return NativeChains.continuityOf(chainId);
    }

    function blockTimeOf(uint256 chainId) external pure returns (uint256) {
        return NativeChains.blockTimeOf(chainId);
    }
}
