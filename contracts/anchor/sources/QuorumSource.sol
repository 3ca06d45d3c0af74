// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {Answer, IBlockHashSource, Tier} from "../../interfaces/IBlockHashSource.sol";
import {ISourceErrors} from "../../interfaces/ISourceErrors.sol";
import {Sources} from "./Sources.sol";

/// @title k of n sources
/// @notice A hash is known where `quorum` members know it and none knows another. Where two know different ones the
/// answer is Disagree, whatever the majority says. One of them is wrong about the chain, and it is not known which. A
/// member that does not answer counts for nothing.
/// @dev Each member is asked with the same gas, so that neither order nor a member's appetite decides. A quorum as a
/// member of another needs as much for each of its own. The quorum is as sure as its least sure member, whose tier is read once.
contract QuorumSource is IBlockHashSource, ISourceErrors {
    /// @notice What each member may spend when it is asked.
    uint256 public immutable memberGas;

    /// @notice So many members must know a hash, more than half of them.
    uint256 public immutable quorum;

    Tier private immutable _tier;
    IBlockHashSource[] private _members;

    /// @param members_ in strictly ascending order of their addresses, all of one chain
    /// @param quorum_ more than half of them, and at least two
    /// @param memberGas_ for each; a quarter of it must do now. EIP-2935, cold, takes some 5,000, and a ring three cold slots.
    /// Leave room for what a hard fork may add
    constructor(IBlockHashSource[] memory members_, uint256 quorum_, uint256 memberGas_) {
        uint256 count = members_.length;
        if (quorum_ < 2 || quorum_ > count || 2 * quorum_ <= count) revert QuorumTooSmall(quorum_, count);
        uint256 wanted = members_[0].chainId();
        Tier least = Tier.Finalized;
        for (uint256 i = 0; i < count; ++i) {
            IBlockHashSource member = members_[i];
            if (i != 0 && address(member) <= address(members_[i - 1])) {
                revert MembersOutOfOrder(address(members_[i - 1]), address(member));
            }
            // A quarter has to do now, when what is read may be warm and the newest block the cheapest.
            Sources.requireOf(member, wanted, memberGas_ / 4);
            Tier tier_ = member.tier();
            if (tier_ < least) least = tier_;
        }
        (quorum, memberGas, _tier, _members) = (quorum_, memberGas_, least, members_);
    }

    /// @notice The members, in the order in which they are asked.
    function members() external view returns (IBlockHashSource[] memory) {
        return _members;
    }

    /// @inheritdoc IBlockHashSource
    function chainId() external view returns (uint256) {
        return _members[0].chainId();
    }

    /// @inheritdoc IBlockHashSource
    function tier() external view returns (Tier) {
        return _tier;
    }

    /// @notice The greatest of the members' newest heights that the quorum itself knows a hash of.
    /// @inheritdoc IBlockHashSource
    function newest() external view returns (uint64 number) {
        for (uint256 i = 0; i < _members.length; ++i) {
            _requireGas();
            uint64 height = Sources.newestOf(_members[i], memberGas);
            if (height <= number) continue;
            (Answer answer, ) = hashOf(height);
            if (answer == Answer.Known) number = height;
        }
    }

    /// @inheritdoc IBlockHashSource
    function hashOf(uint64 number) public view returns (Answer answer, bytes32 hash) {
        uint256 agreed = 0;
        uint256 count = _members.length;
        for (uint256 i = 0; i < count; ++i) {
            _requireGas();
            (Answer given, bytes32 other) = Sources.ask(_members[i], number, memberGas);
            if (given == Answer.Disagree) return (Answer.Disagree, bytes32(0));
            if (given != Answer.Known) continue;
            if (hash != bytes32(0) && other != hash) return (Answer.Disagree, bytes32(0));
            hash = other;
            ++agreed;
        }
        return agreed >= quorum ? (Answer.Known, hash) : (Answer.Unknown, bytes32(0));
    }

    /// @dev A call gets at most 63/64 of what is left (EIP-150). With less than that a member would be starved, and a
    /// disagreement with it hidden.
    function _requireGas() private view {
        uint256 needed = (memberGas * 64) / 63 + 10_000;
        if (gasleft() < needed) revert GasTooLow(gasleft(), needed);
    }
}
