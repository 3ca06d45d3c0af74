import { expect, use } from "chai";
import { ethers } from "ethers";

import {
  MARKET,
  TWINS,
  UNIT,
  connect,
  deployExchanges,
  depositOnBoth,
  exchange,
  forks,
  setPrice,
  signOrder,
  type OrderTerms,
  type SignedOrder,
  type Twin,
  type World,
} from "../../scenarios/world.js";
import { latestAnchor } from "../../src/actions/latestAnchor.js";
import { withAnchor } from "../../src/anchor/typedData.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import {
  GuardedClaimVault__factory,
  GuardedOrderQueue__factory,
  PlainWallet__factory,
  TestToken__factory,
  UnguardedClaimVault__factory,
  type GuardedPerps,
} from "../../typechain-types/index.js";
import { announced, type Random } from "../../tools/random.js";

use(settlementGuardMatchers);

const PRICE = 2_000n * UNIT;
const MARGIN = 5_000n * UNIT;
const LIQUIDITY = 100_000n * UNIT;
const ORDERS = 8;
const STEPS = 120;
/** Order n has 4^n of it. So the digits of a position in base 4 say how often each order was filled. */
const GRAIN = UNIT / 1_000_000n;

/** Whoever trades: an account, or a wallet that signs with the account's key (ERC-1271). */
type Trader = "account" | "wallet";

describe("messages that differ in anchor and age alone", () => {
  let world: World;
  let wallet: string;

  beforeEach(async () => {
    const chain = await forks.create();
    world = await connect(chain, await deployExchanges(chain, { price: PRICE, liquidity: LIQUIDITY }));
    await depositOnBoth(world, "alice", MARGIN);
    wallet = await fundedWallet();
    await chain.mine(8);
  });

  afterEach(async () => {
    await world.chain.close();
  });

  /** A wallet of alice's with a margin in both exchanges. */
  async function fundedWallet(): Promise<string> {
    const { deployer, alice } = world.signers;
    const contract = await new PlainWallet__factory(deployer).deploy(alice);
    const token = TestToken__factory.connect(world.addresses.token, deployer);
    await token.mint(contract, 2n * MARGIN);
    for (const twin of TWINS) {
      const address = world.addresses[twin];
      await contract.run(token, token.interface.encodeFunctionData("approve", [address, MARGIN]));
      const perps = exchange(world, twin, "alice");
      await contract.run(address, perps.interface.encodeFunctionData("deposit", [MARKET, MARGIN]));
    }
    return contract.getAddress();
  }

  const addressOf = async (trader: Trader): Promise<string> =>
    trader === "wallet" ? wallet : world.signers.alice.getAddress();

  async function sign(twin: Twin, trader: Trader, terms: Partial<OrderTerms>, depth = 1): Promise<SignedOrder> {
    const anchor = await latestAnchor(world.chain.request, { depth });
    const defaults = { size: UNIT, limitPrice: 2n * PRICE, anchor, maxAge: 64n };
    return signOrder(world, twin, "alice", { ...defaults, ...terms, trader: await addressOf(trader) });
  }

  async function cancel(twin: Twin, trader: Trader, { order }: SignedOrder): Promise<unknown> {
    const perps = exchange(world, twin, "alice");
    if (trader === "account") return perps.cancel(order);
    const data = perps.interface.encodeFunctionData("cancel", [order]);
    return PlainWallet__factory.connect(wallet, world.signers.alice).run(perps, data);
  }

  async function sizeOf(twin: Twin, trader: Trader): Promise<bigint> {
    return (await exchange(world, twin, "alice").accounts(await addressOf(trader), MARKET)).size;
  }

  /** Random forms of random orders, presented and cancelled in any order, while the price moves and the chain loses blocks. */
  class Campaign {
    readonly #forms: SignedOrder[][] = Array.from({ length: ORDERS }, () => []);
    /** Cancels by order, and the transactions that made them: one that a reorg drops is none. */
    readonly #cancels: [order: number, hash: string][] = [];
    readonly #keeper: GuardedPerps;

    constructor(
      readonly twin: Twin,
      readonly trader: Trader,
      readonly random: Random,
    ) {
      this.#keeper = exchange(world, twin, "keeper");
    }

    async run(): Promise<void> {
      // One of each for certain; what follows is random.
      for (const order of [0, 1]) await this.#sign(order);
      await this.#present(0, "execute", 0);
      await this.#cancel(1);
      expect([(await this.#fills())[0], this.#cancels.length], "fills and cancels").to.deep.equal([1, 1]);
      for (let step = 0; step < STEPS; step++) {
        const order = this.random.below(ORDERS);
        await this.#step(order);
        const counts = await this.#fills();
        expect(Math.max(...counts), `SEED=${this.random.seed}: fills after step ${step}, ${counts}`).to.be.at.most(1);
        for (const [cancelled, hash] of this.#cancels)
          if (await this.#stands(hash))
            expect(counts[cancelled], `SEED=${this.random.seed}: order ${cancelled} after its cancel`).to.equal(0);
      }
    }

    async #step(order: number): Promise<void> {
      const { random } = this;
      const kind = random.below(20);
      if (kind < 6) return this.#sign(order);
      if (kind < 10) return this.#present(order, "execute");
      if (kind < 13) return this.#present(order, "executeOrCancel");
      if (kind < 15) return this.#cancel(order);
      if (kind === 15) return setPrice(world, random.pick([PRICE, PRICE, 3n * PRICE]));
      if (kind < 18) return void (await world.chain.mine(1 + random.below(3)));
      const keep = random.below(2) === 0;
      await world.chain.reorg({ depth: 1 + random.below(4), seed: `${random.below(2 ** 30)}`, keep });
    }

    async #sign(order: number): Promise<void> {
      const terms = {
        size: GRAIN * 4n ** BigInt(order),
        nonce: BigInt(order),
        maxAge: BigInt(4 + this.random.below(60)),
      };
      this.#forms[order]!.push(await sign(this.twin, this.trader, terms, 1 + this.random.below(4)));
    }

    async #cancel(order: number): Promise<void> {
      await this.#record(order, (form) => cancel(this.twin, this.trader, form));
    }

    async #present(order: number, way: "execute" | "executeOrCancel", forgeries = 0.25): Promise<void> {
      const { random } = this;
      await this.#record(order, ({ order: signed, signature }) =>
        this.#keeper[way](signed, random.below(100) < 100 * forgeries ? otherForm(signature, random) : signature),
      );
    }

    /** Does something with one of an order's forms. What is refused is refused. */
    async #record(order: number, action: (form: SignedOrder) => Promise<unknown>): Promise<void> {
      const forms = this.#forms[order]!;
      if (forms.length === 0) return;
      const sent = (await action(this.random.pick(forms)).catch(() => undefined)) as
        ethers.ContractTransactionResponse | undefined;
      const receipt = await sent?.wait();
      const topic = this.#keeper.interface.getEvent("OrderCancelled").topicHash;
      if (receipt?.logs.some(({ topics }) => topics[0] === topic) === true) this.#cancels.push([order, receipt.hash]);
    }

    async #fills(): Promise<number[]> {
      const size = (await sizeOf(this.twin, this.trader)) / GRAIN;
      return Array.from({ length: ORDERS + 1 }, (_, order) => Number((size >> BigInt(2 * order)) & 3n));
    }

    async #stands(hash: string): Promise<boolean> {
      const receipt = await world.chain.tools.ethers.provider.getTransactionReceipt(hash);
      return receipt?.status === 1;
    }
  }

  for (const twin of TWINS)
    for (const trader of ["account", "wallet"] as const)
      it(`SG-17, A2: at most one of an order's forms is filled, none after a cancel (${twin}, ${trader})`, async () => {
        await new Campaign(twin, trader, announced()).run();
      });

  it("SG-17, A2: a form that the guard refused does not fill after the one that was signed in its place", async () => {
    const first = await sign("guarded", "account", { nonce: 7n });
    const perps = exchange(world, "guarded", "keeper");
    await world.chain.stall({ seconds: 3_600 });
    await perps.poke(MARKET);
    await expect(perps.executeOrCancel(first.order, first.signature)).to.be.rejectedByGuard("ActionDenied");
    await world.chain.mine(55);
    const second = await sign("guarded", "account", { nonce: 7n });
    await perps.executeOrCancel(second.order, second.signature);
    await expect(perps.executeOrCancel(first.order, first.signature))
      .to.be.revertedWithCustomError(perps, "OrderNotOpen")
      .withArgs(await perps.orderId(first.order), 1n);
    expect(await sizeOf("guarded", "account")).to.equal(UNIT);
  });

  it("SG-17, A2: a cancel of one form, signed or not, cancels every form, by the trader and by the keeper", async () => {
    const perps = exchange(world, "guarded", "keeper");
    for (const [nonce, end] of [
      [8n, async (form: SignedOrder) => cancel("guarded", "account", form)],
      [
        9n,
        async (form: SignedOrder) => {
          await setPrice(world, 3n * PRICE);
          await perps.executeOrCancel(form.order, form.signature);
          await setPrice(world, PRICE);
        },
      ],
    ] as const) {
      const older = await sign("guarded", "account", { nonce }, 2);
      const newer = await sign("guarded", "account", { nonce, maxAge: 65n });
      await end(newer);
      for (const { order, signature } of [older, newer, await sign("guarded", "account", { nonce })])
        await expect(perps.execute(order, signature)).to.be.revertedWithCustomError(perps, "OrderNotOpen");
    }
    const never = await sign("guarded", "account", { nonce: 10n });
    await cancel("guarded", "account", {
      ...never,
      order: { ...never.order, anchor: { number: 0n, hash: `0x${"00".repeat(32)}` } },
    });
    await expect(perps.execute(never.order, never.signature)).to.be.revertedWithCustomError(perps, "OrderNotOpen");
    expect(await sizeOf("guarded", "account")).to.equal(0n);
  });

  it("SG-17, A2: when a reorg comes back, the form of either branch fills what the other did not", async () => {
    const addresses = world.addresses;
    await world.chain.close();
    const nodes = await forks.partition({
      nodes: 3,
      commonBlocks: 0,
      prepare: async (chain) => {
        const prepared = await connect(chain, await deployExchanges(chain, { price: PRICE, liquidity: LIQUIDITY }));
        Object.assign(addresses, prepared.addresses);
        await depositOnBoth(prepared, "alice", MARGIN);
        await chain.mine(3);
      },
    });
    const [node, left, right] = nodes;
    if (node === undefined || left === undefined || right === undefined) throw new RangeError("no partition");
    world = await connect(node, addresses);
    const perps = exchange(world, "guarded", "keeper");
    const below = await sign("guarded", "account", {});
    await left.mine(3);
    await right.mine(4);

    await node.adopt(left);
    const onLeft = await sign("guarded", "account", {});
    await node.adopt(right);
    const onRight = await sign("guarded", "account", {});
    await perps.execute(onRight.order, onRight.signature);
    await expect(perps.execute(onLeft.order, onLeft.signature)).to.be.revertedWithCustomError(perps, "OrderNotOpen");
    await left.mine(3);
    await node.adopt(left);
    expect(await sizeOf("guarded", "account"), "the fill went with its branch").to.equal(0n);
    await expect(perps.execute(onRight.order, onRight.signature)).to.be.rejectedByGuard("AnchorMismatch");
    await perps.execute(onLeft.order, onLeft.signature);
    await expect(perps.execute(below.order, below.signature)).to.be.revertedWithCustomError(perps, "OrderNotOpen");
    expect(await sizeOf("guarded", "account")).to.equal(UNIT);
    for (const other of [left, right]) await other.close();
  });

  it("A2: an order's id contains all its members but anchor and age, and no domain", async () => {
    const { order } = await sign("guarded", "account", {});
    const perps = exchange(world, "guarded", "alice");
    const id = await perps.orderId(order);
    const same = [
      { maxAge: 1n },
      { anchor: { number: 1n, hash: `0x${"be".repeat(32)}` } },
      { anchor: { number: 0n, hash: ethers.ZeroHash }, maxAge: 0n },
    ];
    for (const change of same) expect(await perps.orderId({ ...order, ...change })).to.equal(id);
    const others = [
      { trader: wallet },
      { market: ethers.encodeBytes32String("BTC-PERP") },
      { size: -order.size },
      { limitPrice: order.limitPrice + 1n },
      { nonce: order.nonce + 1n },
      { expiry: order.expiry + 1n },
    ];
    const ids = await Promise.all(others.map(async (change) => perps.orderId({ ...order, ...change })));
    expect(new Set([id, ...ids])).to.have.length(others.length + 1);
    expect(await exchange(world, "unguarded", "alice").orderId(order)).to.equal(id);
    expect(await exchange(world, "unguarded", "alice").orderDigest(order)).not.to.equal(await perps.orderDigest(order));
  });

  it("SG-17, A2: what was cancelled or filled before the chain got another id stays so under the new one", async () => {
    const cancelled = await sign("guarded", "account", { nonce: 1n });
    await cancel("guarded", "account", cancelled);
    const filled = await sign("guarded", "account", { nonce: 2n });
    await exchange(world, "guarded", "keeper").execute(filled.order, filled.signature);
    const original = world;
    const renamed = await forks.hardFork(original.chain, { chainId: 10_001 });
    world = await connect(renamed, original.addresses);
    const perps = exchange(world, "guarded", "keeper");
    for (const { order, signature } of [cancelled, filled])
      await expect(perps.execute(order, signature)).to.be.revertedWithCustomError(perps, "InvalidSignature");
    for (const nonce of [1n, 2n]) {
      const { order, signature } = await sign("guarded", "account", { nonce });
      await expect(perps.execute(order, signature)).to.be.revertedWithCustomError(perps, "OrderNotOpen");
    }
    // The control: another order, signed for the new id, is filled.
    const other = await sign("guarded", "account", { nonce: 3n });
    await perps.execute(other.order, other.signature);
    expect(await sizeOf("guarded", "account")).to.equal(2n * UNIT);
    await renamed.close();
    world = original;
  });

  it("SG-17, A2: a claim is paid once, however often it is signed", async () => {
    const { deployer, feed: operator, provider, erin } = world.signers;
    const to = await erin.getAddress();
    const type = [
      { name: "to", type: "address" },
      { name: "amount", type: "uint256" },
      { name: "nonce", type: "uint256" },
    ];
    const random = announced();
    for (const factory of [GuardedClaimVault__factory, UnguardedClaimVault__factory]) {
      const vault = await new factory(deployer).deploy(operator);
      await provider.sendTransaction({ to: vault, value: UNIT });
      const domain = {
        name: "Claim Vault",
        version: "1",
        chainId: 31_337,
        verifyingContract: await vault.getAddress(),
      };
      const plain = { to, amount: 1_000n, nonce: BigInt(random.below(1_000)) };
      const before = await world.chain.tools.ethers.provider.getBalance(vault);
      for (let form = 0; form < 10; form++) {
        const anchor = await latestAnchor(world.chain.request, { depth: 1 + random.below(4) });
        const { types, message } = withAnchor({ types: { Claim: type }, message: plain, anchor });
        const signature = await operator.signTypedData(domain, types, message);
        const call = vault.claim({ ...plain, anchor }, signature);
        if (form === 0) await call;
        else await expect(call).to.be.revertedWithCustomError(vault, "AlreadyClaimed");
      }
      expect(await world.chain.tools.ethers.provider.getBalance(vault)).to.equal(before - plain.amount);
    }
  });

  it("SG-17, A2: a queued order is executed once, on whichever anchors the keeper comes", async () => {
    const { deployer, keeper, alice } = world.signers;
    const queue = await new GuardedOrderQueue__factory(deployer).deploy(keeper);
    await queue.connect(alice).queue(1n, { value: 1n });
    await world.chain.mine(3);
    const execute = queue.connect(keeper).getFunction("execute");
    await execute(1n, await latestAnchor(world.chain.request, { depth: 2 }));
    for (const depth of [1, 2, 3])
      await expect(execute(1n, await latestAnchor(world.chain.request, { depth }))).to.be.revertedWithCustomError(
        queue,
        "OrderNotQueued",
      );
  });
});

/** The same signature in its high-s or its 64-byte form (EIP-2098). */
function otherForm(signature: string, random: Random): string {
  const { r, s, v, compactSerialized } = ethers.Signature.from(signature);
  if (random.below(2) === 0) return compactSerialized;
  const n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  return ethers.concat([r, ethers.toBeHex(n - BigInt(s), 32), v === 27 ? "0x1c" : "0x1b"]);
}
