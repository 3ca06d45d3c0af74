import { expect, use } from "chai";
import { Signature, TypedDataEncoder, ethers } from "ethers";

import {
  MARKET,
  UNIT,
  connect,
  deployExchanges,
  depositOnBoth,
  exchange,
  forks,
  setPrice,
  signOrder,
  type OrderTerms,
  type Role,
  type SignedOrder,
  type World,
} from "../../scenarios/world.js";
import { latestAnchor } from "../../src/actions/latestAnchor.js";
import { ANCHOR_TYPE } from "../../src/anchor/typedData.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import {
  GuardedPerps__factory,
  InterferedPerps__factory,
  PlainWallet__factory,
  ProofDesk__factory,
  SourcelessPerps__factory,
  TestToken__factory,
  type GuardedPerps,
} from "../../typechain-types/index.js";
import { preparedOnce } from "../../tools/forks.js";

use(settlementGuardMatchers);

const PRICE = 2_000n * UNIT;
const MARGIN = 5_000n * UNIT;
const LIQUIDITY = 100_000n * UNIT;
const OPEN = 0n;
const FILLED = 1n;
const CANCELLED = 2n;

describe("MarginPerps", () => {
  let world: World;
  let perps: GuardedPerps;

  preparedOnce(
    async () => {
      const chain = await forks.create();
      world = await connect(chain, await deployExchanges(chain, { price: PRICE, liquidity: LIQUIDITY }));
      for (const role of ["alice", "bob"] as const) await depositOnBoth(world, role, MARGIN);
      perps = exchange(world, "guarded", "keeper");
      await chain.mine(5);
      return { world, perps };
    },
    (prepared) => ({ world, perps } = prepared),
  );

  async function sign(role: Role, terms: Partial<OrderTerms> = {}): Promise<SignedOrder> {
    const anchor = await latestAnchor(world.chain.request);
    return signOrder(world, "guarded", role, { size: UNIT, limitPrice: PRICE * 2n, anchor, maxAge: 64n, ...terms });
  }

  /** Puts a variant of the guarded exchange in its place, funded like it. */
  async function replaceExchange(
    factory: typeof SourcelessPerps__factory | typeof InterferedPerps__factory,
  ): Promise<string> {
    const { deployer, feed, keeper, alice, provider } = world.signers;
    const { token } = world.addresses;
    const proofs = await new ProofDesk__factory(deployer).deploy();
    const variant = await (await new factory(deployer).deploy(token, feed, keeper, proofs)).getAddress();
    world = { ...world, addresses: { ...world.addresses, guarded: variant } };
    perps = exchange(world, "guarded", "keeper");
    await perps.connect(feed).setPrice(MARKET, PRICE);
    const tokens = TestToken__factory.connect(token, provider);
    await tokens.mint(provider, LIQUIDITY);
    await tokens.approve(variant, LIQUIDITY);
    await perps.connect(provider).provideLiquidity(LIQUIDITY);
    await tokens.connect(alice).mint(alice, MARGIN);
    await tokens.connect(alice).approve(variant, MARGIN);
    await perps.connect(alice).deposit(MARKET, MARGIN);
    return variant;
  }

  /** Every token in the exchange is somebody's margin or the pool's. */
  async function expectBalanced(): Promise<void> {
    const token = TestToken__factory.connect(world.addresses.token, world.signers.deployer);
    const margins = await Promise.all((["alice", "bob"] as const).map(async (role) => (await accountOf(role)).margin));
    const total = margins.reduce((sum, margin) => sum + margin, await perps.liquidity());
    expect(await token.balanceOf(world.addresses.guarded)).to.equal(total);
  }

  async function accountOf(role: Role): Promise<{ margin: bigint; size: bigint; entryPrice: bigint }> {
    const { margin, size, entryPrice } = await perps.accounts(world.signers[role], MARKET);
    return { margin, size, entryPrice };
  }

  describe("trading", () => {
    it("fills an anchored order at the index price, and pays the profit when it closes", async () => {
      const { order, signature } = await sign("alice", { size: 2n * UNIT });
      await perps.execute(order, signature);
      expect(await accountOf("alice")).to.deep.equal({ margin: MARGIN, size: 2n * UNIT, entryPrice: PRICE });

      await setPrice(world, 2_100n * UNIT);
      await perps.connect(world.signers.alice).close(MARKET);
      expect(await accountOf("alice")).to.deep.include({ margin: MARGIN + 200n * UNIT, size: 0n });
      expect(await perps.liquidity()).to.equal(LIQUIDITY - 200n * UNIT);
      await perps.connect(world.signers.alice).withdraw(MARKET, MARGIN + 200n * UNIT);
      await expectBalanced();
    });

    it("refuses what the margin does not carry, and what the limit does not allow", async () => {
      const tooLarge = await sign("alice", { size: 26n * UNIT });
      await expect(perps.execute(tooLarge.order, tooLarge.signature)).to.be.revertedWithCustomError(
        perps,
        "InsufficientMargin",
      );
      const tooDear = await sign("alice", { limitPrice: PRICE - 1n });
      await expect(perps.execute(tooDear.order, tooDear.signature)).to.be.revertedWithCustomError(
        perps,
        "PriceBeyondLimit",
      );
      const empty = await sign("alice", { size: 0n });
      await expect(perps.execute(empty.order, empty.signature)).to.be.revertedWithCustomError(perps, "EmptyOrder");
      await expect(perps.connect(world.signers.alice).withdraw(MARKET, MARGIN + 1n)).to.be.revertedWithPanic(0x11);
    });

    it("lets a position be reduced below the initial margin, and never flipped", async () => {
      const open = await sign("alice", { size: 24n * UNIT });
      await perps.execute(open.order, open.signature);
      await setPrice(world, 1_900n * UNIT);
      const reduce = await sign("alice", { size: -1n * UNIT, limitPrice: 0n });
      await perps.execute(reduce.order, reduce.signature);
      expect((await accountOf("alice")).size).to.equal(23n * UNIT);
      const flip = await sign("alice", { size: -46n * UNIT, limitPrice: 0n });
      await expect(perps.execute(flip.order, flip.signature)).to.be.revertedWithCustomError(
        perps,
        "InsufficientMargin",
      );
    });

    it("lets nobody trade on with a loss that the margin, or a profit that the pool, cannot pay", async () => {
      const long = await sign("alice", { size: 20n * UNIT });
      await perps.execute(long.order, long.signature);
      await setPrice(world, 1_700n * UNIT);
      const reduce = await sign("alice", { size: -1n, limitPrice: 0n });
      await expect(perps.execute(reduce.order, reduce.signature))
        .to.be.revertedWithCustomError(perps, "MarkUnpaid")
        .withArgs(world.signers.alice, MARKET, 1_000n * UNIT);
      await setPrice(world, 9_000n * UNIT);
      await expect(perps.execute(reduce.order, reduce.signature)).to.be.revertedWithCustomError(perps, "MarkUnpaid");
      expect(await perps.badDebt()).to.equal(0n);
      await perps.connect(world.signers.alice).close(MARKET);
      expect(await perps.badDebt()).to.equal(20n * 7_000n * UNIT - LIQUIDITY);
      await expectBalanced();
    });

    it("holds what an open position needs, sells at the limit or better, and liquidates below the maintenance margin alone", async () => {
      const { order, signature } = await sign("alice", { size: 20n * UNIT });
      await perps.execute(order, signature);
      await expect(perps.connect(world.signers.alice).withdraw(MARKET, 1_001n * UNIT)).to.be.revertedWithCustomError(
        perps,
        "InsufficientMargin",
      );
      await perps.connect(world.signers.alice).withdraw(MARKET, 1_000n * UNIT);
      const dear = await sign("bob", { size: -UNIT, limitPrice: PRICE + 1n });
      await expect(perps.execute(dear.order, dear.signature)).to.be.revertedWithCustomError(perps, "PriceBeyondLimit");
      // Margin 4,000 on 20. At 1,900 the equity of 2,000 is below a tenth of the notional and above a twentieth.
      await setPrice(world, 1_900n * UNIT);
      await expect(perps.liquidate(world.signers.alice, MARKET)).to.be.revertedWithCustomError(
        perps,
        "PositionHealthy",
      );
      await setPrice(world, 1_890n * UNIT);
      await perps.liquidate(world.signers.alice, MARKET);
    });

    it("books what nobody can pay as bad debt, and nothing else", async () => {
      const { order, signature } = await sign("alice", { size: 20n * UNIT });
      await perps.execute(order, signature);
      await expect(perps.liquidate(world.signers.alice, MARKET)).to.be.revertedWithCustomError(
        perps,
        "PositionHealthy",
      );
      await setPrice(world, 1_700n * UNIT);
      await perps.liquidate(world.signers.alice, MARKET);
      expect(await perps.badDebt()).to.equal(1_000n * UNIT);
      expect(await accountOf("alice")).to.deep.include({ margin: 0n, size: 0n });
      await expectBalanced();
    });
  });

  describe("signatures", () => {
    it("S1: the same signature in another form fills nothing twice, and its high-s and 64-byte forms fill nothing at all", async () => {
      const { order, signature } = await sign("alice");
      const parsed = Signature.from(signature);
      const n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
      const highS = ethers.concat([
        parsed.r,
        ethers.toBeHex(n - BigInt(parsed.s), 32),
        parsed.v === 27 ? "0x1c" : "0x1b",
      ]);
      for (const forged of [highS, parsed.compactSerialized]) {
        await expect(perps.execute(order, forged)).to.be.revertedWithCustomError(perps, "InvalidSignature");
      }
      await perps.execute(order, signature);
      for (const again of [signature, highS, parsed.compactSerialized])
        await expect(perps.execute(order, again)).to.revert(ethersOf());
      expect((await accountOf("alice")).size).to.equal(UNIT);
    });

    it("S2: a signature from which nobody is recovered is not the zero address's", async () => {
      const { order } = await sign("alice");
      const nobody = { ...order, trader: ethers.ZeroAddress };
      for (const garbage of ["0x", `0x${"00".repeat(65)}`, `0x${"11".repeat(64)}1b`]) {
        await expect(perps.execute(nobody, garbage)).to.be.revertedWithCustomError(perps, "InvalidSignature");
      }
    });

    it("S3: a signature for one wallet is none for another wallet of the same owner", async () => {
      const { deployer, alice } = world.signers;
      const [first, second] = [
        await new PlainWallet__factory(deployer).deploy(alice),
        await new PlainWallet__factory(deployer).deploy(alice),
      ];
      const token = TestToken__factory.connect(world.addresses.token, deployer);
      for (const wallet of [first, second]) {
        await token.mint(wallet, MARGIN);
        const calls = [
          [world.addresses.token, token.interface.encodeFunctionData("approve", [world.addresses.guarded, MARGIN])],
          [world.addresses.guarded, perps.interface.encodeFunctionData("deposit", [MARKET, MARGIN])],
        ] as const;
        for (const [to, data] of calls) await wallet.run(to, data);
      }
      const { order } = await sign("alice");
      const own = { ...order, trader: await first.getAddress() };
      const signature = ethers.Signature.from(await signDigest(await perps.orderDigest(own))).serialized;
      await expect(
        perps.execute({ ...own, trader: await second.getAddress() }, signature),
      ).to.be.revertedWithCustomError(perps, "InvalidSignature");
      await perps.execute(own, signature);
      expect((await perps.accounts(first, MARKET)).size).to.equal(UNIT);
    });

    it("S4: an account with delegated code signs through that code, and only through it", async () => {
      const { deployer, alice } = world.signers;
      const { order, signature } = await sign("alice");
      const delegateTo = async (implementation: string): Promise<void> => {
        // EIP-7702: the code of a delegated account is 0xef0100 and the address of the implementation.
        const code = ethers.concat(["0xef0100", implementation]);
        await world.chain.request({ method: "hardhat_setCode", params: [await alice.getAddress(), code] });
      };
      await delegateTo(world.addresses.token);
      await expect(perps.execute(order, signature)).to.be.revertedWithCustomError(perps, "InvalidSignature");
      await delegateTo(await (await new PlainWallet__factory(deployer).deploy(alice)).getAddress());
      await perps.execute(order, signature);
      expect((await accountOf("alice")).size).to.equal(UNIT);
    });

    it("S5: a wallet that reverts, burns its gas or returns a flood neither trades nor loses its order", async () => {
      const programs = {
        "reverts with a guard error":
          "0x7f" + ethers.id("AnchorMismatch(uint64,bytes32,bytes32)").slice(2) + "5f5260045ffd",
        "burns all gas": "0xfe",
        "returns a flood of zeros": "0x630f42405ff3",
        "returns nothing": "0x00",
        "returns the magic value with dirty bits": "0x7f1626ba7e" + "ff".repeat(28) + "5f5260205ff3",
      };
      const wallet = "0x00000000000000000000000000000000000a11ce";
      for (const [behaviour, code] of Object.entries(programs)) {
        await world.chain.request({ method: "hardhat_setCode", params: [wallet, code] });
        const order = { ...(await sign("alice")).order, trader: wallet };
        const call = perps.executeOrCancel(order, "0x1234", { gasLimit: 2_000_000n });
        await expect(call, behaviour).to.revert(ethersOf());
        expect(await perps.orderStatus(await perps.orderId(order)), behaviour).to.equal(OPEN);
      }
    });

    it("S6: an order is filled once", async () => {
      const { order, signature } = await sign("alice");
      await perps.execute(order, signature);
      await expect(perps.execute(order, signature))
        .to.be.revertedWithCustomError(perps, "OrderNotOpen")
        .withArgs(await perps.orderId(order), FILLED);
    });

    it("S7, S12: every member is signed, the anchor and the age among them", async () => {
      const { order, signature } = await sign("alice");
      const changes: Partial<SignedOrder["order"]>[] = [
        { size: order.size + 1n },
        { limitPrice: order.limitPrice + 1n },
        { nonce: order.nonce + 1n },
        { expiry: order.expiry + 1n },
        { maxAge: order.maxAge + 1n },
        { market: ethers.encodeBytes32String("BTC-PERP") },
        { anchor: { number: order.anchor.number, hash: `0x${"be".repeat(32)}` } },
        { anchor: { number: order.anchor.number - 1n, hash: order.anchor.hash } },
      ];
      for (const change of changes) {
        await expect(perps.execute({ ...order, ...change }, signature)).to.be.revertedWithCustomError(
          perps,
          "InvalidSignature",
        );
      }
      await perps.execute(order, signature);
    });

    it("S8, S10, S13: what is signed is the EIP-712 digest that wallets compute, with the live chain id and the exchange's own address", async () => {
      const { order } = await sign("alice", { size: -3n * UNIT, nonce: 2n ** 255n });
      const types = {
        Order: [
          { name: "trader", type: "address" },
          { name: "market", type: "bytes32" },
          { name: "size", type: "int256" },
          { name: "limitPrice", type: "uint256" },
          { name: "nonce", type: "uint256" },
          { name: "expiry", type: "uint64" },
          { name: "maxAge", type: "uint64" },
          { name: "anchor", type: "Anchor" },
        ],
        Anchor: [...ANCHOR_TYPE],
      };
      const domain = {
        name: "Margin Perps",
        version: "1",
        chainId: 31_337,
        verifyingContract: world.addresses.guarded,
      };
      expect(await perps.orderDigest(order)).to.equal(TypedDataEncoder.hash(domain, types, order));
    });

    it("S11: a cancelled order stays cancelled, and only its trader cancels it", async () => {
      const { order, signature } = await sign("alice");
      await expect(perps.connect(world.signers.bob).cancel(order)).to.be.revertedWithCustomError(perps, "NotTrader");
      await perps.connect(world.signers.alice).cancel(order);
      expect(await perps.orderStatus(await perps.orderId(order))).to.equal(CANCELLED);
      await expect(perps.execute(order, signature)).to.be.revertedWithCustomError(perps, "OrderNotOpen");
      await expect(perps.connect(world.signers.alice).cancel(order)).to.be.revertedWithCustomError(
        perps,
        "OrderNotOpen",
      );
      // Another order, told apart by its nonce, is not touched.
      const other = await sign("alice", { nonce: 1n });
      await perps.execute(other.order, other.signature);
    });

    it("refuses an order from its expiry on", async () => {
      const { order } = await sign("alice");
      const { timestamp } = (await world.chain.tools.ethers.provider.getBlock("latest")) ?? { timestamp: 0 };
      const expired = { ...order, expiry: BigInt(timestamp) };
      const digest = await perps.orderDigest(expired);
      const signature = await signDigest(digest);
      await expect(perps.execute(expired, signature)).to.be.revertedWithCustomError(perps, "OrderExpired");
    });
  });

  describe("anchors", () => {
    it("SG-1, F2: an order anchored to a sibling of the canonical block is refused, whatever else is right about it", async () => {
      const [first, second] = await forks.partition({ commonBlocks: 5 });
      if (first === undefined || second === undefined) throw new RangeError("no partition");
      await first.mine(3);
      await second.mine(3);
      const sibling = await latestAnchor(second.request, { depth: 1 });
      // The exchange lives on a third chain: the sibling's number is right there, and its hash is not.
      const { order, signature } = await sign("alice", { anchor: sibling });
      const own = world.chain.at(sibling.number);
      await expect(perps.execute(order, signature))
        .to.be.rejectedByGuard("AnchorMismatch")
        .withValues(sibling.number, sibling.hash, own?.hash ?? "");
      await first.close();
      await second.close();
    });

    it("SG-9, F4: when the anchored block goes the order is refused, though nothing else changed, and a new signature makes it good", async () => {
      const { order, signature } = await sign("alice");
      await world.chain.reorg({ depth: 3, seed: "F4" });
      await expect(perps.execute(order, signature)).to.be.rejectedByGuard("AnchorMismatch");
      expect((await accountOf("alice")).size).to.equal(0n);
      const again = await sign("alice");
      await perps.execute(again.order, again.signature);
      expect((await accountOf("alice")).size).to.equal(UNIT);
    });

    it("SG-9, F18: after a reorg below no anchor, reordered fills have the effects that were signed", async () => {
      const orders = [await sign("alice", { size: 2n * UNIT }), await sign("bob", { size: -UNIT, limitPrice: PRICE })];
      for (const { order, signature } of orders) await perps.execute(order, signature);
      const before = [await accountOf("alice"), await accountOf("bob")];
      await world.chain.reorg({ depth: 2, seed: "F18", keep: false });
      expect((await accountOf("alice")).size).to.equal(0n);
      for (const { order, signature } of orders.reverse()) await perps.execute(order, signature);
      expect([await accountOf("alice"), await accountOf("bob")]).to.deep.equal(before);
    });

    it("C33, F12, F17, SG-2: an order is good up to the age that was signed, and not a block longer", async () => {
      const anchor = await latestAnchor(world.chain.request, { depth: 1 });
      const terms = { anchor, maxAge: 8n };
      const first = await sign("alice", { ...terms, nonce: 1n });
      const second = await sign("alice", { ...terms, nonce: 2n });
      while (world.chain.head.number + 1n < anchor.number + 8n) await world.chain.mine();
      await perps.execute(first.order, first.signature);
      const executing = world.chain.head.number + 1n;
      await expect(perps.execute(second.order, second.signature))
        .to.be.rejectedByGuard("AnchorTooDeep")
        .withValues(anchor.number, executing, 8n);
    });
  });

  describe("exits", () => {
    it("SG-6, B6: deposit, cancel, close and withdraw work with every source of block hashes failing", async () => {
      const { order, signature } = await sign("alice", { size: 2n * UNIT });
      await perps.execute(order, signature);
      const account = await accountOf("alice");
      await replaceExchange(SourcelessPerps__factory);
      const { alice } = world.signers;

      const blocked = await sign("alice");
      await expect(perps.execute(blocked.order, blocked.signature)).to.be.rejectedByGuard("AnchorHashUnknown");
      await perps.connect(alice).cancel(blocked.order);
      expect(await perps.orderStatus(await perps.orderId(blocked.order))).to.equal(CANCELLED);
      await perps.connect(alice).close(MARKET);
      await perps.connect(alice).withdraw(MARKET, MARGIN);
      expect((await accountOf("alice")).margin).to.equal(0n);
      expect(account.size).to.equal(2n * UNIT);
    });

    it("SG-6: a position is closed on a branch that its order's author never saw", async () => {
      const { order, signature } = await sign("alice", {
        size: 2n * UNIT,
        anchor: await latestAnchor(world.chain.request, { depth: 3 }),
      });
      await perps.execute(order, signature);
      await world.chain.reorg({ depth: 1, seed: "exit" });
      await perps.connect(world.signers.alice).close(MARKET);
      expect((await accountOf("alice")).size).to.equal(0n);
    });
  });

  describe("executeOrCancel", () => {
    const status = async ({ order }: SignedOrder): Promise<bigint> => perps.orderStatus(await perps.orderId(order));

    it("fills what can be filled", async () => {
      const signed = await sign("alice");
      expect(await perps.executeOrCancel.staticCall(signed.order, signed.signature)).to.equal(true);
      await perps.executeOrCancel(signed.order, signed.signature);
      expect(await status(signed)).to.equal(FILLED);
    });

    it("cancels an order that fails for a reason of its own, and says which", async () => {
      const signed = await sign("alice", { limitPrice: 1n });
      const reason = perps.interface.encodeErrorResult("PriceBeyondLimit", [
        await perps.orderId(signed.order),
        1n,
        PRICE,
      ]);
      await expect(perps.executeOrCancel(signed.order, signed.signature))
        .to.emit(perps, "OrderCancelled")
        .withArgs(await perps.orderId(signed.order), reason);
      expect(await status(signed)).to.equal(CANCELLED);
    });

    it("SG-11: never cancels because of the guard; the keeper sees the guard's own error, and the order fills later", async () => {
      const anchor = world.chain.head;
      const early = await sign("alice", { anchor: { number: anchor.number + 2n, hash: `0x${"be".repeat(32)}` } });
      await expect(perps.executeOrCancel(early.order, early.signature)).to.be.rejectedByGuard("AnchorInFuture");
      expect(await status(early)).to.equal(OPEN);
      const wrong = await sign("alice", { anchor: { number: anchor.number, hash: `0x${"be".repeat(32)}` } });
      await expect(perps.executeOrCancel(wrong.order, wrong.signature))
        .to.be.rejectedByGuard("AnchorMismatch")
        .withValues(anchor.number, `0x${"be".repeat(32)}`, anchor.hash);
      expect(await status(wrong)).to.equal(OPEN);
    });

    it("SG-11: an order that the guard denies and that also fails by itself stays open: the guard speaks first", async () => {
      const { number, hash } = world.chain.head;
      const wrong = await sign("alice", { limitPrice: 1n, anchor: { number, hash: `0x${"be".repeat(32)}` } });
      await expect(perps.executeOrCancel(wrong.order, wrong.signature))
        .to.be.rejectedByGuard("AnchorMismatch")
        .withValues({ actual: hash });
      expect(await status(wrong)).to.equal(OPEN);
    });

    it("leaves an order filled that somebody else filled first", async () => {
      const signed = await sign("alice");
      await perps.connect(world.signers.bob).execute(signed.order, signed.signature);
      await expect(perps.executeOrCancel(signed.order, signed.signature)).to.be.revertedWithCustomError(
        perps,
        "OrderNotOpen",
      );
      expect(await status(signed)).to.equal(FILLED);
    });

    it("SG-11: an imitation of a guard error does not save an order that fails by itself", async () => {
      const variant = InterferedPerps__factory.connect(
        await replaceExchange(InterferedPerps__factory),
        world.signers.keeper,
      );
      const signed = await sign("alice");
      const imitation = GuardedPerps__factory.createInterface().encodeErrorResult("AnchorMismatch", [
        1,
        ethers.ZeroHash,
        ethers.ZeroHash,
      ]);
      await variant.interfere(imitation);
      expect(await perps.isGuardError(imitation.slice(0, 10))).to.equal(true);
      await perps.executeOrCancel(signed.order, signed.signature);
      expect(await status(signed)).to.equal(CANCELLED);
    });

    it("SG-11: empty revert data is passed on, and the order stays open", async () => {
      const variant = InterferedPerps__factory.connect(
        await replaceExchange(InterferedPerps__factory),
        world.signers.keeper,
      );
      const signed = await sign("alice");
      await variant.interfere("0x");
      await expect(perps.executeOrCancel(signed.order, signed.signature)).to.be.revertedWithoutReason(ethersOf());
      expect(await status(signed)).to.equal(OPEN);
    });

    it("SG-11, C25: no amount of gas lets a keeper cancel an order that can be filled", async () => {
      const signed = await sign("alice", { anchor: world.chain.at(1n) ?? world.chain.head, maxAge: 8_191n });
      await world.chain.mine(300); // the anchor is now read from the history contract, the dearest way
      let refused = 0;
      for (let gas = 60_000n; gas <= 700_000n; gas += 10_000n) {
        const filled = await perps.executeOrCancel
          .staticCall(signed.order, signed.signature, { gasLimit: gas })
          .catch(() => undefined);
        if (filled === undefined) refused += 1;
        else expect(filled, `with ${gas} gas`).to.equal(true);
      }
      expect(refused, "amounts that are too small").to.be.greaterThan(10);
      expect(await status(signed)).to.equal(OPEN);
      await perps.executeOrCancel(signed.order, signed.signature);
      expect(await status(signed)).to.equal(FILLED);
    });

    it("never cancels because of a wrong signature, and obeys the keeper alone", async () => {
      const signed = await sign("alice", { limitPrice: 1n });
      await expect(perps.executeOrCancel(signed.order, `0x${"11".repeat(64)}1b`)).to.be.revertedWithCustomError(
        perps,
        "InvalidSignature",
      );
      await expect(
        perps.connect(world.signers.bob).executeOrCancel(signed.order, signed.signature),
      ).to.be.revertedWithCustomError(perps, "NotKeeper");
      await expect(perps.fillFromSelf(signed.order, await perps.orderId(signed.order))).to.be.revertedWithCustomError(
        perps,
        "NotSelf",
      );
      expect(await status(signed)).to.equal(OPEN);
    });
  });

  /** Hardhat's matchers ask for the connection's ethers. */
  function ethersOf(): World["chain"]["tools"]["ethers"] {
    return world.chain.tools.ethers;
  }

  /** Alice's signature of a bare digest, by the key that Hardhat derives for her account. */
  async function signDigest(digest: string): Promise<string> {
    const phrase = "test test test test test test test test test test test junk";
    const address = await world.signers.alice.getAddress();
    for (let index = 0; index < 20; index++) {
      const wallet = ethers.HDNodeWallet.fromPhrase(phrase, undefined, `m/44'/60'/0'/0/${index}`);
      if (wallet.address === address) return wallet.signingKey.sign(digest).serialized;
    }
    throw new RangeError(`no key for ${address}`);
  }
});
