// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Sources} from "../anchor/sources/Sources.sol";
import {HeaderReader} from "../header/HeaderReader.sol";
import {HeaderTime} from "../header/HeaderTime.sol";
import {Answer, IBlockHashSource, Tier} from "../interfaces/IBlockHashSource.sol";
import {ISourceErrors} from "../interfaces/ISourceErrors.sol";
import {SlotCheck} from "../proof/SlotCheck.sol";

/// @notice A price of this chain. In the real world: an oracle whose answer has a slot of its own.
contract PriceFeed {
    error NotPublisher(address caller);

    /// @notice In units of 1e-18. It is slot 0, which proofs show.
    uint256 public price;
    address public immutable publisher = msg.sender;

    /// @notice Publishes a price. The deployer alone.
    function publish(uint256 price_) external {
        if (msg.sender != publisher) revert NotPublisher(msg.sender);
        price = price_;
    }
}

/// @notice What both sides of an option agree upon. Their hash is the option's id: a reorg cannot put others in their place.
/// @param writer whose collateral it is
/// @param strike from which price on the option pays, in units of 1e-18
/// @param collateral what it pays then, in wei
/// @param premium what it costs, in wei
/// @param expiry seconds since 1970
/// @param salt tells options of the same terms apart
struct Terms {
    address writer;
    uint256 strike;
    uint256 collateral;
    uint256 premium;
    uint64 expiry;
    uint256 salt;
}

/// @notice What shows the price at an expiry.
/// @param next height of the first block after the expiry
/// @param nextHeader RLP of its header
/// @param header RLP of the header before it: that of the block whose state holds the price
/// @param witness the feed's account and its slot, as `prove` packs them
struct FixingProof {
    uint64 next;
    bytes nextHeader;
    bytes header;
    bytes witness;
}

/// @title A market of binary options that expire at a time
/// @notice An option pays its whole collateral where the price at expiry is its strike or above, else nothing. Anybody
/// fixes the price of an expiry, once. Anybody settles by it.
///
/// Nobody waits for ever. Both sides may end an option as they agree, at any time. An expiry that nobody has fixed for
/// `VOID_AFTER` makes its options void: each side gets back what it paid in. Until then the premium stays here, too.
/// Not for production.
/// @dev What somebody is due is kept for them to collect. So nobody can hold up the other side by refusing ether.
abstract contract ExpiryOptions {
    enum Stage {
        None,
        Offered,
        Sold,
        Ended
    }

    struct Option {
        Stage stage;
        address holder;
        address proposer; // of how to end it; zero where nobody has proposed
        uint256 proposed; // to the holder, in wei
    }

    struct Fixing {
        uint64 number; // of the block that has the price
        uint256 price; // zero where there is no fixing
    }

    event Offered(bytes32 indexed id, Terms terms);
    event Bought(bytes32 indexed id, address indexed holder);
    event Proposed(bytes32 indexed id, address indexed by, uint256 toHolder);
    event Fixed(uint64 indexed expiry, uint64 number, uint256 price);
    event Ended(bytes32 indexed id, uint256 toHolder, uint256 toWriter);

    error NotWriter(address caller);
    error NotParty(address caller);
    error WrongStage(bytes32 id, Stage wanted, Stage actual);
    error WrongValue(uint256 wanted, uint256 actual);
    error Expired(uint64 expiry, uint256 timestamp);
    error NotFixed(uint64 expiry);
    error FixedAlready(uint64 expiry, uint256 price);
    error PriceAbsent(uint64 number);
    error TooEarly(uint256 due, uint256 timestamp);
    error TooMuch(uint256 toHolder, uint256 held);
    error PaymentFailed(address to, uint256 amount);

    /// @notice Seconds after the expiry, from when on an option without a fixing is void. It is about twice the two weeks
    /// for which Holesky finalized nothing in 2025.
    uint256 public constant VOID_AFTER = 30 days;

    address public immutable feed;
    mapping(bytes32 id => Option) public options;
    mapping(uint64 expiry => Fixing) public fixings;
    /// @notice What somebody may collect, in wei.
    mapping(address => uint256) public due;

    constructor(address feed_) {
        feed = feed_;
    }

    /// @dev The price at `expiry`, zero if there was none, and the block that has it.
    function _priceAt(
        uint64 expiry,
        FixingProof calldata proof
    ) internal view virtual returns (uint64 number, uint256 price);

    /// @notice Offers an option for sale, with its collateral.
    function offer(Terms calldata terms) external payable returns (bytes32 id) {
        if (msg.sender != terms.writer) revert NotWriter(msg.sender);
        _requireBeforeExpiry(terms, terms.collateral);
        id = _move(terms, Stage.None, Stage.Offered);

        emit Offered(id, terms);
    }

    /// @notice Buys an option that is offered.
    function buy(Terms calldata terms) external payable {
        _requireBeforeExpiry(terms, terms.premium);
        bytes32 id = _move(terms, Stage.Offered, Stage.Sold);
        options[id].holder = msg.sender;

        emit Bought(id, msg.sender);
    }

    /// @notice Takes back an offer that nobody has bought. The writer alone, at any time.
    function withdraw(Terms calldata terms) external {
        if (msg.sender != terms.writer) revert NotWriter(msg.sender);
        bytes32 id = _move(terms, Stage.Offered, Stage.Ended);
        due[terms.writer] += terms.collateral;

        emit Ended(id, 0, terms.collateral);
    }

    /// @notice Fixes the price of an expiry, once and for all its options. Anybody may.
    function fix(uint64 expiry, FixingProof calldata proof) external {
        if (fixings[expiry].price != 0) revert FixedAlready(expiry, fixings[expiry].price);
        (uint64 number, uint256 price) = _priceAt(expiry, proof);
        if (price == 0) revert PriceAbsent(number);
        fixings[expiry] = Fixing(number, price);

        emit Fixed(expiry, number, price);
    }

    /// @notice Ends an option by the price that was fixed. Anybody may.
    function settle(Terms calldata terms) external {
        uint256 price = fixings[terms.expiry].price;
        if (price == 0) revert NotFixed(terms.expiry);
        _end(terms, price >= terms.strike ? terms.collateral : 0);
    }

    /// @notice Ends an option as both sides want, without any fixing. The second to name the same amount ends it; another
    /// amount takes the place of what was proposed.
    /// @param toHolder of the collateral and the premium, in wei. The writer gets the rest
    function agree(Terms calldata terms, uint256 toHolder) external {
        bytes32 id = idOf(terms);
        Option storage option = options[id];
        if (option.stage != Stage.Sold) revert WrongStage(id, Stage.Sold, option.stage);
        if (msg.sender != terms.writer && msg.sender != option.holder) revert NotParty(msg.sender);
        uint256 held = terms.collateral + terms.premium;
        if (toHolder > held) revert TooMuch(toHolder, held);
        bool isAnswer = option.proposer != address(0) && option.proposer != msg.sender;
        if (isAnswer && option.proposed == toHolder) return _end(terms, toHolder);
        (option.proposer, option.proposed) = (msg.sender, toHolder);

        emit Proposed(id, msg.sender, toHolder);
    }

    /// @notice Ends an option whose expiry nobody could fix: the premium goes back, and so does the collateral. Anybody may.
    function void(Terms calldata terms) external {
        uint256 price = fixings[terms.expiry].price;
        if (price != 0) revert FixedAlready(terms.expiry, price);
        uint256 from = terms.expiry + VOID_AFTER;
        if (block.timestamp < from) revert TooEarly(from, block.timestamp);
        _end(terms, terms.premium);
    }

    /// @notice Pays out what the caller is due.
    function collect() external {
        uint256 amount = due[msg.sender];
        due[msg.sender] = 0;
        (bool ok, ) = msg.sender.call{value: amount}("");
        if (!ok) revert PaymentFailed(msg.sender, amount);
    }

    /// @notice The id of the option with these terms.
    function idOf(Terms calldata terms) public pure returns (bytes32) {
        return keccak256(abi.encode(terms));
    }

    function _end(Terms calldata terms, uint256 toHolder) private {
        bytes32 id = _move(terms, Stage.Sold, Stage.Ended);
        uint256 toWriter = terms.collateral + terms.premium - toHolder;
        due[options[id].holder] += toHolder;
        due[terms.writer] += toWriter;

        emit Ended(id, toHolder, toWriter);
    }

    function _move(Terms calldata terms, Stage from, Stage to) private returns (bytes32 id) {
        id = idOf(terms);
        Option storage option = options[id];
        if (option.stage != from) revert WrongStage(id, from, option.stage);
        option.stage = to;
    }

    function _requireBeforeExpiry(Terms calldata terms, uint256 value) private view {
        if (block.timestamp >= terms.expiry) revert Expired(terms.expiry, block.timestamp);
        if (msg.value != value) revert WrongValue(value, msg.value);
    }
}

/// @title The market that fixes by the block of the expiry, when that is final
/// @notice *The* block is the last whose time is at or before the expiry. Its header shows that, with the header of the
/// block after it. The price is what the feed holds in its state. Nothing is fixed before the next block is proven final.
/// While the chain finalizes nothing, nothing is paid on its word.
/// @dev The next block must be final, not the block alone. Else another child could still come, at or before the expiry.
/// A checkpoint is seldom that block: `HashRing.recordAncestor` leads down to it. Somebody must fix before the ring drops
/// it. Whoever loses could push it out of a short one: the ring must hold what the chain makes in `VOID_AFTER`. How old the feed's price was at the expiry, nothing here asks.
contract GuardedExpiryOptions is ExpiryOptions {
    /// @notice Thrown where the source does not know the block, or its members disagree. The block may become final later.
    error NotFinal(uint64 number, Answer answer);

    /// @notice Thrown when the market is deployed with a source of blocks that may still be replaced.
    error SourceNotFinal(IBlockHashSource source, Tier tier);

    /// @notice Thrown where the expiry does not lie between the two blocks.
    /// @param number height of the earlier one
    error NotTheBlock(uint64 number, uint256 time, uint256 nextTime, uint64 expiry);

    /// @dev Where `PriceFeed` keeps its price.
    bytes32 private constant PRICE_SLOT = 0;

    IBlockHashSource public immutable source;

    constructor(address feed, IBlockHashSource source_) ExpiryOptions(feed) {
        source = source_;
        Tier tier = source_.tier();
        if (tier != Tier.Finalized) revert SourceNotFinal(source_, tier);
        _requireOwnChain();
    }

    // #region fixing
    function _priceAt(
        uint64 expiry,
        FixingProof calldata proof
    ) internal view override returns (uint64 number, uint256 price) {
        _requireOwnChain();
        (Answer answer, bytes32 nextHash) = Sources.ask(source, proof.next);
        if (answer != Answer.Known) revert NotFinal(proof.next, answer);

        (bytes32 hash, uint256 nextTime, ) = HeaderTime.read(proof.nextHeader, 0, nextHash, proof.next);
        number = proof.next - 1;
        (, uint256 time, ) = HeaderTime.read(proof.header, 0, hash, number);
        if (time > expiry || nextTime <= expiry) revert NotTheBlock(number, time, nextTime, expiry);
        bytes32 stateRoot = HeaderReader.authenticate(proof.header, number, hash);
        price = SlotCheck.valueOf(stateRoot, feed, PRICE_SLOT, proof.witness);
    }
    // #endregion fixing

    /// @dev Asked each time: a chain may split, and the source with it.
    function _requireOwnChain() private view {
        uint256 actual = source.chainId();
        if (actual != block.chainid) {
            revert ISourceErrors.SourceOfOtherChain(address(source), block.chainid, actual);
        }
    }
}

/// @title The market that fixes by the price of the moment
/// @notice Whoever comes first after the expiry fixes what the feed says in that block. It is paid out at once.
contract UnguardedExpiryOptions is ExpiryOptions {
    constructor(address feed) ExpiryOptions(feed) {}

    function _priceAt(uint64 expiry, FixingProof calldata) internal view override returns (uint64, uint256) {
        if (block.timestamp <= expiry) revert TooEarly(expiry, block.timestamp);
        return (uint64(block.number), PriceFeed(feed).price());
    }
}
