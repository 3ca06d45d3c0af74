import { expect, use } from "chai";
import { AbiCoder, encodeBytes32String, keccak256, ZeroAddress, type BaseContract, type Signer } from "ethers";
import { network } from "hardhat";

import type { StateAnchor } from "../../src/anchor/anchor.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import { toWord, type Hex } from "../../src/core/bytes.js";
import type { GuardErrorName } from "../../src/explain/guardErrors.js";
import { HISTORY_ADDRESS } from "../../src/forks/index.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { hashCommitment, type Commitment } from "../../src/ledger/commitment.js";
import { preparedOnce } from "../../tools/forks.js";
import { evidenceOf } from "../../tools/ledger/acts.js";
import { bookForContract, MARKET, ON_RECORD, OTHER, RULES, WATCH } from "../../tools/ledger/inputs.js";
import { LedgerWorld, type LedgerContracts } from "../../tools/ledger/world.js";
import { ACTION, CONFIG, STATUS } from "../../tools/policy/world.js";
import { ARB_SYS, installAt, opcodesOf, signerOf } from "../../tools/sources/install.js";
import {
  ArbitrumLedgerDesk__factory,
  ArbitrumLedgerTarget__factory,
  ISourceErrors__factory,
  LedgerDesk__factory,
  LedgerTarget__factory,
  SourcedLedgerDesk__factory,
  SourcedLedgerTarget__factory,
  ToldSource__factory,
  type ToldSource,
} from "../../typechain-types/index.js";

use(settlementGuardMatchers);

const forks = hardhatForks(network);
const errors = { interface: ISourceErrors__factory.createInterface() };
const [BLOCKHASH, NUMBER] = [0x40, 0x43];
const [HONEST, DISAGREEING] = [0, 11]; // manners of `ToldSource`
const DAY = 86_400;
const WRONG: Hex = `0x${"be".repeat(32)}`;
const { silence, healAfter, healFor } = WATCH;

/** A world whose hashes come from elsewhere than the opcodes. */
interface Variant {
  readonly world: LedgerWorld;
  /** The newest block that the desk can know. */
  newest(): Promise<StateAnchor>;
  /** A chain that lives, for so many seconds. */
  pass(seconds: number): Promise<void>;
  /** Time passes, and blocks that the desk does not count, for so many seconds. */
  passElsewhere(seconds: number): Promise<void>;
}

/** The same contracts, by the names that the world has for them. */
async function named(signer: Signer, desk: BaseContract, guard: BaseContract): Promise<LedgerContracts> {
  return {
    desk: LedgerDesk__factory.connect(await desk.getAddress(), signer),
    guard: LedgerTarget__factory.connect(await guard.getAddress(), signer),
  };
}

const ARBITRUM_ONE = 42_161;
const HEIGHT = 400_000_000n;
const PER_SECOND = 4n; // blocks
const ON_ARBITRUM = { ...CONFIG, blockTime: 250, longestBlockTime: 280 };
const GREATEST_AGE = 196_584; // half of what Arbitrum's ring keeps
const WINDOW = 256;

const arbitrumAnchor = (number: bigint): StateAnchor => ({
  number,
  hash: keccak256(AbiCoder.defaultAbiCoder().encode(["uint256"], [number])) as Hex,
  stateRoot: toWord(1n),
});

async function heightOf(chain: HardhatChain): Promise<bigint> {
  return BigInt((await chain.request({ method: "eth_getStorageAt", params: [ARB_SYS, "0x0", "latest"] })) as Hex);
}

async function setHeight(chain: HardhatChain, height: bigint): Promise<void> {
  await chain.request({ method: "hardhat_setStorageAt", params: [ARB_SYS, "0x0", toWord(height)] });
}

async function arbitrumChain(): Promise<HardhatChain> {
  const chain = await forks.create({ chainId: ARBITRUM_ONE });
  await installAt(chain, ARB_SYS, "ArbSysOfHeight");
  await installAt(chain, HISTORY_ADDRESS, "ArbitrumRingOfHeight");
  await setHeight(chain, HEIGHT);
  return chain;
}

async function arbitrum(): Promise<Variant> {
  const chain = await arbitrumChain();
  const deploy = async (signer: Signer): Promise<LedgerContracts> => {
    const desk = await new ArbitrumLedgerDesk__factory(signer).deploy();
    const factory = new ArbitrumLedgerTarget__factory(signer);
    return named(signer, desk, await factory.deploy(desk, ON_ARBITRUM, [MARKET, OTHER]));
  };
  const { longestBlockTime } = ON_ARBITRUM;
  const world = await LedgerWorld.create(chain, deploy, { longestBlockTime, maxAge: GREATEST_AGE });
  const rise = async (seconds: bigint): Promise<void> =>
    setHeight(chain, (await heightOf(chain)) + PER_SECOND * seconds);
  const passElsewhere = async (seconds: number): Promise<void> => void (await chain.passTime({ seconds }));
  return {
    world,
    newest: async () => {
      await rise(12n);
      return arbitrumAnchor((await heightOf(chain)) - 1n);
    },
    pass: async (seconds) => {
      await passElsewhere(seconds);
      await rise(BigInt(seconds));
    },
    passElsewhere,
  };
}

async function sourced(): Promise<Variant & { told: ToldSource }> {
  const chain = await forks.create();
  const told = await new ToldSource__factory(await signerOf(chain)).deploy(31_337n, 0);
  await told.tell(chain.head.number, chain.head.hash);
  const deploy = async (signer: Signer): Promise<LedgerContracts> => {
    const desk = await new SourcedLedgerDesk__factory(signer).deploy(told, WINDOW);
    const factory = new SourcedLedgerTarget__factory(signer);
    return named(signer, desk, await factory.deploy(told, WINDOW, desk, CONFIG, [MARKET, OTHER]));
  };
  const world = await LedgerWorld.create(chain, deploy, { maxAge: WINDOW / 2 });
  return {
    world,
    told,
    newest: async () => {
      const { anchor } = await world.anchor();
      await told.tell(anchor.number, anchor.hash);
      return anchor;
    },
    pass: async (seconds) => void (await chain.passTime({ seconds })),
    passElsewhere: async (seconds) => {
      await chain.stall({ seconds });
      await chain.mine();
    },
  };
}

/** What holds of each variant. */
function behaves<V extends Variant>(prepare: () => Promise<V>, specific: (current: () => V) => void): void {
  let variant: V;
  let world: LedgerWorld;
  preparedOnce(prepare, (prepared) => {
    variant = prepared;
    ({ world } = prepared);
    world.reset();
  });

  const commit = async (): Promise<Commitment> => world.commit({ anchor: await variant.newest() });

  it("SG-23, SG-24: relays an honest round, which nobody disputes; another hash of a block stops its scope alone", async () => {
    for (const sequence of [1n, 2n]) {
      const honest = await commit();
      const { sequence: last, anchored } = await world.desk.ledgerOf(world.guard, MARKET);
      expect([last, anchored]).to.deep.equal([sequence, honest.anchor.number]);
      const { commitment } = await world.sign(honest);
      const dispute = world.desk.disputeAnchor({ commitment, ...ON_RECORD });
      await expect(dispute).to.be.revertedWithCustomError(world.desk, "ClaimHolds");
    }
    const { number, hash } = await variant.newest();
    const wrong = await world.next({ anchor: wrongAt(number) });
    const signed = await world.sign(wrong);
    await expect(world.relay(signed)).to.be.rejectedByGuard("AnchorMismatch");
    const stranger = (await world.chain.tools.ethers.getSigners())[7]!;
    const sent = await world.desk.connect(stranger).disputeAnchor(signed);
    await expect(sent)
      .to.emit(world.desk, "LedgerContradicted")
      .withArgs(...[world.at.guard, MARKET, 0n, hashCommitment(wrong), number, WRONG, hash, evidenceOf(sent, number)]);
    expect([await world.statusOf(), await world.statusOf(OTHER)]).to.deep.equal([STATUS.Diverged, STATUS.Synced]);
  });

  it("SG-25: is silent in the time and the blocks that it counts, and in no others", async () => {
    await commit();
    await variant.passElsewhere(silence + 60);
    // By the clock it is overdue, and too few blocks have come. Less than a gap passed, so that nothing else is wrong.
    expect(await world.statusOf()).to.equal(STATUS.Synced);
    await variant.pass(silence);
    expect(await world.statusOf()).to.equal(STATUS.Stale);
    await expect(world.guard.act(MARKET, ACTION.Withdraw)).to.be.rejectedByGuard("ActionDenied");
    await world.guard.act(MARKET, ACTION.Deposit);
  });

  it("SG-25: commitments of newer blocks heal it, over some time", async () => {
    const { number } = await variant.newest();
    await world.desk.disputeAnchor(await world.sign(await world.next({ anchor: wrongAt(number) })));
    expect(await world.statusOf()).to.equal(STATUS.Diverged);
    const first = await commit();
    for (let i = 1; i < healAfter; i++) await commit();
    await expect(world.desk.heal(world.guard, MARKET)).to.be.revertedWithCustomError(world.desk, "HealingTooEarly");
    await variant.pass(healFor);
    await expect(world.desk.heal(world.guard, MARKET))
      .to.emit(world.desk, "LedgerHealed")
      .withArgs(world.at.guard, MARKET, first.anchor.number);
    expect(await world.statusOf()).to.equal(STATUS.Stale);
    for (const span of [CONFIG.staleFor, CONFIG.graceFor])
      for (let i = 0; i < 3; i++) {
        await variant.pass(span / 2);
        await commit();
      }
    expect(await world.statusOf()).to.equal(STATUS.Synced);
    await world.guard.act(MARKET, ACTION.Withdraw);
  });

  specific(() => variant);
}

function wrongAt(number: bigint): StateAnchor {
  return { number, hash: WRONG, stateRoot: toWord(1n) };
}

describe("a desk whose block hashes come from elsewhere", () => {
  describe("ArbSys", () => {
    behaves(arbitrum, (current) => {
      it("SG-1, C8: anchors are ArbSys's heights, down to half of what the ring keeps, and the opcodes' are none", async () => {
        const { world } = current();
        const height = HEIGHT + BigInt(GREATEST_AGE) + 10n;
        await setHeight(world.chain, height);
        const validUntilBlock = 2n * HEIGHT;
        const relay = async (anchor: StateAnchor) =>
          world.relay(await world.sign(await world.next({ anchor, validUntilBlock })));
        const opcodes = await world.anchor();
        await expect(relay(opcodes.anchor))
          .to.be.revertedWithCustomError(world.desk, "AnchorRolledBack")
          .withArgs(HEIGHT + 1n, opcodes.anchor.number);
        const dispute = world.desk.disputeAnchor(await world.sign(await world.next({ anchor: wrongAt(1n) })));
        await expect(dispute).to.be.rejectedByGuard("AnchorOutOfWindow");
        await expect(relay(arbitrumAnchor(height))).to.be.rejectedByGuard("AnchorIsCurrentBlock");
        const oldest = height - BigInt(GREATEST_AGE);
        await expect(relay(arbitrumAnchor(oldest - 1n))).to.be.rejectedByGuard("AnchorTooDeep");
        await world.commit({ anchor: arbitrumAnchor(oldest), validUntilBlock });
        expect((await world.desk.ledgerOf(world.guard, MARKET)).anchored).to.equal(oldest);
      });

      it("a ledger is opened at ArbSys's height, and the span of its retirement has as many of those blocks", async () => {
        const { world } = current();
        const { anchored, retirableFrom } = await world.desk.ledgerOf(world.guard, OTHER);
        expect(anchored).to.equal(HEIGHT + 1n);
        const span = BigInt(28 * DAY + silence) * 1_000n;
        expect(retirableFrom >> 40n).to.equal(HEIGHT + span / BigInt(ON_ARBITRUM.longestBlockTime));
      });

      it("C7: neither the desk nor its guard asks NUMBER or BLOCKHASH", async () => {
        const { world } = current();
        for (const contract of [world.desk, world.guard]) {
          const opcodes = opcodesOf((await world.chain.tools.ethers.provider.getCode(contract)) as Hex);
          expect([opcodes.has(BLOCKHASH), opcodes.has(NUMBER)]).to.deep.equal([false, false]);
        }
      });
    });

    it("SG-16: is refused where ArbSys does not answer, and the desk of other chains is refused on Arbitrum", async () => {
      const silent = await forks.create({ chainId: ARBITRUM_ONE });
      const desk = new ArbitrumLedgerDesk__factory(await signerOf(silent)).deploy();
      await expect(desk).to.be.revertedWithCustomError(errors, "SourceOfOtherChain");
      await silent.close();
      const chain = await arbitrumChain();
      const native = new LedgerDesk__factory(await signerOf(chain)).deploy(ZeroAddress);
      await expect(native).to.be.rejectedByGuard("UnsupportedChain");
      await chain.close();
    });
  });

  describe("a deployed source", () => {
    behaves(sourced, (current) => {
      it("SG-3, C23, SG-23: what the source does not know, or disputes, is neither committed to nor evidence", async () => {
        const { world, told } = current();
        const { anchor } = await world.anchor();
        const [honest, wrong] = [await world.next({ anchor }), await world.next({ anchor: wrongAt(anchor.number) })];
        const refused = async (error: "AnchorHashUnknown" | "SourcesDisagree"): Promise<void> => {
          await expect(world.relay(await world.sign(honest))).to.be.rejectedByGuard(error as GuardErrorName);
          const dispute = world.desk.disputeAnchor(await world.sign(wrong));
          await expect(dispute).to.be.rejectedByGuard(error as GuardErrorName);
        };
        await refused("AnchorHashUnknown");
        await told.tell(anchor.number, anchor.hash);
        await told.behave(DISAGREEING);
        await refused("SourcesDisagree");
        expect(await world.statusOf()).to.equal(STATUS.Synced);
        await told.behave(HONEST);
        await world.relay(await world.sign(honest));
      });

      it("SG-23: a leaf is disputed under a header whose hash the source knows", async () => {
        const { world, newest } = current();
        const [owner] = world.owners as [Hex];
        world.tree.update([[world.keyOf(owner), 101n]]);
        const lie = await world.commit({ anchor: await newest() });
        const { commitment } = await world.sign(lie);
        const proof = await world.leafProof({ rule: RULES.balance, owner, anchor: lie.anchor });
        await world.desk.disputeLeaf({ commitment, ...ON_RECORD }, bookForContract(world.book), proof);
        expect(await world.statusOf()).to.equal(STATUS.Diverged);
      });

      it("a ledger's greatest age is half of the window at the most", async () => {
        const { world } = current();
        const scope = encodeBytes32String("exchange");
        const config = await world.config({ maxAge: WINDOW / 2 + 1 });
        await world.guard.nameLedger(scope, world.hashConfig(config));
        const name = encodeBytes32String("maxAge");
        await expect(world.desk.open(world.guard, scope, config))
          .to.be.revertedWithCustomError(world.desk, "LedgerConfigOutOfBounds")
          .withArgs(name, WINDOW / 2 + 1, 1, WINDOW / 2);
      });
    });

    it("SG-16, C24: is refused over a source of another chain", async () => {
      const chain = await forks.create();
      const signer = await signerOf(chain);
      const other = await new ToldSource__factory(signer).deploy(1n, 0);
      await other.tell(1n, WRONG);
      const desk = new SourcedLedgerDesk__factory(signer).deploy(other, WINDOW);
      await expect(desk).to.be.revertedWithCustomError(errors, "SourceOfOtherChain");
      await chain.close();
    });
  });
});
