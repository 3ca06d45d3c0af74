import { expect } from "chai";
import { ethers } from "ethers";
import { network } from "hardhat";
import { readFileSync } from "node:fs";

import type { StateAnchor } from "../../src/anchor/anchor.js";
import { explain } from "../../src/explain/explain.js";
import { BOUNDS } from "../../src/policy/bounds.js";
import { CHAINS } from "../../src/anchor/chains.js";
import { CONTINUITIES } from "../../src/anchor/continuity.js";
import { CHAIN_PROFILES, demandsOf } from "../../src/policy/chains.js";
import { defineGuardConfig, hiddenOutages, scopeId, type ScopeConfig } from "../../src/policy/config.js";
import { STANDARD_POLICY, packPolicy, unpackPolicy, type PolicyTable } from "../../src/policy/policy.js";
import { thrown } from "../../tools/errors.js";
import { announced } from "../../tools/random.js";

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
    const numbers = {
      minDepth: 2,
      maxAge: 64,
      keeperLatency: 60,
      ...TIMES,
      blockTime: 12_000,
      longestBlockTime: 13_500,
    };
    expect(scopes["ETH-PERP"]).to.deep.include({
      id: ethers.encodeBytes32String("ETH-PERP"),
      config: { policy: packPolicy(STANDARD_POLICY), parent: ethers.encodeBytes32String("exchange"), ...numbers },
    });
    expect(scopes.exchange.config.parent).to.equal(ethers.ZeroHash);
    expect(scopeId("exchange")).to.equal(ethers.encodeBytes32String("exchange"));
  });

  it("is the contract's struct, member by member in its order", () => {
    const source = readFileSync("contracts/policy/Scopes.sol", "utf8");
    const [, struct] = /struct ScopeConfig \{(.*?)\}/s.exec(source)!;
    const members = [...struct!.matchAll(/\w+ (\w+);/g)].map(([, name]) => name);
    const { scopes } = defineGuardConfig({ chains: { 1: { keeperLatency: 60 } }, scopes: { a: SCOPE } });
    expect(Object.keys(scopes.a.config)).to.deep.equal(members);
  });

  it("brings each number and name of a scope and its chain to the contract, and each alone", () => {
    const configOf = (scope: object, chain: object = {}): ScopeConfig => {
      const scopes = { a: { ...SCOPE, ...scope }, b: SCOPE };
      const policy = { own: { ...STANDARD_POLICY, Fund: ["Allow", "Deny", "Deny", "Deny", "Deny"] } };
      const input = { chains: { 1: { keeperLatency: 60, ...chain } }, scopes, policy };
      return defineGuardConfig(input as never as { chains: Record<1, never>; scopes: Record<"a", never> }).scopes.a
        .config;
    };
    const usual = configOf({});
    const rows: [member: keyof ScopeConfig, value: unknown, scope: object, chain?: object][] = [
      ["policy", 0xb62a4926d492n, { policy: "own" }],
      ["parent", ethers.encodeBytes32String("b"), { parent: "b" }],
      ["minDepth", 3, { minDepth: 3 }],
      ["maxAge", 65, { maxAge: 65 }],
      ["keeperLatency", 61, {}, { keeperLatency: 61 }],
      ["keeperLatency", 45, { keeperLatency: 45 }],
      ["gap", 901, { gap: 901 }],
      ["staleFor", 601, { staleFor: 601 }],
      ["graceFor", 1_801, { graceFor: 1_801 }],
      ["exitsFor", 86_401, { exitsFor: 86_401 }],
      ["blockTime", 11_000, {}, { blockTime: 11_000 }],
      ["longestBlockTime", 13_000, {}, { longestBlockTime: 13_000 }],
    ];
    for (const [member, value, scope, chain] of rows)
      expect(configOf(scope, chain), member).to.deep.equal({ ...usual, [member]: value });
  });

  it("A11: says how long an outage stays hidden, after how quiet a time", () => {
    // A block of 12 s accounts for 13.5 s: an eighth of the quiet time is slack.
    const { scopes } = defineGuardConfig({
      chains: { 1: { keeperLatency: 60 }, 10: { keeperLatency: 60 } },
      scopes: { a: SCOPE, b: { ...SCOPE, chain: 10, keeperLatency: 30 } },
    });
    expect(scopes.a.hidden).to.deep.equal({ busy: 929, hour: 1_350, day: 11_700, week: 76_500 });
    expect(scopes.b.hidden).to.deep.equal({ busy: 900, hour: 900, day: 900, week: 900 });
    const even = { gap: 96, blockTime: 12_000, longestBlockTime: 12_000 };
    expect(hiddenOutages(even, "block-times")).to.deep.equal({ busy: 96, hour: 96, day: 96, week: 96 });
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
      [{ gap: 107 }, "gap"], // 8 blocks of 13.5 s
      [{ gap: 7_201 }, "gap"],
      [{ staleFor: 53 }, "staleFor"], // 4 blocks of 13.5 s
      [{ staleFor: 86_401, exitsFor: 90_000 }, "staleFor"],
      [{ graceFor: 53 }, "graceFor"],
      [{ graceFor: 4 * 3_600 + 1 }, "graceFor"],
      [{ exitsFor: 7 * 86_400 + 1 }, "exitsFor"],
      [{ exitsFor: 599 }, "exitsFor"], // less than staleFor
      [{ gap: 900.5 }, "gap"],
      [{ minDepth: 0 }, "minDepth"],
      [{ minDepth: 65 }, "maxAge"],
    ];
    for (const [change, member] of rows)
      expect(
        faultsOf(change).map(([line]) => line),
        JSON.stringify(change),
      ).to.include(`scopes["ETH-PERP"].${member}`);
    for (const change of [
      { gap: 108 },
      { gap: 7_200 },
      { staleFor: 54 },
      { graceFor: 54 },
      { graceFor: 14_400 },
      { exitsFor: 600 },
      { exitsFor: 604_800 },
      { staleFor: 86_400 },
    ])
      defineGuardConfig({ chains: { 1: { keeperLatency: 60 } }, scopes: { a: { ...SCOPE, ...change } } });
    // Where blocks are fast, 30 s are the least.
    const fast = {
      name: "x",
      blockTime: 250,
      longestBlockTime: 300,
      hashWindow: 8_191,
      continuity: "arbitrum-clock",
      keeperLatency: 5,
    };
    const onFast = (gap: number) => ({ chains: { 42161: fast }, scopes: { a: { ...SCOPE, chain: 42161, gap } } });
    defineGuardConfig(onFast(30) as never);
    thrown("INVALID_CONFIG", () => defineGuardConfig(onFast(29) as never));
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
    expect(reasonOf(onOp(723))).to.contain("not an integer from 724 to 1799");
    for (const input of [onOp(724), onOp(1_799)]) defineGuardConfig(input as never);
  });

  it("refuses chains that it does not know, or that would show gaps while they live", () => {
    const unknown = { chains: { 42161: { keeperLatency: 5 } }, scopes: { a: { ...SCOPE, chain: 42161 } } };
    const { details } = thrown("INVALID_CONFIG", () => defineGuardConfig(unknown as never));
    expect(details.faults.map(({ line }) => line)).to.deep.equal(["chains[42161]"]);
    const refused: [object, string, RegExp][] = [
      [{ longestBlockTime: 12_599 }, "longestBlockTime", /would show gaps/],
      [{ longestBlockTime: 15_001 }, "longestBlockTime", /more than 15000 ms, 125 %/],
      [{ longestBlockTime: 12_000.5 }, "longestBlockTime", /whole number/],
      [{ blockTime: 12_001 }, "blockTime", /more than the 12000 ms of Ethereum/],
      [{ blockTime: 52_001 }, "blockTime", /at most 52000/],
      [{ continuity: "l1-origin", originLag: 180 }, "continuity", /shows outages by block-times/],
      [{ continuity: "on-demand" }, "continuity", /shows outages by block-times/],
      [{ keeperLatency: 0 }, "keeperLatency", /positive/],
      [{ keeperLatency: 1.5 }, "keeperLatency", /whole number of seconds/],
      [{ keeperLatency: 65_536 }, "keeperLatency", /at most|to 65535/],
    ];
    for (const [chain, member, reason] of refused) {
      const faults = faultsOf({}, chain);
      expect(faults, JSON.stringify(chain)).to.have.length(1);
      expect(faults[0]![0]).to.equal(`chains[1].${member}`);
      expect(faults[0]![1]).to.match(reason);
    }
    defineGuardConfig({ chains: { 1: { keeperLatency: 60, longestBlockTime: 15_000 } }, scopes: { a: SCOPE } });
    // Any contract may be tried on a development chain, and any pace.
    const trial = {
      keeperLatency: 60,
      continuity: "l1-origin",
      originLag: 180,
      blockTime: 24_000,
      longestBlockTime: 25_200,
    } as const;
    defineGuardConfig({ chains: { 31337: trial }, scopes: { a: { ...SCOPE, chain: 31337 } } });
    const slow = {
      ...trial,
      name: "Arbitrum One",
      hashWindow: 8_191,
      continuity: "arbitrum-clock",
      blockTime: 251,
      longestBlockTime: 300,
    } as const;
    const arbitrum = { chains: { 42161: slow }, scopes: { a: { ...SCOPE, chain: 42161, maxAge: 8_000 } } };
    expect(thrown("INVALID_CONFIG", () => defineGuardConfig(arbitrum as never)).details.faults[0]!.line).to.equal(
      "chains[42161].blockTime",
    );
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
    expect(faultsOf({ gap: 1 }, { longestBlockTime: 15_001 }).map(([line]) => line)).to.deep.equal([
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
      ["keeperLatency", [null, "900", NaN, Infinity, -1, 0, 1.5, 900n, [900], 65_536, bare]],
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

  it("knows the chains of NativeChains.sol, and no others, as the contract knows them", async () => {
    const { ethers } = await network.create();
    const native = await ethers.deployContract("NativeChainsHarness");
    const refused = CHAINS.filter(({ source }) => source === "refused").map(({ id }) => id);
    const listed = [];
    for (const id of [...CHAINS.map(({ id }) => id), 5, 324]) {
      const source = CHAINS.find((chain) => chain.id === id)?.source;
      expect(await native.contains(id), String(id)).to.equal(source === "native");
      expect(await native.isArbitrum(id), String(id)).to.equal(source === "arbitrum");
      if (await native.contains(id)) listed.push(id);
      const [continuity, blockTime] = [Number(await native.continuityOf(id)), Number(await native.blockTimeOf(id))];
      // Unlisted is the contract's first.
      const word = CONTINUITIES[continuity - 1];
      expect(CHAIN_PROFILES[id]?.continuity ?? demandsOf(id)?.continuity, String(id)).to.equal(word);
      const demands = demandsOf(id);
      expect(demands?.blockTime ?? 0, String(id)).to.equal(blockTime);
      expect(demands?.continuity, String(id)).to.equal(word === "on-demand" ? undefined : word);
    }
    expect(Object.keys(CHAIN_PROFILES).map(Number).sort()).to.deep.equal(listed.sort());
    expect(refused).to.have.length(7);
    for (const id of refused) expect(await native.continuityOf(id), String(id)).to.equal(0n);
  });

  it("A11, SG-18: refuses what the contract refuses, and nothing else", async () => {
    const random = announced();
    const { ethers } = await network.create();
    const { ZeroAddress } = ethers;
    const targets = {
      "block-times": await ethers.deployContract("PolicyTarget", [ZeroAddress, ZeroAddress]),
      "l1-origin": await ethers.deployContract("L1PolicyTarget", [ZeroAddress, ZeroAddress]),
    } as const;
    const usual = { minDepth: 2, maxAge: 64, keeperLatency: 60, ...TIMES, blockTime: 12_000, longestBlockTime: 13_500 };
    const values: Record<keyof typeof usual, readonly number[]> = {
      minDepth: [1, 2, 63, 64],
      maxAge: [1, 2, 7, 8_191, 8_192],
      keeperLatency: [1, 60, 744, 745],
      gap: [29, 30, 107, 108, 119, 120, 723, 724, 1_799, 1_800, 7_200, 7_201],
      staleFor: [0, 1, 53, 54, 600, 86_400, 86_401],
      graceFor: [0, 1, 53, 54, 14_400, 14_401],
      exitsFor: [53, 54, 599, 600, 86_400, 604_800, 604_801],
      blockTime: [1, 250, 12_000, 13_500, 52_000, 52_001],
      longestBlockTime: [1, 312, 313, 12_000, 14_999, 15_000, 15_001, 65_000, 65_001],
    };
    const members = Object.keys(values) as (keyof typeof usual)[];
    const outcomes = { taken: 0, refused: 0 };
    for (let i = 0; i < 600; i++) {
      const continuity = random.pick(["block-times", "l1-origin"] as const);
      const all = { ...usual };
      for (let n = random.below(4); n > 0; n--) {
        const member = random.pick(members);
        all[member] = random.pick(values[member]);
      }
      const { blockTime, longestBlockTime, keeperLatency, ...scope } = all;
      const chain = { blockTime, longestBlockTime, keeperLatency, continuity, originLag: 180 };
      const input = { chains: { 31337: chain }, scopes: { a: { chain: 31337, ...scope } } } as const;
      const config = { policy: packPolicy(STANDARD_POLICY), parent: ethers.ZeroHash, ...all };
      const refusal = await targets[continuity].configure
        .staticCall(scopeId("a"), config)
        .then(() => undefined, explain);
      const text = JSON.stringify({ continuity, ...all });
      if (refusal === undefined) expect(defineGuardConfig(input).scopes.a.config, text).to.deep.equal(config);
      else {
        expect(refusal, text).to.match(/^ConfigOutOfBounds: /);
        thrown("INVALID_CONFIG", () => defineGuardConfig(input));
      }
      outcomes[refusal === undefined ? "taken" : "refused"]++;
    }
    expect(outcomes.taken).to.be.greaterThan(100);
    expect(outcomes.refused).to.be.greaterThan(100);
  });

  it("has the contract's bounds", () => {
    const source = readFileSync("contracts/policy/Bounds.sol", "utf8");
    const constants = [...source.matchAll(/constant (\w+) = ([\d_]+);/g)];
    const numbers = constants.map(([, name, value]): [string, number] => [name!, Number(value!.replaceAll("_", ""))]);
    expect(Object.fromEntries(numbers)).to.deep.equal(BOUNDS);
  });
});
