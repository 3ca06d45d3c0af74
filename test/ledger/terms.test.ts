import { expect, use } from "chai";
import { AbiCoder, keccak256, ZeroAddress } from "ethers";
import { network } from "hardhat";

import { latestStateAnchor } from "../../src/actions/latestAnchor.js";
import { TIERS } from "../../src/anchor/tiers.js";
import { toWord, type Hex } from "../../src/core/bytes.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import { HISTORY_ADDRESS } from "../../src/forks/index.js";
import { hardhatForks } from "../../src/hardhat/index.js";
import { hashSigners } from "../../src/ledger/commitment.js";
import { accepted } from "../../tools/errors.js";
import { preparedOnce } from "../../tools/forks.js";
import { leap, refused } from "../../tools/ledger/acts.js";
import { MARKET, WATCH, ZERO } from "../../tools/ledger/inputs.js";
import { LedgerWorld, type LedgerConfig } from "../../tools/ledger/world.js";
import { scopeNamed } from "../../tools/policy/world.js";

use(settlementGuardMatchers);

const forks = hardhatForks(network);
const DAY = 86_400;
const EXCHANGE = scopeNamed("exchange");

describe("the terms of a ledger", () => {
  let world: LedgerWorld;
  preparedOnce(
    async () => ({ world: await LedgerWorld.create(await forks.create()) }),
    (prepared) => ({ world } = prepared),
  );
  beforeEach(() => world.reset());

  const refuses = (act: Promise<unknown>, name: string, ...args: readonly unknown[]) =>
    refused(world, act, name, ...args);

  /** Opens the exchange's ledger, and leaves nothing. */
  async function opening(changes: Partial<Record<keyof LedgerConfig, unknown>>): Promise<unknown> {
    const config = { ...(await world.config()), ...changes } as LedgerConfig;
    await world.guard.nameLedger(EXCHANGE, world.hashConfig(config));
    return world.desk.open.staticCall(world.guard, EXCHANGE, config);
  }

  it("SG-18: each number of a configuration may be its bounds, and not a step beyond them", async () => {
    const bounds: [keyof typeof WATCH, least: number, greatest: number, greatestOfType: number][] = [
      ["silence", 60, 7 * DAY, 2 ** 24 - 1],
      ["healAfter", 2, 255, 255],
      ["healFor", 300, 7 * DAY, 2 ** 24 - 1],
      ["longestBlockTime", 1, 65_535, 65_535],
      ["tier", TIERS.indexOf("safe"), TIERS.indexOf("finalized"), TIERS.indexOf("finalized")],
      // Half of the 8,191 blocks that EIP-2935 answers for.
      ["maxAge", 1, 4_095, 2 ** 24 - 1],
      ["minDepth", 1, WATCH.maxAge, 65_535],
      ["delay", DAY, 30 * DAY, 2 ** 24 - 1],
    ];
    for (const [name, least, greatest, greatestOfType] of bounds) {
      for (const value of [least, greatest]) await accepted(opening({ [name]: value }));
      const beyond = [...(least > 0 ? [least - 1] : []), ...(greatest < greatestOfType ? [greatest + 1] : [])];
      for (const value of beyond)
        await refuses(opening({ [name]: value }), "LedgerConfigOutOfBounds", scopeNamed(name), value, least, greatest);
    }
  });

  it("SG-18: the source of block hashes must know twice the greatest depth, as far as the chain goes back", async () => {
    const { chain } = world;
    await chain.mine(600);
    await accepted(opening({ maxAge: 300 }));
    // Without EIP-2935 the last 256 are known.
    await chain.request({ method: "hardhat_setCode", params: [HISTORY_ADDRESS, "0x"] });
    const head = Number(chain.head.number) + 1;
    await accepted(opening({ maxAge: 128 }));
    await refuses(opening({ maxAge: 129 }), "AnchorHashUnknown");
    // The chain is not twice as long.
    await accepted(opening({ maxAge: Math.ceil((head + 2) / 2) }));
  });

  it("SG-18: without an administrator there is no delay", async () => {
    await accepted(opening({ administrator: ZeroAddress, delay: 0 }));
    await refuses(opening({ delay: 0 }), "LedgerConfigOutOfBounds", scopeNamed("delay"), 0, DAY, 30 * DAY);
  });

  it("SG-24: 32 may sign, and no more", async () => {
    const signers = Array.from({ length: 33 }, (_, i) => `0x${toWord(BigInt(i + 1)).slice(26)}`);
    await accepted(opening({ set: { threshold: 17, signers: signers.slice(0, 32) } }));
    await refuses(opening({ set: { threshold: 17, signers } }), "SignerSetInvalid", 17, 33);
  });

  it("SG-18: rules that compare nothing are refused where a ledger is opened, and where an epoch is", async () => {
    const config = await world.config();
    const book = { ...config.book, rules: [{ ...config.book.rules[0]!, bits: 0 }] };
    await refuses(opening({ book }), "RuleInvalid", 0);
    const coder = AbiCoder.defaultAbiCoder();
    const type = world.desk.interface.getFunction("openAnnouncedEpoch").inputs[3]!;
    const rules = keccak256(coder.encode([type], [book]));
    const terms = keccak256(coder.encode(["bytes32", "bytes32"], [hashSigners(world.set), rules]));
    await world.desk.connect(world.administrator).announceEpoch(world.guard, MARKET, terms);
    await leap(world, 4 * WATCH.delay);
    await refuses(world.desk.openAnnouncedEpoch(world.guard, MARKET, world.set, book), "RuleInvalid", 0);
  });

  it("a ledger is of a scope that its guard has configured", async () => {
    const doge = scopeNamed("doge");
    const config = await world.config();
    await world.guard.nameLedger(doge, world.hashConfig(config));
    await expect(world.desk.open(world.guard, doge, config)).to.be.rejectedByGuard("ScopeUnknown");
  });

  it("SG-24: a ledger that asks for more has commitments of that tier and of that depth", async () => {
    const scope = EXCHANGE;
    await world.open(scope, { tier: TIERS.indexOf("finalized"), minDepth: 3, maxAge: 5 });
    await world.chain.mine(8);
    const relay = async (tier: "safe" | "finalized", depth: number) => {
      // The head lies one block below the one that takes the commitment.
      const { anchor } = await latestStateAnchor(world.chain.request, { depth: depth - 1 });
      return world.relay(await world.sign(await world.next({ scope, tier, anchor })));
    };
    await refuses(relay("safe", 3), "CommitmentTierTooLow", TIERS.indexOf("finalized"), TIERS.indexOf("safe"));
    await refuses(relay("finalized", 2), "AnchorTooShallow");
    await refuses(relay("finalized", 6), "AnchorTooDeep");
    await accepted(relay("finalized", 5));
    const [previous, sequence] = [(await world.desk.ledgerOf(world.guard, scope)).head as Hex, 1n];
    expect(previous).to.not.equal(ZERO);
    [world.previous, world.sequence] = [previous, sequence];
    await accepted(relay("finalized", 3));
  });
});
