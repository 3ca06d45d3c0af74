import { expect } from "chai";
import { ethers } from "ethers";
import { readFileSync } from "node:fs";

import type { StateAnchor } from "../../src/anchor/anchor.js";
import { CHAIN_PROFILES } from "../../src/policy/chains.js";
import { defineGuardConfig, scopeId } from "../../src/policy/config.js";
import { STANDARD_POLICY, packPolicy, unpackPolicy, type PolicyTable } from "../../src/policy/policy.js";
import { thrown } from "../helpers/errors.js";

const TIMES = { gap: 900, staleFor: 600, graceFor: 1_800, exitsFor: 86_400 };
const SCOPE = { chain: 1, minDepth: 2, maxAge: 64, ...TIMES } as const;

/** The faults of one scope on chain 1 that differs from a good one in some members. */
function faultsOf(change: object, chain: object = {}): [line: string, reason: string][] {
  const input = { chains: { 1: { keeperLatency: 60, ...chain } }, scopes: { "ETH-PERP": { ...SCOPE, ...change } } };
  const { details } = thrown("INVALID_CONFIG", () => defineGuardConfig(input as never));
  return details.faults.map(({ line, reason }) => [line, reason]);
}

describe("defineGuardConfig", () => {
  it("returns what the contract takes", () => {
    const { scopes } = defineGuardConfig({
      chains: { 1: { keeperLatency: 60 } },
      scopes: { exchange: SCOPE, "ETH-PERP": { ...SCOPE, parent: "exchange", policy: "own" } },
      policy: { own: STANDARD_POLICY },
    });
    expect(scopes["ETH-PERP"]).to.deep.include({
      id: ethers.encodeBytes32String("ETH-PERP"),
      parent: ethers.encodeBytes32String("exchange"),
      config: { policy: packPolicy(STANDARD_POLICY), ...TIMES, longestBlockTime: 24 },
    });
    expect(scopes.exchange.parent).to.equal(undefined);
    expect(scopeId("exchange")).to.equal(ethers.encodeBytes32String("exchange"));
  });

  it("is type-checked: names that are nowhere defined are errors before anything runs", () => {
    const chains = { 1: { keeperLatency: 60 } };
    // @ts-expect-error: no such chain
    thrown("INVALID_CONFIG", () => defineGuardConfig({ chains, scopes: { a: { ...SCOPE, chain: 2 } } }));
    // @ts-expect-error: no such parent
    thrown("INVALID_CONFIG", () => defineGuardConfig({ chains, scopes: { a: { ...SCOPE, parent: "b" } } }));
    // @ts-expect-error: no such policy
    thrown("INVALID_CONFIG", () => defineGuardConfig({ chains, scopes: { a: { ...SCOPE, policy: "toString" } } }));
  });

  it("refuses an anchor that may be older than the source of block hashes answers", () => {
    expect(faultsOf({ maxAge: 8_192 })).to.deep.equal([
      [
        'scopes["ETH-PERP"].maxAge',
        "8192 blocks is beyond the 8191 for which Ethereum's source of block hashes answers",
      ],
    ]);
    defineGuardConfig({ chains: { 1: { keeperLatency: 60 } }, scopes: { a: { ...SCOPE, maxAge: 8_191 } } });
  });

  it("refuses a window that ends before a keeper can act, in that chain's seconds", () => {
    // 2 + 5 blocks of 12 s are just enough for a minute.
    defineGuardConfig({ chains: { 1: { keeperLatency: 60 } }, scopes: { a: { ...SCOPE, maxAge: 7 } } });
    const [[line, reason]] = faultsOf({ maxAge: 6 }) as [[string, string]];
    expect(line).to.equal('scopes["ETH-PERP"].maxAge');
    expect(reason).to.contain("48 s").and.to.contain("60 s");
    // The same number of blocks on a chain of 2 s blocks is a sixth of the time.
    const onBase = { chains: { 8453: { keeperLatency: 60 } }, scopes: { a: { ...SCOPE, chain: 8453, maxAge: 7 } } };
    thrown("INVALID_CONFIG", () => defineGuardConfig(onBase as never));
  });

  it("refuses a policy that is not monotone, with its cell", () => {
    const policy: PolicyTable = { ...STANDARD_POLICY, Increase: ["Allow", "Deny", "Allow", "Deny", "Deny"] };
    const { details, message } = thrown("INVALID_CONFIG", () =>
      defineGuardConfig({ chains: { 1: { keeperLatency: 60 } }, scopes: { a: SCOPE }, policy: { odd: policy } }),
    );
    expect(details.faults).to.deep.equal([
      { line: 'policy["odd"].Increase, Stale', reason: "a worse status allows more than the one before it" },
    ]);
    expect(message).to.contain('policy["odd"].Increase, Stale');
  });

  it("refuses times that the contract refuses, and a gap that the chain's signal cannot show", () => {
    const rows: [object, string][] = [
      [{ gap: 95 }, "gap"],
      [{ gap: 86_401 }, "gap"],
      [{ staleFor: 0 }, "staleFor"],
      [{ graceFor: 4 * 3_600 + 1 }, "graceFor"],
      [{ exitsFor: 7 * 86_400 + 1 }, "exitsFor"],
      [{ gap: 900.5 }, "gap"],
      [{ minDepth: 0 }, "minDepth"],
      [{ minDepth: 65 }, "maxAge"],
    ];
    for (const [change, member] of rows)
      expect(
        faultsOf(change).map(([line]) => line),
        JSON.stringify(change),
      ).to.include(`scopes["ETH-PERP"].${member}`);
    const onOp = (gap: number, chain: object = {}) => ({
      chains: { 10: { keeperLatency: 20, ...chain } },
      scopes: { a: { ...SCOPE, chain: 10, gap } },
    });
    const reasonOf = (input: object): string =>
      thrown("INVALID_CONFIG", () => defineGuardConfig(input as never)).details.faults[0]!.reason;
    expect(reasonOf(onOp(1_800))).to.contain("never lags by more than 1800 s");
    // A quarter of the gap prolongs Stale, and must be more than a healthy lag.
    expect(reasonOf(onOp(720))).to.contain("lags by up to 180 s");
    expect(reasonOf(onOp(1_799, { originLag: 450 }))).to.contain("lags by up to 450 s");
    expect(reasonOf(onOp(1_799, { originLag: 0 }))).to.contain("a positive number");
    for (const input of [onOp(721), onOp(1_799)]) defineGuardConfig(input as never);
  });

  it("refuses chains that it does not know, or that would show gaps while they live", () => {
    const unknown = { chains: { 42161: { keeperLatency: 5 } }, scopes: { a: { ...SCOPE, chain: 42161 } } };
    const { details } = thrown("INVALID_CONFIG", () => defineGuardConfig(unknown as never));
    expect(details.faults.map(({ line }) => line)).to.deep.equal(["chains[42161]"]);
    expect(faultsOf({}, { longestBlockTime: 11 })).to.have.length(1);
    expect(faultsOf({}, { longestBlockTime: 256 })[0]![0]).to.equal("chains[1].longestBlockTime");
    expect(faultsOf({}, { keeperLatency: 0 })[0]![0]).to.equal("chains[1].keeperLatency");
  });

  it("refuses parents that are missing, circular, too many, or on another chain", () => {
    const scopes = (parents: Record<string, string | undefined>, chains: Record<string, number> = {}): string[] => {
      const all = Object.entries(parents).map(([name, parent]) => [
        name,
        { ...SCOPE, chain: chains[name] ?? 1, ...(parent === undefined ? {} : { parent }) },
      ]);
      const input = {
        chains: { 1: { keeperLatency: 60 }, 10: { keeperLatency: 60 } },
        scopes: Object.fromEntries(all),
      };
      const { details } = thrown("INVALID_CONFIG", () => defineGuardConfig(input as never));
      return details.faults.map(({ line, reason }) => `${line} ${reason}`);
    };
    expect(scopes({ a: "b" })[0]).to.equal('scopes["a"].parent there is no scope "b"');
    expect(scopes({ a: "b", b: "a" })[0]).to.contain("a circle");
    expect(scopes({ a: "b", b: "c", c: "d", d: "e", e: undefined })).to.deep.equal([
      'scopes["a"].parent it has more than 3 scopes above it',
    ]);
    expect(scopes({ a: "b", b: undefined }, { b: 10 })[0]).to.contain('"b" is on chain 10');
    defineGuardConfig({
      chains: { 1: { keeperLatency: 60 } },
      scopes: { a: { ...SCOPE, parent: "b" }, b: { ...SCOPE, parent: "c" }, c: { ...SCOPE, parent: "d" }, d: SCOPE },
    });
  });

  it("reports every fault at once", () => {
    expect(faultsOf({ maxAge: 9_000, gap: 1, graceFor: 0 }).map(([line]) => line)).to.deep.equal([
      'scopes["ETH-PERP"].maxAge',
      'scopes["ETH-PERP"].gap',
      'scopes["ETH-PERP"].graceFor',
    ]);
  });

  it("F28: reports the first fault of a line, and nothing that follows from it", () => {
    expect(faultsOf({ maxAge: 10, minDepth: 20 })).to.deep.equal([
      ['scopes["ETH-PERP"].maxAge', "no anchor is at least 20 and at most 10 blocks old"],
    ]);
    expect(faultsOf({ minDepth: 0 }).map(([line]) => line)).to.deep.equal(['scopes["ETH-PERP"].minDepth']);
    // Nothing is judged by a chain that is at fault itself.
    expect(faultsOf({ gap: 1 }, { longestBlockTime: 256 }).map(([line]) => line)).to.deep.equal([
      "chains[1].longestBlockTime",
    ]);
  });

  it("F22: refuses input of every shape, with a line for each fault", () => {
    const good = { chains: { 1: { keeperLatency: 60 } }, scopes: { a: SCOPE } };
    const linesOf = (input: unknown): string[] => {
      const { details, message } = thrown("INVALID_CONFIG", () => defineGuardConfig(input as never));
      for (const { line, reason } of details.faults) {
        expect(message).to.contain(`${line}: ${reason}`);
        expect(reason).not.to.match(/NaN (?:s|blocks)|undefined s/);
      }
      return details.faults.map(({ line }) => line);
    };
    const bare = Object.create(null) as object;
    for (const input of [undefined, null, 5, "x", [], () => good]) expect(linesOf(input)).to.include("the configuration"); // prettier-ignore
    expect(linesOf({})).to.deep.equal(["chains", "scopes"]);
    expect(linesOf({ ...good, policies: {} })).to.deep.equal(["policies"]);
    for (const nothing of [null, 5, "x", []]) {
      expect(linesOf({ ...good, chains: nothing })).to.include("chains");
      expect(linesOf({ ...good, scopes: nothing })).to.deep.equal(["scopes"]);
      expect(linesOf({ ...good, chains: { 1: nothing } })).to.deep.equal(["chains[1]"]);
      expect(linesOf({ ...good, scopes: { a: nothing, b: { ...SCOPE, parent: "a" } } })).to.deep.equal(['scopes["a"]']);
    }
    const rows: [string, unknown[]][] = [
      ["chain", [undefined, null, "1", 1.5, NaN, 2, bare]],
      ["parent", [null, 5, "b", "toString", bare]],
      ["policy", [null, 5, "own", "toString", bare]],
      ...["minDepth", "maxAge", "gap", "staleFor", "graceFor", "exitsFor"].map((member): [string, unknown[]] => [
        member,
        [undefined, null, "900", NaN, Infinity, -1, 1.5, 900n, [900], bare],
      ]),
    ];
    for (const [member, values] of rows)
      for (const value of values)
        expect(linesOf({ ...good, scopes: { a: { ...SCOPE, [member]: value } } })).to.deep.equal([`scopes["a"].${member}`]); // prettier-ignore
    const child = { ...SCOPE, parent: "a" };
    expect(linesOf({ ...good, scopes: { a: { ...SCOPE, chain: "1" }, child } })).to.deep.equal(['scopes["a"].chain']);
    expect(linesOf({ ...good, scopes: { a: { ...SCOPE, grace: 5 } } })).to.deep.equal(['scopes["a"].grace']);
    expect(linesOf({ ...good, scopes: { a: {} } })).to.have.length(7);
    for (const member of ["blockTime", "longestBlockTime", "hashWindow", "keeperLatency", "originLag", "name", "continuity"])
      for (const value of [null, "12", NaN, Infinity, -1, 0, bare].filter((value) => member !== "name" || value !== "12"))
        expect(linesOf({ ...good, chains: { 1: { keeperLatency: 60, [member]: value } } }), member).to.deep.equal([`chains[1].${member}`]); // prettier-ignore
    expect(linesOf({ ...good, chains: { 1: { keeperLatency: 60, latency: 5 } } })).to.deep.equal(["chains[1].latency"]);
    for (const id of ["0x1", "01", "1e0", "-1", "mainnet", "toString"])
      expect(linesOf({ ...good, chains: { ...good.chains, [id]: { keeperLatency: 60 } } })).to.deep.equal([`chains[${id}]`]); // prettier-ignore
    const tables = [null, [], {}, { ...STANDARD_POLICY, Fund: "Allow" }, { ...STANDARD_POLICY, Fund: ["Allow", "Maybe", "Deny", "Deny", "Deny"] }, { ...STANDARD_POLICY, Fnd: STANDARD_POLICY.Fund }]; // prettier-ignore
    for (const table of tables) for (const line of linesOf({ ...good, policy: { own: table } })) expect(line).to.match(/^policy\["own"\]/); // prettier-ignore
    expect(linesOf({ ...good, policy: { own: tables[4] } })).to.deep.equal(['policy["own"].Fund, Lagging']);
    for (const run of [
      () => packPolicy({} as PolicyTable),
      () => packPolicy(undefined as never),
      () => unpackPolicy(5 as never),
    ])
      // prettier-ignore
      thrown("INVALID_POLICY", run);
  });

  it("F22: takes what JSON can say, and neither more nor less", () => {
    const input = { chains: { 1: { keeperLatency: 60 } }, scopes: { a: { ...SCOPE, policy: "own" } }, policy: { own: STANDARD_POLICY } }; // prettier-ignore
    const parsed = JSON.parse(JSON.stringify(input)) as typeof input;
    expect(defineGuardConfig(parsed as never)).to.deep.equal(defineGuardConfig(input as never));
    const hostile = JSON.parse(
      '{"chains":{"1":{"keeperLatency":60},"__proto__":{}},"scopes":{"__proto__":null}}',
    ) as never;
    expect(thrown("INVALID_CONFIG", () => defineGuardConfig(hostile)).details.faults).to.have.length(2);
    expect(({} as { keeperLatency?: number }).keeperLatency).to.equal(undefined);
  });

  it("F22: gives no id to a name that is none", () => {
    expect(scopeId("x".repeat(31))).to.equal(ethers.encodeBytes32String("x".repeat(31)));
    for (const name of ["", "x".repeat(32), "x".repeat(38), "Ünï", "a\u0000", "a\n", undefined, 5]) {
      const { details } = thrown("INVALID_CONFIG", () => scopeId(name as string));
      expect(details.faults[0]!.reason).to.contain("1 to 31 characters of ASCII");
    }
  });

  it("F8: returns what Ignition takes as an argument", () => {
    type Argument = number | bigint | string | boolean | Argument[] | { [field: string]: Argument };
    const { scopes } = defineGuardConfig({ chains: { 1: { keeperLatency: 60 } }, scopes: { a: SCOPE } });
    const argument: Argument = scopes.a.config;
    expect(argument).to.equal(scopes.a.config);
    const anchor: StateAnchor = { number: 1n, hash: "0x01", stateRoot: "0x02" };
    const prepared: Argument = anchor;
    expect(prepared).to.equal(anchor);
  });

  it("knows the chains of NativeChains.sol, and no others", () => {
    const source = readFileSync("contracts/anchor/NativeChains.sol", "utf8");
    const listed = [...source.matchAll(/chainId == (\d+)/g)].map(([, id]) => id).sort();
    expect(Object.keys(CHAIN_PROFILES).sort()).to.deep.equal(listed);
  });
});
