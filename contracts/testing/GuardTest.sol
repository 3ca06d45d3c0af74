// SPDX-License-Identifier: MIT
pragma solidity ^0.8.13;

import {GuardErrors} from "../GuardErrors.sol";
import {Anchor} from "../anchor/Anchor.sol";
import {BlockHashes} from "../anchor/BlockHashes.sol";
import {BeaconRoots} from "../anchor/sources/BeaconRoots.sol";
import {ICheatcodes, LiveTime} from "./LiveTime.sol";

/// @notice The further cheatcodes that `GuardTest` uses, as Foundry from 1.0 and Hardhat's Solidity tests answer them.
interface IForkCheatcodes is ICheatcodes {
    function etch(address target, bytes calldata code) external;

    function load(address target, bytes32 slot) external view returns (bytes32 value);

    function store(address target, bytes32 slot, bytes32 value) external;

    function prevrandao(bytes32 value) external;

    function snapshotState() external returns (uint256 snapshot);

    function revertToState(uint256 snapshot) external returns (bool isReverted);

    function deleteStateSnapshot(uint256 snapshot) external returns (bool isDeleted);

    function expectRevert(bytes calldata revertData) external;

    function expectPartialRevert(bytes4 selector) external;
}

/// @notice Blocks between which no transaction came. Their states differ in the system contracts alone.
/// @param first the block in which `roll` was called; the blocks of the run come after it
/// @param time of `first`, in seconds since 1970
/// @param blockTime seconds between two blocks
/// @param snapshot the state at the end of `first`
struct RolledBlocks {
    uint64 first;
    uint64 time;
    uint64 blockTime;
    uint64 snapshot;
}

/// @notice Where a branch leaves another: blocks from `from` on have hashes of their own.
struct BranchPoint {
    uint256 from;
    uint256 branch;
}

/// @title A chain with branches, in Foundry's and Hardhat's Solidity tests
/// @notice Inherit it beside the test suite's own base. `roll` makes blocks, each with a hash that BLOCKHASH and EIP-2935 answer. Each has a root
/// that EIP-4788 answers, and a PREVRANDAO of its own. Where `roll` made the blocks, `reorg` undoes them with all that happened in them.
/// `partition` makes two histories of one, and `switchTo` goes from one to the other. `outage` lets time pass without blocks. For tests only:
/// on a chain nobody answers the cheatcodes.
/// Nothing is random: the same calls make the same hashes.
/// @dev The block in which the test's next call executes is the one that `vm.getBlockNumber` tells. A reorg and a switch put back everything that
/// the cheatcodes know as state: accounts, block number and time. The test's own storage is part of it: what is to outlast them belongs in memory.
/// One contract of a suite makes the blocks.
/// @custom:example
/// ```solidity
/// roll(3);
/// Anchor memory seen = anchorAt(1);
/// reorg(2);
/// expectGuardError(IAnchorErrors.AnchorMismatch.selector);
/// perps.trade(5, seen);
/// ```
abstract contract GuardTest {
    /// @notice The reorg would replace no block, or one that `roll` did not make. At most `recorded` blocks can be replaced.
    error ReorgTooDeep(uint256 depth, uint256 recorded);

    /// @notice No history has the name.
    error NoHistory(string name);

    /// @notice Another history has the name already.
    error HistoryExists(string name);

    /// @notice The state to go back to is kept no more. 256 calls of `roll` came after it, or the test deleted the snapshot.
    error SnapshotGone(uint256 snapshot);

    /// @notice No error of the guard has the selector, so that the guard cannot revert with it.
    error NoGuardError(bytes4 selector);

    IForkCheatcodes private constant VM = IForkCheatcodes(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    /// @dev The runtime code that EIP-2935 gives, of 83 bytes.
    bytes private constant HISTORY_CODE =
        hex"3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500";

    /// @dev The runtime code that EIP-4788 gives, of 97 bytes.
    bytes private constant BEACON_ROOTS_CODE =
        hex"3373fffffffffffffffffffffffffffffffffffffffe14604d57602036146024575f5ffd5b5f35801560495762001fff810690815414603c575f5ffd5b62001fff01545f5260205ff35b5f5ffd5b62001fff42064281555f359062001fff015500";

    /// @dev EIP-2935's and EIP-4788's contracts keep as many blocks.
    uint256 private constant WINDOW = 8191;

    /// @dev How many calls of `roll` can be undone.
    uint256 private constant SNAPSHOTS = 256;

    RolledBlocks[] private _rolled;
    /// @dev The block to which `roll` came last. Where another executes, what lies below is not recorded.
    uint256 private _reached;
    BranchPoint[] private _branchPoints;

    // What follows outlasts a reorg and a switch.
    uint256 private _branches;
    bytes32 private _here;
    bytes32[] private _elsewhere;
    uint256[] private _presents;

    constructor() {
        VM.etch(BlockHashes.HISTORY, HISTORY_CODE);
        VM.etch(BeaconRoots.CONTRACT, BEACON_ROOTS_CODE);
        uint256 number = VM.getBlockNumber();
        uint256 known = number < LiveTime.BLOCKHASH_WINDOW ? number : LiveTime.BLOCKHASH_WINDOW;
        for (uint256 age = known; age > 0; --age) {
            bytes32 hash = VM.load(BlockHashes.HISTORY, bytes32((number - age) % WINDOW));
            if (hash == 0 || hash != blockhash(number - age)) _setBlockhash(number - age, _hashOf(number - age));
        }
        // No beacon block precedes a genesis.
        if (number > 0) setBeaconRoot(VM.getBlockTimestamp(), _beaconRootBefore(number));
    }

    /// @notice Ends the block, and starts the next one 12 seconds later.
    function roll() internal {
        roll(1);
    }

    /// @notice Ends the block, and starts the one `blocks` later. Each comes 12 seconds after the one before.
    function roll(uint256 blocks) internal {
        roll(blocks, LiveTime.BLOCK_TIME);
    }

    /// @notice Ends the block, and starts the one `blocks` later. Each comes `blockTime` after the one before.
    /// @param blockTime in seconds, at least 1
    function roll(uint256 blocks, uint256 blockTime) internal {
        if (blockTime == 0) revert LiveTime.NoBlockTime();
        if (blocks == 0) return;
        uint256 first = VM.getBlockNumber();
        uint256 time = VM.getBlockTimestamp();
        if (first != _reached) delete _rolled;
        uint256 snapshot = VM.snapshotState();
        _rolled.push(RolledBlocks(uint64(first), uint64(time), uint64(blockTime), uint64(snapshot)));
        // Each holds the whole state, so that thousands would fill the memory.
        if (_oldest() > 0) VM.deleteStateSnapshot(_rolled[_oldest() - 1].snapshot);
        _reached = first + blocks;
        VM.roll(_reached);
        VM.warp(time + blocks * blockTime);
        VM.prevrandao(keccak256(abi.encode("GuardTest prevrandao", _hashOf(_reached))));
        // Older ones are in no window any more.
        for (uint256 i = blocks > WINDOW ? blocks - WINDOW : 0; i < blocks;) {
            ++i;
            _startBlock(first + i, time + i * blockTime);
        }
    }

    /// @notice An outage: time passes, and a single block comes at its end.
    /// @param time in seconds, at least 1
    function outage(uint256 time) internal {
        roll(1, time);
    }

    /// @notice A reorg: the last `depth` blocks are replaced by empty ones, with other hashes at the same times. What happened in them and in the
    /// present block has not happened. Whoever sends a transaction again is the test.
    /// @param depth in blocks, from 1 on; all of them made by `roll`
    function reorg(uint256 depth) internal {
        uint256 head = VM.getBlockNumber();
        uint256 recorded = head == _reached && _rolled.length > 0 ? head - 1 - _rolled[_oldest()].first : 0;
        if (depth == 0 || depth > recorded) revert ReorgTooDeep(depth, recorded);
        RolledBlocks[] memory runs = _runsFrom(head - depth - 1);
        _restore(runs[0].snapshot);
        _branchFrom(head - depth);
        for (uint256 i = 0; i < runs.length; ++i) {
            uint256 end = i + 1 < runs.length ? runs[i + 1].first : head;
            VM.warp(runs[i].time);
            roll(end - runs[i].first, runs[i].blockTime);
        }
    }

    /// @notice Makes two histories of one, from the present on. The test goes on in `here`. The present block and those after it have other
    /// hashes `there`. A test that is in one of two histories parts it again by its own name and a third.
    function partition(string memory here, string memory there) internal {
        (bytes32 ours, bytes32 theirs) = (keccak256(bytes(here)), keccak256(bytes(there)));
        if (_here != ours && _here != 0) revert NoHistory(here);
        if (ours == theirs || _indexOf(theirs) < _elsewhere.length) revert HistoryExists(there);
        _branchFrom(VM.getBlockNumber());
        uint256 present = VM.snapshotState();
        _branchPoints.pop();
        _here = ours;
        _elsewhere.push(theirs);
        _presents.push(present);
    }

    /// @notice Goes on in another history, where the test left it. The one that is left stays as it is until the test comes back.
    function switchTo(string memory name) internal {
        bytes32 there = keccak256(bytes(name));
        if (there == _here) return;
        uint256 i = _indexOf(there);
        if (i == _elsewhere.length) revert NoHistory(name);
        uint256 present = _presents[i];
        _presents[i] = VM.snapshotState();
        _elsewhere[i] = _here;
        _here = there;
        _restore(present);
    }

    /// @notice The block `depth` blocks before the present one, as an action would be anchored to it.
    /// @param depth in blocks, from 1 to 8,191
    function anchorAt(uint256 depth) internal view returns (Anchor memory) {
        uint256 head = VM.getBlockNumber();
        if (depth == 0 || depth > WINDOW || depth > head) revert LiveTime.NoBlockAtDepth(depth, head);
        uint256 number = head - depth;
        bytes32 hash = VM.load(BlockHashes.HISTORY, bytes32(number % WINDOW));
        if (hash == 0) revert LiveTime.NoBlockAtDepth(depth, head);
        return Anchor(uint64(number), hash);
    }

    /// @notice Gives a block another hash, in BLOCKHASH (up to 256 blocks back) and EIP-2935's contract. A reorg below the present block undoes it.
    /// @param number from 1 to 8,191 blocks before the present one
    function setBlockhash(uint256 number, bytes32 hash) internal {
        uint256 head = VM.getBlockNumber();
        uint256 depth = number < head ? head - number : 0;
        if (depth == 0 || depth > WINDOW) revert LiveTime.NoBlockAtDepth(depth, head);
        _setBlockhash(number, hash);
    }

    /// @notice Has EIP-4788's contract answer `root` for a block with this time. `roll` gives every block a root of its own.
    /// @param time in seconds since 1970
    function setBeaconRoot(uint256 time, bytes32 root) internal {
        VM.store(BeaconRoots.CONTRACT, bytes32(time % WINDOW), bytes32(time));
        VM.store(BeaconRoots.CONTRACT, bytes32((time % WINDOW) + WINDOW), root);
    }

    /// @notice The next call must revert with this error of the guard, whatever its values are.
    /// @dev The cheatcode compares what the call itself reverts with. An error that a contract caught, and wrapped in one of its own, is not seen.
    /// Neither is one that a multicall lists among its results.
    function expectGuardError(bytes4 selector) internal {
        _requireGuardError(selector);
        VM.expectPartialRevert(selector);
    }

    /// @notice The next call must revert with this error of the guard, and these values.
    /// @param values as `abi.encode` makes them
    function expectGuardError(bytes4 selector, bytes memory values) internal {
        _requireGuardError(selector);
        VM.expectRevert(bytes.concat(selector, values));
    }

    /// @notice The next call must revert with this error of the guard, whatever its values are.
    /// @param signature for example `AnchorMismatch(uint64,bytes32,bytes32)`
    function expectGuardError(string memory signature) internal {
        expectGuardError(bytes4(keccak256(bytes(signature))));
    }

    /// @notice The next call must revert with this error of the guard, and these values.
    /// @param signature for example `AnchorMismatch(uint64,bytes32,bytes32)`
    /// @param values as `abi.encode` makes them
    function expectGuardError(string memory signature, bytes memory values) internal {
        expectGuardError(bytes4(keccak256(bytes(signature))), values);
    }

    function _requireGuardError(bytes4 selector) private pure {
        if (!GuardErrors.isGuardError(selector) && !GuardErrors.isPinError(selector)) revert NoGuardError(selector);
    }

    /// @dev What a client does at the start of a block: both contracts learn of its parent.
    function _startBlock(uint256 number, uint256 time) private {
        _setBlockhash(number - 1, _hashOf(number - 1));
        setBeaconRoot(time, _beaconRootBefore(number));
    }

    function _setBlockhash(uint256 number, bytes32 hash) private {
        VM.setBlockhash(number, hash);
        VM.store(BlockHashes.HISTORY, bytes32(number % WINDOW), hash);
    }

    /// @dev The youngest branch that has the block gives its hash.
    function _hashOf(uint256 number) private view returns (bytes32) {
        uint256 branch = 0;
        for (uint256 i = _branchPoints.length; i > 0 && branch == 0; --i)
            if (_branchPoints[i - 1].from <= number) branch = _branchPoints[i - 1].branch;
        return keccak256(abi.encode("GuardTest", branch, number));
    }

    /// @dev The root that the header of block `number` holds, of the beacon block before it. Branches share it where they share the parent.
    function _beaconRootBefore(uint256 number) private view returns (bytes32) {
        return keccak256(abi.encode("GuardTest beacon root", _hashOf(number - 1)));
    }

    function _branchFrom(uint256 number) private {
        _branchPoints.push(BranchPoint(number, ++_branches));
    }

    /// @dev The first run whose snapshot is kept.
    function _oldest() private view returns (uint256) {
        return _rolled.length > SNAPSHOTS ? _rolled.length - SNAPSHOTS : 0;
    }

    /// @dev The runs from the one on that has the end of block `number`.
    function _runsFrom(uint256 number) private view returns (RolledBlocks[] memory runs) {
        uint256 start = _rolled.length - 1;
        while (_rolled[start].first > number) --start;
        runs = new RolledBlocks[](_rolled.length - start);
        for (uint256 i = 0; i < runs.length; ++i) runs[i] = _rolled[start + i];
    }

    /// @dev The place of a history among those elsewhere; their number where it is not there.
    function _indexOf(bytes32 name) private view returns (uint256 i) {
        while (i < _elsewhere.length && _elsewhere[i] != name) ++i;
    }

    /// @dev Puts the state back, this contract's storage included. What tells the histories apart stays.
    function _restore(uint256 snapshot) private {
        (uint256 branches, bytes32 here) = (_branches, _here);
        (bytes32[] memory elsewhere, uint256[] memory presents) = (_elsewhere, _presents);
        if (!VM.revertToState(snapshot)) revert SnapshotGone(snapshot);
        (_branches, _here) = (branches, here);
        (_elsewhere, _presents) = (elsewhere, presents);
    }
}
