import { expect } from "chai";

import type { Hex } from "../../src/core/bytes.js";
import { BUILDS } from "../../tools/compile.js";
import {
  ACTION,
  configFor,
  CONFIG,
  CONFIGURATOR,
  PAUSER,
  scopeNamed,
  STATUS,
  STATUS_NAMES,
  World,
  bring,
  type Target,
} from "../../tools/policy/world.js";

const [CHAIN, EXCHANGE, BTC, ETH] = ["chain", "chain/exchange", "chain/exchange/btc", "chain/exchange/eth"].map(
  scopeNamed,
) as [`0x${string}`, `0x${string}`, `0x${string}`, `0x${string}`];
const ALL = [CHAIN, EXCHANGE, BTC, ETH];

for (const build of BUILDS) {
  describe(`scopes above scopes (${build.name})`, () => {
    let world: World;
    let target: Target;

    beforeEach(async () => {
      world = await World.create(build);
      target = await world.deploy("PolicyTarget");
      for (const scope of ALL) await target.do("configure", [scope, configFor(scope)]);
    });

    it("SG-12: the worst status on the way up decides, and the denial names the scope that was asked for", async () => {
      for (const above of STATUS_NAMES) {
        for (const own of STATUS_NAMES) {
          await world.aside(async () => {
            await bring(target, EXCHANGE, above);
            await bring(target, BTC, own);
            const worst = STATUS[above] > STATUS[own] ? above : own;
            expect(await target.statusOf(BTC)).to.deep.equal({ status: worst, exits: worst });
            const { revertData } = await target.send("act", [BTC, ACTION.Settle]);
            expect(revertData && target.errorOf(revertData)).to.deep.equal(
              worst === "Synced"
                ? undefined
                : { name: "ActionDenied", args: [BTC, BigInt(ACTION.Settle), BigInt(STATUS[worst])] },
            );
          });
        }
      }
    });

    it("B9: a market's trouble is its own: neither its sibling nor what is above it shows any", async () => {
      for (const status of ["Lagging", "Stale", "Diverged", "Halted"] as const) {
        await world.aside(async () => {
          await bring(target, BTC, status);
          expect((await target.statusOf(BTC)).status).to.equal(status);
          for (const scope of [CHAIN, EXCHANGE, ETH]) {
            expect(await target.statusOf(scope)).to.deep.equal({ status: "Synced", exits: "Synced" });
            for (let action = 0; action < 8; action++) await target.do("act", [scope, action]);
          }
        });
      }
    });

    it("B9: to pause the exchange stops its markets, and they come back with it", async () => {
      await target.do("pauseScope", [EXCHANGE, STATUS.Stale, 600], PAUSER);
      for (const scope of [BTC, ETH])
        await target.refuses("ActionDenied", [scope, ACTION.Increase, STATUS.Stale], "act", [scope, ACTION.Increase]);
      await target.do("act", [CHAIN, ACTION.Increase]);
      world.pass(600);
      for (const scope of [BTC, ETH]) await target.do("act", [scope, ACTION.Increase]);
    });

    it("a call records in every scope on the way up", async () => {
      world.pass(CONFIG.gap + 24, 1);
      const { logs } = await target.send("poke", [BTC]);
      expect(logs.map(({ name, args }) => [name, args[0]])).to.deep.equal(
        [BTC, EXCHANGE, CHAIN].map((scope) => ["ScopeDisturbed", scope]),
      );
      world.pass(CONFIG.staleFor - 24);
      for (const scope of [BTC, EXCHANGE, CHAIN]) expect((await target.statusOf(scope)).status).to.equal("Stale");
      // What nobody recorded in the sibling is over, and what is above it is not.
      await target.do("act", [ETH, ACTION.Deposit]);
      expect((await target.statusOf(ETH)).status).to.equal("Stale");
    });

    it("SG-7: each scope on the way up closes exits for its own time, and the worst decides", async () => {
      const exits = async () => (await target.statusOf(BTC)).exits;
      await target.do("raise", [BTC, scopeNamed("cause"), STATUS.Halted, 1]);
      expect(await exits()).to.equal("Halted");
      world.pass(CONFIG.exitsFor);
      expect(await exits()).to.equal("Diverged");
      await target.do("raise", [EXCHANGE, scopeNamed("cause"), STATUS.Halted, 1]);
      expect(await exits()).to.equal("Halted");
      world.pass(CONFIG.exitsFor);
      expect(await exits()).to.equal("Diverged");
    });

    it("SG-2: a scope whose parent has no configuration gets none, nor does one that nobody configured pass anything", async () => {
      const [orphan, parent] = [scopeNamed("nowhere/orphan"), scopeNamed("nowhere")];
      await target.refuses("ScopeUnknown", [parent], "configure", [orphan, configFor(orphan)]);
      await target.refuses("ScopeUnknown", [parent], "scheduleScope", [orphan, configFor(orphan)], CONFIGURATOR);
      for (const [method, args] of [
        ["act", [orphan, ACTION.Deposit]],
        ["ask", [orphan, ACTION.Cancel]],
        ["liquidate", [orphan, 0, 0]],
        ["poke", [orphan]],
      ] as const)
        await target.refuses("ScopeUnknown", [orphan], method, args);
      const reason = target.abi.encodeErrorResult("ScopeUnknown", [orphan]);
      expect(await target.do("preview", [orphan, ACTION.Deposit])).to.deep.equal([0n, reason]);
      expect(await target.do("previewLiquidation", [orphan, 0, 0])).to.deep.equal([false, reason]);
    });

    it("SG-2, SG-14: the scope named zero is no way past the guard: without a configuration nothing passes, and its preview says so", async () => {
      const zero = scopeNamed("");
      const reason = target.abi.encodeErrorResult("ScopeUnknown", [zero]);
      for (let action = 0; action < 8; action++) {
        await target.refuses("ScopeUnknown", [zero], "act", [zero, action]);
        const refusal = action === ACTION.Liquidate ? "LiquidationNeedsHealth" : "ScopeUnknown";
        await target.refuses(refusal, [zero], "ask", [zero, action]);
        expect(await target.do("preview", [zero, action])).to.deep.equal([0n, reason]);
      }
      await target.refuses("ScopeUnknown", [zero], "liquidate", [zero, 0, 0]);
      await target.refuses("ScopeUnknown", [zero], "poke", [zero]);
      await target.refuses("ScopeUnknown", [zero], "releaseProfit", [zero, PAUSER]);
      // With one it is a scope like any other.
      await target.do("configure", [zero, configFor(zero)]);
      await target.do("act", [zero, ACTION.Increase]);
      await bring(target, zero, "Halted");
      await target.refuses("ActionDenied", [zero, ACTION.Increase, STATUS.Halted], "act", [zero, ACTION.Increase]);
    });

    it("SG-2: a scope has at most three above it", async () => {
      const fourth = scopeNamed("chain/exchange/btc/2026");
      const fifth = scopeNamed("chain/exchange/btc/2026/call");
      await target.do("configure", [fourth, configFor(fourth)]);
      expect((await target.statusOf(fourth)).status).to.equal("Synced");
      // The third counts like the first.
      await world.aside(async () => {
        await bring(target, CHAIN, "Diverged");
        expect(await target.statusOf(fourth)).to.deep.equal({ status: "Diverged", exits: "Diverged" });
        const denied = [fourth, ACTION.Increase, STATUS.Diverged];
        await target.refuses("ActionDenied", denied, "act", [fourth, ACTION.Increase]);
      });
      await target.refuses("ScopeTooDeep", [fifth], "configure", [fifth, configFor(fifth)]);
      await target.refuses("ScopeTooDeep", [fifth], "scheduleScope", [fifth, configFor(fifth)], CONFIGURATOR);
    });

    it("SG-2: a scope that is its own ancestor gets no configuration: not as the first of the circle, nor as the last", async () => {
      target = await world.deploy("CountedPolicyTarget");
      const [a, b] = [scopeNamed("a"), scopeNamed("b")];
      await target.do("setParent", [a, b]);
      await target.do("setParent", [b, a]);
      const above = (parent: Hex) => ({ ...CONFIG, parent });
      for (const [scope, parent] of [
        [a, b],
        [b, a],
      ] as const)
        await target.refuses("ScopeTooDeep", [scope], "configure", [scope, above(parent)]);
      await target.do("setParent", [b, scopeNamed("")]);
      await target.refuses("ScopeUnknown", [b], "configure", [a, above(b)]);
      await target.do("configure", [b, above(scopeNamed(""))]);
      await target.do("configure", [a, above(b)]);
      await target.do("setParent", [b, a]);
      for (const [scope, parent] of [
        [a, b],
        [b, a],
      ] as const) {
        await target.refuses("ScopeTooDeep", [scope], "scheduleScope", [scope, above(parent)], CONFIGURATOR);
        // What breaks the rule later closes, and the preview says so.
        await target.refuses("ScopeTooDeep", [scope], "poke", [scope]);
        const reason = target.abi.encodeErrorResult("ScopeTooDeep", [scope]);
        expect(await target.do("preview", [scope, ACTION.Increase])).to.deep.equal([0n, reason]);
      }
    });

    it("SG-18: a configuration that names another parent than the code is refused, with both", async () => {
      const wrong = { ...CONFIG, parent: ETH };
      for (const scope of [CHAIN, scopeNamed("chain/other")]) {
        const actual = configFor(scope).parent;
        await target.refuses("ParentMismatch", [scope, ETH, actual], "scheduleScope", [scope, wrong], CONFIGURATOR);
        if (scope !== CHAIN) await target.refuses("ParentMismatch", [scope, ETH, actual], "configure", [scope, wrong]);
      }
      expect(((await target.do("configOf", [BTC]))[0] as unknown[])[1]).to.equal(EXCHANGE);
    });

    it("SG-14: a preview says which scope on the way up is unknown, as the call does", async () => {
      target = await world.deploy("CountedPolicyTarget");
      const [a, b] = [scopeNamed("a"), scopeNamed("b")];
      await target.do("configure", [a, CONFIG]);
      await target.do("setParent", [a, b]);
      await target.refuses("ScopeUnknown", [b], "act", [a, ACTION.Increase]);
      const reason = target.abi.encodeErrorResult("ScopeUnknown", [b]);
      expect(await target.do("preview", [a, ACTION.Increase])).to.deep.equal([0n, reason]);
    });
  });
}
