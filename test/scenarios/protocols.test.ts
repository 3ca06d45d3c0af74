import { readFileSync } from "node:fs";

import { expect } from "chai";
import { Contract, ContractFactory, MaxUint256, parseEther, type Signer } from "ethers";
import { network } from "hardhat";

import { SettlementGuardError } from "../../src/core/errors.js";
import { forksOf } from "../../src/forks/kit.js";
import { hardhatChains, hardhatForks, type HardhatChain, type HardhatTools } from "../../src/hardhat/index.js";
import { defineGuardConfig } from "../../src/policy/config.js";
import { CATALOGUE } from "../../src/scenarios/catalogue.js";
import {
  scenarios,
  scenariosAsJUnit,
  scenariosAsMarkdown,
  scenariosAsPage,
  type Member,
  type Protocol,
  type ScenarioId,
  type ScenarioOutcome,
} from "../../src/scenarios/index.js";
import {
  connect,
  deployExchanges,
  depositOnBoth,
  exchange,
  MARKET,
  signOrder,
  UNIT,
  type Twin,
} from "../../scenarios/world.js";
import { compile, CONFIGURED } from "../../tools/compile.js";
import { rejected } from "../../tools/errors.js";
import { AnchoredVault__factory, PlainVault__factory, TestToken__factory } from "../../typechain-types/index.js";

const forks = hardhatForks(network);
const traderOn = async ({ tools }: HardhatChain): Promise<Signer> =>
  (await tools.ethers.getSigners())[4]! as unknown as Signer;

/** The example exchange: a trader signs an order, and a keeper presents it. */
const exchangeOf = (twin: Twin): Protocol<HardhatTools> => ({
  async deploy(chain) {
    const addresses = await deployExchanges(chain, { price: 2_000n * UNIT, liquidity: 10n ** 24n });
    await depositOnBoth(await connect(chain, addresses), "alice", 100_000n * UNIT);
    let nonce = 0n;
    return {
      seesOutages: true,
      async open(on, anchor) {
        const world = await connect(on, addresses);
        const terms = { size: UNIT, limitPrice: 2_100n * UNIT, anchor, maxAge: 400n, nonce: nonce++ };
        const { order, signature } = await signOrder(world, twin, "alice", terms);
        return exchange(world, twin, "keeper").execute(order, signature);
      },
      close: async (on) => exchange(await connect(on, addresses), twin, "alice").close(MARKET),
    };
  },
});

const { scopes } = defineGuardConfig({
  chains: { 31337: { keeperLatency: 60 } },
  scopes: { "ETH-CALL": { chain: 31337, minDepth: 1, maxAge: 400, gap: 900, staleFor: 600, graceFor: 1_800, exitsFor: 86_400 } },
}); // prettier-ignore

// #region call
/** Covered calls: a holder buys one. There is nothing to leave before the expiry. */
const coveredCalls: Protocol<HardhatTools> = {
  async deploy(chain) {
    const { abi, bytecode } = (await compile(["e2e/hardhat2/contracts/CoveredCall.sol"], CONFIGURED))["CoveredCall"]!;
    const premium = parseEther("0.05");
    const terms = [scopes["ETH-CALL"].config, 2_000n, premium, 4_000_000_000n];
    const factory = new ContractFactory(abi, bytecode, await traderOn(chain));
    const calls = await (await factory.deploy(...terms, { value: parseEther("10") })).getAddress();
    return {
      seesOutages: true,
      open: async (on, anchor) =>
        new Contract(calls, abi, await traderOn(on)).getFunction("buy").send(anchor, { value: premium }),
    };
  },
};
// #endregion call

// #region vault
/** OpenZeppelin's ERC-4626 vault, with a deposit that names the block on which it was prepared. */
const vault: Protocol<HardhatTools> = {
  async deploy(chain) {
    const trader = await traderOn(chain);
    const token = await new TestToken__factory(trader).deploy();
    const shares = await new AnchoredVault__factory(trader).deploy(token);
    await token.mint(trader, 1_000n);
    await token.approve(shares, 1_000n);
    const on = async (node: HardhatChain) => shares.connect(await traderOn(node));
    return {
      open: async (node, anchor) => (await on(node)).depositAt(100n, anchor),
      close: async (node) => (await on(node)).redeem(100n, await traderOn(node), await traderOn(node)),
    };
  },
};
// #endregion vault

/** The same vault without a guard. */
const plainVault: Protocol<HardhatTools> = {
  async deploy(chain) {
    const trader = await traderOn(chain);
    const token = await new TestToken__factory(trader).deploy();
    const shares = await new PlainVault__factory(trader).deploy(token);
    await token.mint(trader, 1_000n);
    await token.approve(shares, MaxUint256);
    const deposit = async (node: HardhatChain) =>
      shares.connect(await traderOn(node)).deposit(100n, await traderOn(node));
    return { open: deposit, payout: deposit, close: deposit, seesOutages: true };
  },
};

const OUTAGES: readonly ScenarioId[] = [
  "arb-outage",
  "appchain-halt",
  "sequencer-handoff",
  "stale-resume",
  "perpdex-overload",
];
const HEALTHY: readonly ScenarioId[] = ["finality-stall", "fusaka-old-state", "healthy-soak", "keeper-key-reuse"];

/** What a protocol lacks for a scenario, by the scenario's id. */
const lacking = (ids: readonly ScenarioId[], member: Member) => Object.fromEntries(ids.map((id) => [id, member]));

describe("scenarios for a protocol of one's own", function () {
  const told = (outcome: ScenarioOutcome): string => scenariosAsMarkdown([outcome]);

  for (const [name, protocol, missing] of [
    ["the example exchange", exchangeOf("guarded"), { "reorg-across-expiry": "payout" }],
    ["covered calls", coveredCalls, { "reorg-across-expiry": "payout", ...lacking(OUTAGES, "close") }],
  ] as [string, Protocol<HardhatTools>, { [id: string]: Member | undefined }][])
    describe(`${name}, guarded`, () => {
      for (const id of scenarios.ids)
        it(`${id} ${missing[id] === undefined ? "holds" : `is not shown without ${missing[id]}`}`, async () => {
          const outcome = await scenarios.run(id, { protocol, forks });
          expect(outcome.kind, told(outcome)).to.equal(missing[id] === undefined ? "held" : "not shown");
          if (outcome.kind === "not shown") expect(outcome.missing).to.equal(missing[id]);
          else if (outcome.kind !== "failed") expect(outcome.steps.length).to.be.greaterThan(0);
        });
    });

  describe("OpenZeppelin's vault, without a guard", () => {
    // One outage is like another here, and takes seconds.
    for (const id of scenarios.ids.filter((each) => !OUTAGES.slice(1).includes(each)))
      it(`${id} ${HEALTHY.includes(id) ? "holds" : "is broken"}`, async () => {
        const outcome = await scenarios.run(id, { protocol: plainVault, forks });
        expect(outcome.kind, told(outcome)).to.equal(HEALTHY.includes(id) ? "held" : "broken");
        if (!("steps" in outcome)) return;
        const broken = outcome.steps.filter(({ holds }) => !holds);
        for (const { expected, found } of broken)
          expect([expected, found]).to.deep.equal(["rejected by the guard", "it succeeded."]);
      });
  });

  it("holds for the example exchange's twin without a guard where nothing is wrong, and nowhere else", async () => {
    const twin = { protocol: exchangeOf("unguarded"), forks };
    expect((await scenarios.run("finality-stall", twin)).kind).to.equal("held");
    for (const id of ["beacon-7", "infura-minority-fork"] as const)
      expect((await scenarios.run(id, twin)).kind).to.equal("broken");
  });

  it("tells of a signed action that another order changes", async () => {
    const protocol: Protocol<HardhatTools> = {
      async deploy({ tools }) {
        const desk = await tools.ethers.deployContract("SpotDesk");
        let price = 0n;
        return {
          async open(on) {
            await desk.getFunction("setPrice").send((price += 10n));
            return desk
              .connect(await traderOn(on))
              .getFunction("buy")
              .send({ value: 6_000n });
          },
        };
      },
    };
    const outcome = await scenarios.run("keeper-key-reuse", { protocol, forks });
    expect(told(outcome)).to.contain("broken, 0 of 1 steps").and.contain("has another effect where");
  });

  it("does not hold where an adapter does not return what it sends", async () => {
    const protocol: Protocol<HardhatTools> = {
      async deploy(chain) {
        const { open } = await vault.deploy(chain);
        return { open: async (...args) => void (await open(...args)) };
      },
    };
    for (const id of ["healthy-soak", "finality-stall"] as const) {
      const outcome = await scenarios.run(id, { protocol, forks });
      expect(outcome.kind).to.equal("broken");
      expect(told(outcome)).to.contain("but it shows nothing: what came back is undefined");
    }
  });

  it("says where all signed actions are one sender's, whose nonces forbid most other orders", async () => {
    const outcome = await scenarios.run("keeper-key-reuse", { protocol: vault, forks });
    expect(outcome.kind === "held" && outcome.steps[0]!.found).to.contain("All actions are one sender's");
  });

  it("refuses what is no protocol, no simulator and no deployment", async () => {
    const nothing = { deploy: async () => undefined } as never;
    for (const [options, reason] of [
      [{ protocol: nothing, forks }, /^protocol: expected that `deploy` returns an object with `open`/],
      [{ protocol: {}, forks }, /^protocol: expected an object with `deploy`/],
      [{ protocol: vault, forks: network }, /^forks: expected an object with `partition`/],
      [{ protocol: vault, fork: forks }, /^fork: there is no such option/],
    ] as const)
      await expect(scenarios.run("beacon-7", options as never)).to.be.rejectedWith(reason);
  });

  it("does not hold for signed actions of which none succeeded", async () => {
    const protocol: Protocol<HardhatTools> = {
      async deploy({ tools }) {
        const desk = await tools.ethers.deployContract("SpotDesk"); // without a price
        return { open: () => desk.getFunction("buy").send({ value: 1n, gasLimit: 100_000n }) };
      },
    };
    const outcome = await scenarios.run("keeper-key-reuse", { protocol, forks });
    expect(told(outcome)).to.contain("broken, 0 of 1 steps").and.contain("but no recorded transaction succeeded, of 3");
  });

  it("is not shown where the backend makes no hard fork", async () => {
    const factory = hardhatChains(network);
    const create: typeof factory.create = async (options) => {
      if (options.forkFrom === undefined) return factory.create(options);
      throw new SettlementGuardError("FORK_SIMULATOR", { reason: "No forks here" }, "No forks here.");
    };
    const outcome = await scenarios.run("ethpow-replay", { protocol: vault, forks: forksOf({ create }) });
    expect(outcome).to.deep.include({
      kind: "not shown",
      missing: "hardFork",
      reason: "not shown: the backend makes no hard fork. No forks here.",
    });
  });

  it("notes what a scenario throws, and plays the others", async () => {
    let deployed = 0;
    const protocol: Protocol<HardhatTools> = {
      async deploy() {
        if (++deployed === 2) throw new Error("out of funds");
        return Promise.reject("no error");
      },
    };
    const outcomes = await scenarios.runAll({ protocol, forks });
    expect(outcomes.map(({ id }) => id)).to.deep.equal(scenarios.ids);
    const errors = outcomes.map((outcome) => (outcome.kind === "failed" ? outcome.error : outcome.kind));
    expect(errors[1]).to.equal("out of funds");
    expect(new Set(errors)).to.have.lengthOf(2);
    expect(errors[0]).to.contain("no error");
  });

  it("holds for OpenZeppelin's vault, guarded, and reports as the documents write it", async () => {
    const files: { [path: string]: string } = {};
    const writeFileSync = (path: string, text: string): void => void (files[path] = text);
    const protocol = vault;
    // #region run
    const outcome = await scenarios.run("polygon-157", { protocol, forks });
    expect(outcome.kind, scenariosAsMarkdown([outcome])).to.equal("held");

    const outcomes = await scenarios.runAll({ protocol, forks });
    writeFileSync("reports/scenarios.md", scenariosAsMarkdown(outcomes));
    writeFileSync("reports/scenarios.xml", scenariosAsJUnit(outcomes, { name: "Vault" }));
    writeFileSync("reports/scenarios.html", scenariosAsPage(outcomes, { name: "Vault" }));
    // #endregion run
    const lacks = { "reorg-across-expiry": "payout", ...lacking(OUTAGES, "seesOutages") } as Record<string, Member>;
    for (const [i, id] of scenarios.ids.entries()) {
      const outcome = outcomes[i]!;
      expect([outcome.id, outcome.kind], told(outcome)).to.deep.equal([id, id in lacks ? "not shown" : "held"]);
      if (outcome.kind === "not shown") expect(outcome.missing).to.equal(lacks[id]);
      else if (outcome.kind === "held") expect(outcome.steps.length).to.be.greaterThan(0);
    }
    expect(files["reports/scenarios.xml"]).to.contain(`tests="23" failures="0" errors="0" skipped="6"`);
    expect(files["reports/scenarios.md"]).to.contain(
      "| `polygon-157` | 157 blocks are replaced | held, 2 of 2 steps |",
    );
  });

  it("pays out on the branch on which a payout was prepared", async () => {
    const protocol: Protocol<HardhatTools> = {
      async deploy(chain) {
        const { open } = await vault.deploy(chain);
        return { open, payout: open };
      },
    };
    const outcome = await scenarios.run("reorg-across-expiry", { protocol, forks });
    expect(outcome.kind, told(outcome)).to.equal("held");
  });

  it("is documented with every id, the others included", () => {
    const text = readFileSync(new URL("../../docs/testing/scenarios.md", import.meta.url), "utf8");
    const ids = [...scenarios.ids, ...Object.keys(scenarios.notInCatalogue)];
    expect(ids.filter((id) => !text.includes(`\`${id}\``))).to.deep.equal([]);
    const needy = Object.values(CATALOGUE).filter(({ needs }) => needs.length > 0).length;
    const [shown, all] = [scenarios.ids.length, ids.length];
    expect(text).to.contain(`Of the ${all} scenarios a chain shows ${shown}: ${shown - needy} by \`open\` alone, and ${needy} with`); // prettier-ignore
    expect(text).to.contain(`has the other ${all - shown}, each with its reason`);
  });

  it("says of every other id why a chain does not show it", async () => {
    const { ids, notInCatalogue } = scenarios;
    expect(ids.filter((id) => id in notInCatalogue)).to.deep.equal([]);
    // The repository has the first two, of ledgers: the catalogue alone does not have them.
    const unknown = ["insolvent-total", "phantom-message", "no-such"].map((id) => [id, "The catalogue has no scenario of this id."]); // prettier-ignore
    for (const [id, reason] of [...Object.entries(notInCatalogue), ...unknown]) {
      const error = await rejected("INVALID_OPTION", scenarios.run(id as ScenarioId, { protocol: vault, forks }));
      expect(error.message).to.contain(`"${id}" cannot be run. ${reason}`);
    }
  });

  it("closes its chains, and passes on what the deployment throws", async () => {
    let made: HardhatChain | undefined;
    const protocol: Protocol<HardhatTools> = {
      async deploy(chain) {
        made = chain;
        throw new Error("out of funds");
      },
    };
    const error: unknown = await scenarios.run("beacon-7", { protocol, forks }).catch((thrown: unknown) => thrown);
    expect(String(error)).to.equal("Error: out of funds");
    const after: unknown = await made!.request({ method: "eth_blockNumber" }).catch(() => "closed");
    expect(after).to.equal("closed");
  });
});

describe("the reports of scenarios", () => {
  const OUTCOMES: readonly ScenarioOutcome[] = [
    { id: "a", title: "Good", incident: "", kind: "held", steps: [{ name: "x", expected: "accepted", holds: true, found: "it succeeded." }] },
    { id: "b", title: "A | <b> & \"c\"", incident: "", kind: "broken", steps: [
      { name: "an action", expected: "rejected by the guard", holds: false, found: "it never ran: a\u0000 <pipe> | \ud800 & more." },
      { name: "more", expected: "the same effect", holds: false, found: "it has\nanother." },
    ] },
    { id: "c", title: "Absent", incident: "", kind: "not shown", missing: "close", reason: "not shown: the protocol has no exit" },
    { id: "d", title: "Ended", incident: "", kind: "failed", error: "out of <funds> | & \"gas\"" },
  ]; // prettier-ignore

  it("are a table for a pull request, with what broke below", () => {
    expect(scenariosAsMarkdown(OUTCOMES)).to.equal(
      [
        "| scenario | what happens | outcome |",
        "| --- | --- | --- |",
        "| `a` | Good | held, 1 of 1 steps |",
        '| `b` | A \\| &lt;b> & "c" | broken, 0 of 2 steps |',
        "| `c` | Absent | not shown: the protocol has no exit |",
        '| `d` | Ended | failed: out of &lt;funds> \\| & "gas" |',
        "",
        "- `b`: Expected an action to be rejected by the guard, but it never ran: a\u0000 &lt;pipe> \\| \ud800 & more.",
        "- `b`: Expected more to be of the same effect, but it has another.",
        "",
      ].join("\n"),
    );
    expect(scenariosAsMarkdown(OUTCOMES.slice(0, 1)).split("\n")).to.have.lengthOf(4);
  });

  it("are a page that says what each step found, and obeys nothing that was found", () => {
    const page = scenariosAsPage(OUTCOMES, { name: "P & Q" });
    expect(page)
      .to.contain("<h1>P &#38; Q: 4 scenarios</h1>")
      .and.contain("<p>1 broken, 1 failed, 1 held, 1 not shown.</p>");
    expect(page).to.contain("<li>Expected x to be accepted, and it succeeded.</li>");
    expect(page).to.contain(
      '<li class="wrong">Expected an action to be rejected by the guard, but it never ran: a\\u0000 &#60;pipe&#62; | \\ud800 &#38; more.</li>',
    );
    expect(page)
      .to.contain('<section id="c" class="not-shown">')
      .and.contain("<p>not shown: the protocol has no exit</p>");
    expect(page).to.contain('<p class="wrong">out of &#60;funds&#62; | &#38; &#34;gas&#34;</p>');
    const elements = new Set([...page.matchAll(/<\/?([a-z0-9]+)/g)].map(([, name]) => name));
    const shown = ["html", "meta", "title", "style", "h1", "p", "nav", "a", "section", "h2", "b", "code", "ul", "li"];
    expect([...elements].sort()).to.deep.equal(shown.sort());
    expect(page).not.to.match(/https?:|src=|@import|url\(/);
  });

  it("are JUnit XML that any reader takes, whatever was found", () => {
    expect(scenariosAsJUnit(OUTCOMES, { name: "P & Q" })).to.equal(
      [
        '<?xml version="1.0" encoding="UTF-8"?>',
        "<testsuites>",
        '  <testsuite name="P &amp; Q" tests="4" failures="1" errors="1" skipped="1">',
        '    <testcase classname="P &amp; Q" name="a: Good"></testcase>',
        '    <testcase classname="P &amp; Q" name="b: A | &lt;b&gt; &amp; &quot;c&quot;"><failure message="an action">Expected an action to be rejected by the guard, but it never ran: a\ufffd &lt;pipe&gt; | \ufffd &amp; more.</failure><failure message="more">Expected more to be of the same effect, but it has\nanother.</failure></testcase>',
        '    <testcase classname="P &amp; Q" name="c: Absent"><skipped message="not shown: the protocol has no exit"/></testcase>',
        '    <testcase classname="P &amp; Q" name="d: Ended"><error message="out of &lt;funds&gt; | &amp; &quot;gas&quot;"/></testcase>',
        "  </testsuite>",
        "</testsuites>",
        "",
      ].join("\n"),
    );
  });
});
