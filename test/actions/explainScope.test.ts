import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { expect } from "chai";
import { AbiCoder, encodeBytes32String, keccak256, toBeHex, type Signer } from "ethers";
import { network } from "hardhat";

import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { defineGuardConfig, explainScope, type Request } from "../../src/index.js";
import { PolicyTarget__factory, type PolicyTarget } from "../../typechain-types/index.js";
import { cli } from "../cli/run.js";
import { rejected } from "../../tools/errors.js";

const forks = hardhatForks(network);
const SPANS = { gap: 900, staleFor: 600, graceFor: 1_200, exitsFor: 3_600 };
const SCOPE = { chain: 31337, minDepth: 1, maxAge: 64, ...SPANS } as const;
// The target's scopes are paths: the parent is the path without its last part.
const { scopes } = defineGuardConfig({
  chains: { 31337: { keeperLatency: 60 } },
  scopes: { "x/eth": { ...SCOPE, parent: "x" }, x: { ...SCOPE, gap: 1_800 } },
});
const { id, config } = scopes["x/eth"];
const above = scopes.x;
const DIVERGED = 3;
const HALTED = 4;

describe("explainScope", () => {
  let chain: HardhatChain;
  let pauser: Signer;
  let configurator: Signer;
  let target: PolicyTarget;
  let guard: string;

  beforeEach(async () => {
    chain = await forks.create();
    let owner: Signer;
    [owner, pauser, configurator] = (await chain.tools.ethers.getSigners()) as Signer[] as [Signer, Signer, Signer];
    const roles = [await pauser.getAddress(), await configurator.getAddress()] as const;
    target = await new PolicyTarget__factory(owner).deploy(...roles);
    guard = await target.getAddress();
    await target.configure(above.id, above.config);
    await target.configure(id, config);
  });
  afterEach(() => chain.close());

  /** The date of a moment, as `Date` writes it. */
  const date = (seconds: number | bigint): string => `${seconds} (${new Date(Number(seconds) * 1_000).toISOString()})`;
  const blocks = (seconds: number): number => Math.floor((seconds * 1_000) / 13_500);

  it("says that a scope is in order, and what it and the scope above it are held to", async () => {
    const { status, exits, block, scopes: facts, lines } = await explainScope(chain.request, { guard, scope: "x/eth" });
    expect([status, exits, block.number]).to.deep.equal(["Synced", "Synced", chain.head.number]);
    expect(facts.map((it) => [it.id, it.config])).to.deep.equal([
      [id, config],
      [above.id, above.config],
    ]);
    const none = { stale: undefined, lagging: undefined, paused: undefined, exitsClosed: undefined };
    expect(facts[0]!.restrictions).to.deep.include({ ...none, exitsClosable: undefined, synced: undefined });
    expect(lines[0]).to.equal(
      `Scope "x/eth" is Synced at block ${block.number}, ${date(block.time)}; exits follow the policy's column of Synced.`,
    );
    expect(lines.filter((line) => !line.includes("not accounted for"))).to.have.length(1);
    expect(
      await explainScope(chain.request, { guard: guard.toUpperCase().replace("0X", "0x"), scope: id }),
    ).to.deep.equal(await explainScope(chain.request, { guard, scope: "x/eth" }));
  });

  it("F12: says until when an outage keeps a scope Stale and Lagging, and when it opens again", async () => {
    await chain.stall({ seconds: 1_000 });
    const receipt = (await (await target.poke(id)).wait())!;
    const { timestamp: time } = (await receipt.getBlock())!;
    const { status, lines, scopes: facts } = await explainScope(chain.request, { guard, scope: "x/eth" });
    expect(status).to.equal("Stale");
    const stale = { time: BigInt(time + 600), number: BigInt(receipt.blockNumber + blocks(600)) };
    const lagging = { time: BigInt(time + 1_800), number: BigInt(receipt.blockNumber + blocks(1_800)) };
    expect(facts[0]!.restrictions).to.deep.include({ stale, lagging, synced: lagging, paused: undefined });
    // The gap above is twice as long.
    expect(facts[1]!.restrictions.stale).to.equal(undefined);
    expect(lines).to.include.members([
      `"x/eth" is Stale until ${date(stale.time)} and block ${stale.number}.`,
      `"x/eth" is Lagging after that, until ${date(lagging.time)} and block ${lagging.number}.`,
      `"x/eth" is Synced again from ${date(lagging.time)} and block ${lagging.number} (${blocks(1_800)} blocks from now, ${blocks(1_800) * 12} s at their usual pace), if the chain lives and nothing else happens.`,
    ]);
    // What it says comes true.
    await chain.passTime({ seconds: 1_788 });
    expect((await explainScope(chain.request, { guard, scope: id })).status).to.equal("Lagging");
    await chain.passTime({ seconds: 12 });
    expect((await explainScope(chain.request, { guard, scope: id })).status).to.equal("Synced");
  });

  it("shows an outage that nobody has recorded as it would be if somebody did", async () => {
    await chain.stall({ seconds: 1_000 });
    await chain.mine();
    const { status, scopes: facts, lines, block } = await explainScope(chain.request, { guard, scope: "x/eth" });
    expect(status).to.equal("Stale");
    expect(facts[0]!.restrictions.stale!.time).to.equal(block.time + 600n);
    const { unaccounted } = facts[0]!.restrictions;
    expect(Number(unaccounted)).to.be.within(900, 1_000);
    expect(lines).to.include(`"x/eth": ${unaccounted} s of the gap of 900 s are not accounted for.`);
  });

  it("F12: names the open causes and their evidence, in the scope and above it, and what is closed for how long", async () => {
    const [feed, vault, other] = ["feed", "vault", "other"].map(encodeBytes32String) as [string, string, string];
    await target.raise(id, feed, DIVERGED, 1);
    await target.raise(id, other, DIVERGED, 1);
    await target.heal(id, other, 2);
    await target.raise(id, feed, DIVERGED, 3);
    const receipt = (await (await target.raise(above.id, vault, HALTED, 2)).wait())!;
    const { timestamp: time } = (await receipt.getBlock())!;
    const { status, exits, lines, scopes: facts } = await explainScope(chain.request, { guard, scope: "x/eth" });
    expect([status, exits]).to.deep.equal(["Halted", "Halted"]);
    expect(facts.map(({ causes, unnamedCauses }) => [causes, unnamedCauses])).to.deep.equal([
      [[{ id: feed, status: "Diverged", evidence: 3n }], 0],
      [[{ id: vault, status: "Halted", evidence: 2n }], 0],
    ]);
    const closed = `${date(time + 3_600)} and block ${receipt.blockNumber + blocks(3_600)}`;
    expect(lines).to.include.members([
      '"x/eth" is Diverged by cause "feed", by evidence of block 3. Newer evidence heals it.',
      '"x" is Halted by cause "vault", by evidence of block 2. Newer evidence heals it.',
      `"x": what the policy closes in Halted, exits included, is closed until ${closed}.`,
      `"x": no later cause closes exits again before ${date(time + 18_000)} and block ${receipt.blockNumber + blocks(18_000)}.`,
      '"x" is Synced again only after every cause is healed, and the time that follows a healing.',
    ]);
    expect(lines.join("\n")).not.to.contain("other");
    await chain.passTime({ seconds: 3_600 });
    expect(await explainScope(chain.request, { guard, scope: id })).to.include({ status: "Halted", exits: "Diverged" });
  });

  it("counts causes where the endpoint gives no logs, or only a few blocks of them", async () => {
    await target.raise(id, encodeBytes32String("old"), DIVERGED, 1);
    await chain.mine(1_001);
    await target.raise(id, encodeBytes32String("new"), DIVERGED, 1);
    const ranges: number[] = [];
    const limitedTo =
      (blocks: number): Request =>
      async (args) => {
        if (args.method !== "eth_getLogs") return chain.request(args);
        const [{ fromBlock, toBlock }] = args.params as [{ fromBlock: string; toBlock: string }];
        ranges.push(Number(toBlock) - Number(fromBlock));
        if (ranges.at(-1)! > blocks) throw new Error("query exceeds max block range");
        return chain.request(args);
      };
    const few = await explainScope(limitedTo(1_000), { guard, scope: id });
    expect(ranges).to.deep.equal([...Array.from({ length: 3 }, () => Number(chain.head.number)), 1_000]);
    expect(few.scopes[0]).to.deep.include({ unnamedCauses: 1 });
    expect(few.scopes[0]!.causes.map((cause) => cause.id)).to.deep.equal([encodeBytes32String("new")]);
    expect(few.lines).to.include(
      '"x/eth" has 1 open causes that are not named here (open in all: 2 for Diverged, 0 for Halted).',
    );
    const none = await explainScope(limitedTo(0), { guard, scope: id });
    expect(none.scopes[0]).to.deep.include({ causes: [], unnamedCauses: 2 });
    expect(none.status).to.equal("Diverged");
  });

  it("says who is paused until when, and which configuration waits", async () => {
    const paused = (await (await target.connect(pauser).pauseScope(id, 1, 700)).wait())!;
    const scheduled = (await (await target.connect(configurator).scheduleScope(above.id, above.config)).wait())!;
    const [pausedAt, scheduledAt] = [await paused.getBlock(), await scheduled.getBlock()].map(
      (it) => it!.timestamp,
    ) as [number, number];
    const { status, lines, scopes: facts } = await explainScope(chain.request, { guard, scope: "x/eth" });
    expect(status).to.equal("Lagging");
    const tuple = "tuple(uint48,bytes32,uint16,uint16,uint16,uint16,uint24,uint24,uint24,uint16,uint16)";
    const hash = keccak256(AbiCoder.defaultAbiCoder().encode([tuple], [Object.values(above.config)]));
    const delay = 2 * 86_400;
    const from = { time: BigInt(scheduledAt + delay), number: BigInt(scheduled.blockNumber + blocks(delay)) };
    const until = { time: from.time + BigInt(delay), number: from.number + BigInt(blocks(delay)) };
    expect(facts[1]!.announcement).to.deep.equal({ announced: hash, readyFrom: from, readyUntil: until });
    expect(facts[0]!.announcement).to.equal(undefined);
    expect(lines).to.include.members([
      `"x/eth" is paused until ${date(pausedAt + 700)}. Nobody can end a pause earlier.`,
      `"x": the configuration with the hash ${hash} waits. Anybody may apply it from ${date(from.time)} and block ${from.number} until ${date(until.time)} and block ${until.number}.`,
    ]);
  });

  it("refuses what is no guard and no scope, and says where a scope has no configuration", async () => {
    const unknown = await explainScope(chain.request, { guard, scope: "nothing" });
    expect(unknown).to.include({ status: "Halted", exits: "Halted" });
    expect(unknown.lines[1]).to.equal('"nothing" has no configuration, and without one nothing is allowed.');
    const { details } = await rejected(
      "INVALID_RESPONSE",
      explainScope(chain.request, { guard: toBeHex(0xdead, 20), scope: "x" }),
    );
    expect(details.reason).to.contain("there is no guard at 0x000000000000000000000000000000000000dead");
    await rejected("INVALID_HEX", explainScope(chain.request, { guard: "0x12", scope: "x" }));
    await rejected("INVALID_CONFIG", explainScope(chain.request, { guard, scope: "" }));
    await rejected("INVALID_OPTION", explainScope(chain.request, { guard, scope: "x", depth: 1 } as never));
    await rejected("INVALID_CONNECTION", explainScope("http://x" as never, { guard, scope: "x" }));
    const odd: Request = (args) =>
      args.method === "eth_call" ? Promise.resolve(`0x${"ff".repeat(64)}`) : chain.request(args);
    await rejected("INVALID_HEX", explainScope(odd, { guard, scope: "x" }));
  });

  it("is the command line's status, whose exit code tells whether anything restricts the scope", async function () {
    const server = createServer((incoming, response) => {
      void (async () => {
        const pieces: Buffer[] = [];
        for await (const piece of incoming) pieces.push(piece as Buffer);
        const { id, ...args } = JSON.parse(Buffer.concat(pieces).toString()) as { id: number; method: string };
        response.end(JSON.stringify({ jsonrpc: "2.0", id, result: await chain.request(args) }));
      })();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const rpc = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const status = (...more: string[]) => cli(["status", "--rpc", rpc, "--guard", guard, ...more]);
    try {
      const good = await status("--scope", "x/eth");
      expect([good.code, good.stderr]).to.deep.equal([0, ""]);
      expect(good.stdout).to.match(/^Scope "x\/eth" is Synced at block /);
      await target.raise(id, encodeBytes32String("feed"), DIVERGED, 1);
      const bad = await status("--scope", id, "--json");
      expect(bad.code).to.equal(1);
      const printed = JSON.parse(bad.stdout) as { status: string; scopes: { causes: object[] }[] };
      expect(printed.status).to.equal("Diverged");
      expect(printed.scopes[0]!.causes).to.deep.equal([
        { id: encodeBytes32String("feed"), status: "Diverged", evidence: "1" },
      ]);
      for (const [args, reason] of [
        [["--scope", "x".repeat(32)], /--scope x+: cannot be used; expected 1 to 31 characters/],
        [["--scope", "x", "--guard", "0x12"], /--guard 0x12: cannot be used; expected 20 bytes/],
        [[], /--scope/],
      ] as const) {
        const refused = await status(...args);
        expect([refused.code, refused.stdout]).to.deep.equal([2, ""]);
        expect(refused.stderr).to.match(reason);
      }
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
