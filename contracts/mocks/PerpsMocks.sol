// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {ProofDesk} from "../ProofDesk.sol";
import {ArbitrumGuardedPerps} from "../examples/ArbitrumGuardedPerps.sol";
import {DelayedVault} from "../examples/CollateralVault.sol";
import {GuardedPerps} from "../examples/GuardedPerps.sol";
import {Order} from "../examples/IMarginPerps.sol";
import {Action, Policy, Verdict} from "../policy/Policy.sol";
import {ScopeConfig} from "../policy/Scopes.sol";

/// @notice The guarded exchange on a chain whose every source of block hashes has failed.
contract SourcelessPerps is GuardedPerps {
    constructor(
        IERC20 token,
        address feed,
        address keeper,
        ProofDesk proofs
    ) GuardedPerps(token, feed, keeper, proofs) {}

    function _blockHash(uint256) internal pure override returns (bytes32) {
        return bytes32(0);
    }
}

/// @notice The guarded exchange with something in the path of a fill that reverts with whatever it is told.
contract InterferedPerps is GuardedPerps {
    bool private _interferes;
    bytes private _revertData;

    constructor(
        IERC20 token,
        address feed,
        address keeper,
        ProofDesk proofs
    ) GuardedPerps(token, feed, keeper, proofs) {}

    function interfere(bytes calldata data) external {
        _interferes = true;
        _revertData = data;
    }

    function _guardFill(Order calldata order, Action action) internal override returns (Verdict verdict) {
        verdict = super._guardFill(order, action);
        if (_interferes) _revertWith(_revertData);
    }
}

/// @notice The guarded exchange under a policy that makes profits wait in Lagging already, where positions may be opened.
contract CautiousPerps is GuardedPerps {
    constructor(
        IERC20 token,
        address feed,
        address keeper,
        ProofDesk proofs
    ) GuardedPerps(token, feed, keeper, proofs) {}

    function _scopeConfig() internal pure override returns (ScopeConfig memory config) {
        config = super._scopeConfig();
        // Decrease, of six bits an action, is allowed below one status less.
        config.policy = Policy.wrap(Policy.unwrap(config.policy) - (uint48(1) << (6 * uint8(Action.Decrease))));
    }
}

/// @notice The exchange on an Orbit chain with a block every two seconds. A scenario of four a second would take too long.
contract OrbitPerps is ArbitrumGuardedPerps {
    constructor(
        IERC20 token,
        address feed,
        address keeper,
        ProofDesk proofs
    ) ArbitrumGuardedPerps(token, feed, keeper, proofs) {}

    function _scopeConfig() internal pure override returns (ScopeConfig memory config) {
        config = super._scopeConfig();
        (config.blockTime, config.longestBlockTime) = (2_000, 2_500);
    }
}

/// @notice An owner of collateral that asks for it again while it is paid out.
contract GreedyOwner {
    DelayedVault private immutable _vault;
    uint256 public payments;

    constructor(DelayedVault vault) {
        _vault = vault;
    }

    receive() external payable {
        if (++payments == 1) _vault.release(address(this), block.chainid);
    }

    function lock() external payable {
        _vault.lock{value: msg.value}(address(this), block.chainid);
    }

    function request(uint256 amount) external {
        _vault.request(address(this), block.chainid, amount);
    }

    function release() external {
        _vault.release(address(this), block.chainid);
    }
}

/// @notice A wallet of one owner (ERC-1271) that signs whatever its owner signs: it does not bind signatures to itself (ERC-7739).
contract PlainWallet {
    address private immutable _owner;

    constructor(address owner) {
        _owner = owner;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        return ECDSA.recover(digest, signature) == _owner ? this.isValidSignature.selector : bytes4(0xffffffff);
    }

    function run(address target, bytes calldata data) external {
        (bool ok, bytes memory result) = target.call(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(result, 0x20), mload(result))
            }
        }
    }
}
