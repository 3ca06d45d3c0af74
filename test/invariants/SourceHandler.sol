// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {QuorumSource} from "../../contracts/anchor/sources/QuorumSource.sol";
import {RecordedHashes} from "../../contracts/anchor/sources/RecordedHashes.sol";
import {Answer, IBlockHashSource, Tier} from "../../contracts/interfaces/IBlockHashSource.sol";
import {ToldSource} from "../../contracts/mocks/SourceTargets.sol";
import {Pins} from "../../contracts/proof/Pins.sol";
import {PinnedBlock, SourcedPins} from "../../contracts/proof/SourcedPins.sol";
import {Broken} from "./Vm.sol";

/// @title Three members that say what they like, a quorum of them, a ring over the quorum, and pins
/// @notice Heights are few, so that places and subjects are met again. What each step must do is predicted from what the
/// members have said.
abstract contract SourceHandler {
    uint256 private constant MEMBERS = 3;
    uint64 private constant HEIGHTS = 12;
    uint256 private constant SIZE = 5;
    /// @dev Heights that are looked at after a step, each in its turn.
    uint64 private constant LOOKED_AT = 4;

    /// @dev What a height was ever served with, by the ring.
    mapping(uint64 => bytes32) private _served;
    /// @dev What the ring holds at each place, by the model; a hash of zero stands for a dispute.
    mapping(uint256 => uint64) private _heightAt;
    mapping(uint256 => bytes32) private _hashAt;

    uint64 private _turn;

    mapping(bytes32 => uint256) private _ownPins;
    mapping(bytes32 => uint256) private _pins;
    mapping(bytes32 => uint64) private _ownNewest;

    ToldSource[] internal _members;
    QuorumSource internal _quorum;
    RecordedHashes internal _ring;

    constructor() {
        for (uint256 i = 0; i < MEMBERS; ++i) {
            _members.push(new ToldSource(5, Tier(i % 2)));
            _members[i].tell(1, _hash(1, 0));
        }
        // By their addresses, as a quorum wants them.
        for (uint256 i = 0; i < MEMBERS; ++i) {
            for (uint256 j = i + 1; j < MEMBERS; ++j) {
                if (address(_members[j]) < address(_members[i])) {
                    (_members[i], _members[j]) = (_members[j], _members[i]);
                }
            }
        }
        IBlockHashSource[] memory members = new IBlockHashSource[](MEMBERS);
        for (uint256 i = 0; i < MEMBERS; ++i) members[i] = _members[i];
        _quorum = new QuorumSource(members, 2, 200_000);
        _ring = new RecordedHashes(_quorum, 5, SIZE);
    }

    /* STEPS */

    /// @notice A member learns a hash: the chain's, or that of another branch.
    function tell(uint256 member, uint64 number, uint256 branch) external {
        number = 1 + (number % HEIGHTS);
        _members[member % MEMBERS].tell(number, _hash(number, branch % 8 == 0 ? 1 : 0));
    }

    /// @notice Every member learns the chain's hash.
    function tellAll(uint64 number) external {
        number = 1 + (number % HEIGHTS);
        for (uint256 i = 0; i < MEMBERS; ++i) _members[i].tell(number, _hash(number, 0));
    }

    /// @notice The chain is reorganised: every member learns the other hash.
    function reorganise(uint64 number) external {
        number = 1 + (number % HEIGHTS);
        for (uint256 i = 0; i < MEMBERS; ++i) _members[i].tell(number, _hash(number, 1));
    }

    /// @notice A member forgets.
    function forget(uint256 member, uint64 number) external {
        _members[member % MEMBERS].tell(1 + (number % HEIGHTS), bytes32(0));
    }

    /// @notice A member answers badly from now on, or well again. One that burns its gas would burn the campaign's.
    function behave(uint256 member, uint256 manner) external {
        manner %= 24;
        bool isTooMuch = manner == uint256(ToldSource.Manner.Burning);
        // Of a height without a hash that is the same as `Disagreeing`.
        bool isTwofold = manner == uint256(ToldSource.Manner.DisagreeingHash);
        if (isTooMuch || isTwofold || manner > uint256(ToldSource.Manner.Disagreeing)) manner = 0;
        _members[member % MEMBERS].behave(ToldSource.Manner(manner));
    }

    /// @notice Somebody records a block.
    function record(uint64 number) external {
        number = 1 + (number % HEIGHTS);
        uint256 place = number % SIZE;
        (Answer answer, bytes32 hash) = _predicted(number);
        bool isHeld = _heightAt[place] == number;
        if (answer == Answer.Unknown && isHeld) hash = _hashAt[place];
        // A dispute is carried over what is held, and is otherwise nothing to record.
        bool isNothing = answer == Answer.Disagree ? !isHeld : hash == bytes32(0);
        bool isRefused = isNothing || _heightAt[place] > number;
        try _ring.record(number) {
            if (isRefused) revert Broken("INV-19: recorded what is not known, or is older");
        } catch {
            if (!isRefused) revert Broken("INV-19: refused what is known");
            return;
        }
        if (isHeld && _hashAt[place] != hash) hash = bytes32(0);
        (_heightAt[place], _hashAt[place]) = (number, hash);
    }

    /// @notice Somebody pins a fact of the executing chain, of any age.
    function pin(uint256 subject, uint64 number, uint256 value) external {
        bytes32 key = bytes32(subject % 3);
        number %= HEIGHTS;
        bool kept = Pins.keep(_ownPins, key, number, value % 4);
        if (kept && number < _ownNewest[key]) revert Broken("INV-21: an older pin replaced a newer one");
        if (!kept) return;
        _ownNewest[key] = number;
        if (Pins.requireKept(_ownPins, key, value % 4) != number) revert Broken("INV-21: a pin of another block");
    }

    /// @notice Somebody pins a fact of the other chain, of a block that the quorum knows.
    function pinSourced(uint256 subject, uint64 number, uint256 value) external {
        bytes32 key = bytes32(subject % 3);
        number = 1 + (number % HEIGHTS);
        (Answer answer, bytes32 hash) = _quorum.hashOf(number);
        if (answer != Answer.Known) return;
        uint64 before = SourcedPins.heightOf(_pins, key);
        (answer, ) = _quorum.hashOf(before);
        bool isKnown = answer == Answer.Known;
        bool kept = SourcedPins.keep(_pins, key, PinnedBlock(number, 1_000 + number, hash), value % 4, isKnown);
        if (kept && before > number && isKnown) revert Broken("INV-21: an older pin replaced a newer one");
    }

    /* WHAT HOLDS BETWEEN STEPS */

    /// @notice INV-19: what a quorum and a ring answer is what the members have said. No unknown is served as a hash.
    /// INV-20: of one height a ring serves one hash, ever.
    function checkAnswers() external {
        for (uint64 i = 0; i < LOOKED_AT; ++i) {
            uint64 number = _turn++ % (HEIGHTS + 2);
            (Answer answer, bytes32 hash) = _quorum.hashOf(number);
            (Answer expected, bytes32 known) = _predicted(number);
            if (answer != expected || hash != known) revert Broken("INV-19: the quorum's answer is another");
            (answer, hash) = _ring.hashOf(number);
            bool isHeld = number != 0 && _heightAt[number % SIZE] == number;
            known = isHeld ? _hashAt[number % SIZE] : bytes32(0);
            expected =
                !isHeld
                    ? Answer.Unknown
                    : known == bytes32(0)
                        ? Answer.Disagree
                        : Answer.Known;
            if (answer != expected || hash != known) revert Broken("INV-19: the ring's answer is another");
            if (answer != Answer.Known) continue;
            if (_served[number] != bytes32(0) && _served[number] != hash)
                revert Broken("INV-20: two hashes of a height");
            _served[number] = hash;
        }
        uint64 newest = _quorum.newest();
        (Answer ofNewest, ) = _quorum.hashOf(newest);
        if (newest != 0 && ofNewest != Answer.Known) revert Broken("INV-19: the newest block is not known");
    }

    /// @dev k of n, and none that says otherwise.
    function _predicted(uint64 number) private view returns (Answer answer, bytes32 hash) {
        uint256 known = 0;
        for (uint256 i = 0; i < MEMBERS; ++i) {
            ToldSource member = _members[i];
            if (member.manner() == ToldSource.Manner.Disagreeing) return (Answer.Disagree, bytes32(0));
            if (member.manner() != ToldSource.Manner.Honest) continue;
            (, bytes32 said) = member.hashOf(number);
            if (said == bytes32(0)) continue;
            if (hash != bytes32(0) && hash != said) return (Answer.Disagree, bytes32(0));
            hash = said;
            ++known;
        }
        return known < 2 ? (Answer.Unknown, bytes32(0)) : (Answer.Known, hash);
    }

    function _hash(uint64 number, uint256 branch) private pure returns (bytes32) {
        return keccak256(abi.encode(number, branch));
    }
}
