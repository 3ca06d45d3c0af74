// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {SelfProvenChain} from "../anchor/SelfProvenChain.sol";
import {PolicyGuard} from "../policy/PolicyGuard.sol";
import {ProfitEscrow} from "../policy/ProfitEscrow.sol";
import {ProvenBeliefs} from "../policy/ProvenBeliefs.sol";

/// @notice The namespaced structs as state variables: of these the compiler prints the layout, which is that of the namespaces.
contract StorageLayouts {
    PolicyGuard.PolicyStorage private _policy;
    ProfitEscrow.EscrowStorage private _escrow;
    ProvenBeliefs.BeliefStorage private _beliefs;
    SelfProvenChain.ChainStorage private _chains;
}
