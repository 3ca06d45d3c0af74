import { expect } from "chai";
import { AbiCoder, concat, id, keccak256, toBeHex } from "ethers";

import type { Hex } from "../../src/core/bytes.js";
import { announced } from "../../tools/random.js";
import {
  ACTION,
  blocksIn,
  configFor,
  CONFIG,
  CONFIGURATOR,
  DAY,
  FORMS,
  PAUSER,
  scopeNamed,
  slotOf,
  STATUS,
  STRANGER,
  VERDICT,
  World,
  type Config,
  type Target,
} from "../../tools/policy/world.js";

const abi = AbiCoder.defaultAbiCoder();
const word = (value: bigint): Hex => toBeHex(value, 32) as Hex;
/** ERC-7201: keccak256(keccak256(id) - 1) with the last byte cleared. */
const namespace = (name: string): bigint => BigInt(keccak256(word(BigInt(id(name)) - 1n))) & ~0xffn;
/** The slot of a mapping's value: keccak256(key . slot). */
const entry = (key: string, slot: bigint): bigint => BigInt(keccak256(concat([key, word(slot)])));

const POLICY = namespace("settlement-guard.storage.policy");
const ESCROW = namespace("settlement-guard.storage.escrow");
const SCOPES = ["exchange", "exchange/btc"].map(scopeNamed);
const CAUSES = ["a", "b"].map(scopeNamed);
const OWNERS = [PAUSER, STRANGER];
const CONFIGS: Config[] = [CONFIG, { ...CONFIG, gap: 1_200 }];

/** Every slot that may be written, from the formulas of ERC-7201 and of Solidity's layout. */
function allowedSlots(account: Hex): Set<string> {
  const slots: bigint[] = [];
  for (const scope of SCOPES) {
    const base = entry(scope, POLICY);
    for (let i = 0n; i < 7n; i++) slots.push(base + i);
    for (const cause of CAUSES) slots.push(entry(cause, base + 7n));
    for (const owner of OWNERS) {
      const held = entry(abi.encode(["address"], [owner]), entry(scope, ESCROW));
      slots.push(held, held + 1n);
    }
  }
  return new Set(slots.map((slot) => slotOf(account, word(slot))));
}

for (const { name, build, wrap } of FORMS) {
  describe(`storage, ${name}`, () => {
    it("A2, A5: nothing is written but the namespaces of the executing contract, whatever is called", async () => {
      const world = await World.create(build);
      const target = await world.deploy("PolicyTarget", undefined, wrap);
      const allowed = allowedSlots(target.address);
      const written = new Set<string>();
      const send = async (method: string, args: unknown[], from?: Hex): Promise<void> => {
        for (const slot of (await target.send(method, args, from)).writes) {
          expect(allowed.has(slot), `${method} writes ${slot}`).to.equal(true);
          written.add(slot);
        }
      };
      for (const scope of SCOPES) await send("configure", [scope, configFor(scope)]);
      const source = announced();
      for (let i = 0; i < 400; i++) {
        const [scope, cause, owner, config] = [
          source.pick(SCOPES),
          source.pick(CAUSES),
          source.pick(OWNERS),
          source.pick(CONFIGS),
        ];
        world.pass(source.pick([12, 1_000, DAY]), source.pick([1, 100, 7_200]));
        await source.pick<() => Promise<void>>([
          () => send("ask", [scope, source.below(8)]),
          () => send("liquidate", [scope, 0, 0]),
          () => send("poke", [scope]),
          () => send("pauseScope", [scope, 1 + source.below(2), 600], PAUSER),
          () => send("raise", [scope, cause, 3 + source.below(2), i]),
          () => send("heal", [scope, cause, i]),
          () => send("scheduleScope", [scope, configFor(scope, config)], CONFIGURATOR),
          () => send("cancelScope", [scope, configFor(scope, config)], CONFIGURATOR),
          () => send("applyScope", [scope, configFor(scope, config)]),
          () => send("settleProfit", [scope, owner, 5, VERDICT.AllowConservative]),
          () => send("releaseProfit", [scope, owner]),
        ])();
      }
      // All of it was written, so that the formulas are those of the contract.
      expect(
        [...allowed].filter((slot) => !written.has(slot)),
        `SEED=${source.seed}`,
      ).to.deep.equal([]);
    });

    it("A2: the slots of a scope hold what their documentation says, at those bits", async () => {
      const world = await World.create(build);
      const target = await world.deploy("PolicyTarget", undefined, wrap);
      const [scope] = SCOPES as [Hex];
      await target.do("configure", [scope, CONFIG]);
      const base = entry(scope, POLICY);
      const expected = (diverged: bigint, halted: bigint, deadlines: bigint): bigint =>
        (world.time * 1_000n) |
        (world.number << 48n) |
        (BigInt(CONFIG.gap) << 88n) |
        (BigInt(CONFIG.blockTime) << 104n) |
        (BigInt(CONFIG.longestBlockTime) << 120n) |
        (BigInt(CONFIG.minDepth) << 136n) |
        (BigInt(CONFIG.maxAge) << 152n) |
        (BigInt(CONFIG.keeperLatency) << 168n) |
        (diverged << 184n) |
        (halted << 216n) |
        (deadlines << 248n);
      const slot = (index: bigint): Promise<bigint> => world.storage(target.address, word(base + index));
      const configured = world.number;
      expect(await slot(0n)).to.equal(expected(0n, 0n, 0n));
      world.pass(240);
      await target.do("poke", [scope]);
      expect(await slot(0n)).to.equal(expected(0n, 0n, 0n));
      await target.do("raise", [scope, CAUSES[0], STATUS.Diverged, 1]);
      await target.do("raise", [scope, CAUSES[1], STATUS.Halted, 1]);
      expect(await slot(0n)).to.equal(expected(1n, 1n, 0n));
      await target.do("pauseScope", [scope, STATUS.Stale, 600], PAUSER);
      expect(await slot(0n)).to.equal(expected(1n, 1n, 1n));

      await target.do("heal", [scope, CAUSES[1], 2]);
      const moment = (seconds: number): bigint =>
        (world.time + BigInt(seconds)) | ((world.number + BigInt(blocksIn(seconds))) << 40n);
      const { staleFor, graceFor, exitsFor } = CONFIG;
      const rules = [CONFIG.policy, staleFor, graceFor, exitsFor, staleFor, staleFor + graceFor, exitsFor].map(BigInt);
      const first = rules.reduce(
        (packed, value, i) => packed | (value << (i === 0 ? 0n : 48n + 24n * BigInt(i - 1))),
        0n,
      );
      expect(await slot(1n)).to.equal(first | (configured << 192n));
      const second =
        moment(staleFor) |
        (moment(staleFor + graceFor) << 80n) |
        ((world.time + 600n) << 160n) |
        (BigInt(STATUS.Stale) << 240n);
      expect(await slot(2n)).to.equal(second);
      expect(await slot(3n)).to.equal(moment(exitsFor) | (moment(5 * exitsFor) << 80n));
      expect(await slot(4n)).to.equal(((world.time + 600n) << 24n) | 600n);
      expect(await target.do("preview", [scope, ACTION.Increase])).to.have.length(2);
    });
  });
}

describe("two contracts that run the same code", () => {
  it("A5: have states of their own, and the code's own contract has none", async () => {
    const { build } = FORMS[0]!;
    const world = await World.create(build);
    const [scope] = SCOPES as [Hex];
    const one: Target = await world.deploy("PolicyTarget", undefined, "delegatecall");
    const two: Target = await world.deploy("PolicyTarget", undefined, "delegatecall");
    for (const target of [one, two]) await target.do("configure", [scope, CONFIG]);
    await one.do("raise", [scope, CAUSES[0], STATUS.Diverged, 1]);
    expect((await one.statusOf(scope)).status).to.equal("Diverged");
    expect((await two.statusOf(scope)).status).to.equal("Synced");
  });
});
