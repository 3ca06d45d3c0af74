import { AbiCoder, ethers, type BaseContract } from "ethers";

import {
  MARKET,
  UNIT,
  connect,
  deployExchanges,
  exchange,
  forks,
  signOrder,
  type Role,
  type SignedOrder,
  type World,
} from "../../scenarios/world.js";
import { latestAnchor } from "../../src/actions/latestAnchor.js";
import { prove } from "../../src/actions/prove.js";
import { toHex, toQuantity, type Hex } from "../../src/core/bytes.js";
import type { LoggedEvent } from "../../src/ledger/replayEvents.js";
import { LedgerTree } from "../../src/ledger/tree.js";
import {
  Custodian__factory,
  TestToken__factory,
  type GuardedPerps,
  type TestToken,
} from "../../typechain-types/index.js";
import type { Random } from "../random.js";
import { loggedBy } from "./logs.js";

export const PERPS_TRADERS = ["alice", "bob", "carol"] as const;
export const PERPS_MARKETS = [MARKET, ethers.encodeBytes32String("BTC-PERP")] as const;

const PRICE = 2_000n * UNIT;
/** Little enough that profits drain the pool now and then. */
const LIQUIDITY = 30_000n * UNIT;
const BACKING = 3_000n * UNIT;
const NOBODY = ethers.ZeroAddress;

/** The example exchange, used by chance: what is refused is left out. */
export class PerpsHistory {
  #nonce = 0n;

  private constructor(
    readonly world: World,
    private readonly random: Random,
  ) {}

  static async create(random: Random): Promise<PerpsHistory> {
    const chain = await forks.create();
    const world = await connect(chain, await deployExchanges(chain, { price: PRICE, liquidity: LIQUIDITY }));
    const history = new PerpsHistory(world, random);
    for (const role of [...PERPS_TRADERS, "provider"] as const) {
      const token = history.token(role);
      await token.mint(world.signers[role], 10n ** 30n);
      await token.approve(world.addresses.guarded, ethers.MaxUint256);
    }
    for (const market of PERPS_MARKETS) {
      await history.perps("feed").setPrice(market, PRICE + 7n);
      await history.perps("feed").believeBacking(market, BACKING);
      await (await history.custodian()).set(market, BACKING);
      for (const role of PERPS_TRADERS) await history.perps(role).deposit(market, 5_000n * UNIT + 1n);
    }
    await chain.mine(3);
    return history;
  }

  perps(role: Role = "keeper"): GuardedPerps {
    return exchange(this.world, "guarded", role);
  }

  token(role: Role): TestToken {
    return TestToken__factory.connect(this.world.addresses.token, this.world.signers[role]);
  }

  /** Has an order filled at whatever price; whether the exchange took it. */
  async fills(role: Role, market: string, size: bigint): Promise<boolean> {
    const { size: before } = await this.perps().accounts(this.world.signers[role], market);
    await this.#order(role, market, size, size > 0n ? ethers.MaxUint256 : 0n);
    return (await this.perps().accounts(this.world.signers[role], market)).size !== before;
  }

  /** What chance might leave out: each kind of event that the accounts follow from. */
  async everyKind(): Promise<void> {
    const { world } = this;
    const [market] = PERPS_MARKETS;
    const [alice, bob] = [this.perps("alice"), this.perps("bob")];
    const setTwice = async (price: bigint): Promise<void> => {
      for (let times = 0; times < 2; times++) await this.perps("feed").setPrice(market, price);
    };
    // Half a position is closed in Stale, the profit waits, and a loss takes a part of it.
    await this.#order("alice", market, 20n * UNIT);
    await world.chain.stall({ seconds: 1_500 });
    await this.perps().poke(market);
    await setTwice(3_000n * UNIT);
    await this.#order("alice", market, -10n * UNIT - 1n);
    await setTwice(1_550n * UNIT + 1n);
    await alice.close(market);
    await world.chain.mine(260);
    await alice.claimProfit(market);
    await alice.withdraw(market, 1_001n);
    // A loss beyond the margin, and a profit beyond the pool.
    await this.#order("bob", market, 20n * UNIT + 3n);
    await setTwice(1_000n * UNIT);
    await this.perps().liquidate(world.signers.bob, market);
    await bob.deposit(market, 5_000n * UNIT);
    await this.#order("bob", market, 40n * UNIT);
    await setTwice(2_500n * UNIT);
    await bob.close(market);
    await this.#order("alice", market, UNIT, 1n);
    // A part of the backing is lost, then the rest. There is no pool to bear it.
    for (const left of [BACKING - 5n, 0n]) {
      await (await this.custodian()).set(market, left);
      await this.bring(market, "contradict");
      await world.chain.mine(310);
      await this.bring(market, "acceptProven");
    }
    await this.perps("provider").provideLiquidity(LIQUIDITY);
    await world.chain.mine(260);
  }

  /** Does something by chance. */
  async step(): Promise<void> {
    const { random, world } = this;
    const [role, market] = [random.pick(PERPS_TRADERS), random.pick(PERPS_MARKETS)];
    const perps = this.perps(role);
    switch (random.below(16)) {
      case 0:
      case 1:
        await this.#movePrice(market);
        return;
      case 2:
      case 3:
      case 4:
      case 5:
      case 6:
      case 7:
        return this.#trade(role, market);
      case 8:
        return ignoringRefusals(() => perps.close(market));
      case 9:
        return ignoringRefusals(() => perps.deposit(market, this.#amount(2_000n * UNIT)));
      case 10:
        return ignoringRefusals(() => perps.withdraw(market, this.#amount(3_000n * UNIT)));
      case 11:
        return ignoringRefusals(() => perps.claimProfit(market));
      case 12:
        return ignoringRefusals(() => this.perps("provider").provideLiquidity(this.#amount(5_000n * UNIT)));
      case 13:
        return this.#trouble(market);
      case 14:
        await world.chain.mine(random.pick([5, 60, 260, 260]));
        return;
      default:
        for (const method of ["reconcile", "acceptProven"] as const) await this.bring(market, method);
        return ignoringRefusals(() => this.perps("feed").believeBacking(market, BACKING + this.#amount(UNIT)));
    }
  }

  events(): Promise<LoggedEvent[]> {
    return loggedBy(this.perps() as unknown as BaseContract);
  }

  /** The ledger at the end of a block, read from the contract's getters. Its keys are those of the document, encoded by ethers. */
  async ledgerAt(number: bigint): Promise<LedgerTree> {
    const perps = this.perps();
    const at = { blockTag: toQuantity(number) };
    const entries: [Hex, bigint][] = [
      [keyOf(NOBODY, ethers.encodeBytes32String("pool"), "liquidity"), await perps.liquidity(at)],
      [keyOf(NOBODY, ethers.encodeBytes32String("pool"), "badDebt"), await perps.badDebt(at)],
      [keyOf(NOBODY, ethers.encodeBytes32String("pool"), "writtenOff"), await perps.writtenOff(at)],
    ];
    for (const market of PERPS_MARKETS) {
      entries.push([keyOf(NOBODY, market, "indexPrice"), await perps.indexPrice(market, at)]);
      for (const role of PERPS_TRADERS) {
        const trader = await this.world.signers[role].getAddress();
        const { margin, size, entryPrice } = await perps.accounts(trader, market, at);
        entries.push(
          [keyOf(trader, market, "margin"), margin],
          [keyOf(trader, market, "size"), ethers.toTwos(size, 256)],
          [keyOf(trader, market, "entryPrice"), entryPrice],
          [keyOf(trader, market, "held"), await perps.escrowedProfit(market, trader, at)],
        );
      }
    }
    return LedgerTree.from(entries);
  }

  /** Brings a proof of what backs a market now, where the exchange takes it. */
  async bring(market: string, method: "contradict" | "reconcile" | "acceptProven"): Promise<void> {
    const slot = ethers.keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "uint256"], [market, 0])) as Hex;
    await this.world.chain.mine();
    const block = await latestAnchor(this.world.chain.request, { depth: 1 });
    const account = (await this.perps().custodian()) as Hex;
    const { anchor, header, witness } = await prove(this.world.chain.request, {
      anchor: block,
      account,
      slots: [slot],
    });
    await ignoringRefusals(() => this.perps()[method](market, { anchor, header, witness }));
  }

  async custodian() {
    return Custodian__factory.connect(await this.perps().custodian(), this.world.signers.provider);
  }

  /** To the last unit, so that divisions have a remainder. */
  #amount(below: bigint): bigint {
    return BigInt(toHex(this.random.bytes(16))) % below;
  }

  /** And liquidates whoever it made insolvent. */
  async #movePrice(market: string): Promise<void> {
    const feed = this.perps("feed");
    const price = 1_500n * UNIT + this.#amount(1_000n * UNIT);
    for (let times = this.random.below(2); times >= 0; times--) await feed.setPrice(market, price);
    for (const role of PERPS_TRADERS)
      await ignoringRefusals(() => this.perps().liquidate(this.world.signers[role], market));
  }

  /** An order that is filled, or that its trader or the keeper cancels. */
  async #trade(role: Role, market: string): Promise<void> {
    const { random, world } = this;
    const { size: position } = await this.perps().accounts(world.signers[role], market);
    const sizes = [this.#amount(8n * UNIT), -this.#amount(8n * UNIT), -position / 3n, -position, -2n * position];
    const size = random.pick(sizes);
    if (random.below(8) === 0) return this.#order(role, market, size, PRICE);
    if (random.below(8) === 0) {
      const { order } = await this.#sign(role, { size, market, limitPrice: 0n });
      return ignoringRefusals(() => this.perps(role).cancel(order));
    }
    return this.#order(role, market, size);
  }

  /** The keeper fills an order, or cancels one that is beyond its limit. */
  async #order(role: Role, market: string, size: bigint, limitPrice = size > 0n ? 1_000n * PRICE : 0n): Promise<void> {
    const { order, signature } = await this.#sign(role, { size, market, limitPrice });
    await ignoringRefusals(() => this.perps().executeOrCancel(order, signature));
  }

  async #sign(role: Role, terms: { size: bigint; market: string; limitPrice: bigint }): Promise<SignedOrder> {
    const anchor = await latestAnchor(this.world.chain.request);
    return signOrder(this.world, "guarded", role, { ...terms, anchor, maxAge: 64n, nonce: this.#nonce++ });
  }

  /** An outage, or a backing that is not there. */
  async #trouble(market: string): Promise<void> {
    if (this.random.below(2) === 0) {
      await this.world.chain.stall({ seconds: 1_500 });
      await this.perps().poke(market);
    } else {
      await (await this.custodian()).set(market, this.random.pick([0n, BACKING - 5n, BACKING]));
      await this.bring(market, "contradict");
      if (this.random.below(2) === 0) await this.world.chain.mine(310);
    }
  }
}

/** What the exchange refuses does not happen. */
async function ignoringRefusals(send: () => Promise<unknown>): Promise<void> {
  try {
    await send();
  } catch (error) {
    if (!ethers.isError(error, "CALL_EXCEPTION") && !/revert/.test(String(error))) throw error;
  }
}

function keyOf(owner: string, asset: string, kind: string): Hex {
  const ledgerKey = ethers.id("settlement-guard.ledger.key");
  const words = [ledgerKey, owner, asset, ethers.encodeBytes32String(kind)];
  return ethers.keccak256(
    AbiCoder.defaultAbiCoder().encode(["bytes32", "address", "bytes32", "bytes32"], words),
  ) as Hex;
}
