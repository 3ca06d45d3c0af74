import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { Interface } from "ethers";
import { network } from "hardhat";

import { auditPage, escaped } from "../../packages/cli/src/auditPage.js";
import { connect } from "../../packages/cli/src/connect.js";
import type { AuditTrail } from "../../src/actions/auditTrail.js";
import type { Hex } from "../../src/core/bytes.js";
import type { Loopback } from "../../src/forks/index.js";
import { hardhatForks } from "../../src/hardhat/index.js";
import { hashCommitment } from "../../src/ledger/commitment.js";
import { preparedOnce } from "../../tools/forks.js";
import { LedgerWorld } from "../../tools/ledger/world.js";
import { scopeNamed } from "../../tools/policy/world.js";
import { ILedgerDesk__factory } from "../../typechain-types/index.js";
import { cli, ESCAPES, expectRefusal, OBEYED, unusable, type Run } from "./run.js";

const forks = hardhatForks(network);

describe("settlement-guard ledger and audit", () => {
  let world: LedgerWorld;
  let directory: string;
  let endpoints: Loopback[];
  preparedOnce(
    async () => ({ world: await LedgerWorld.create(await forks.create()) }),
    (prepared) => ({ world } = prepared),
  );
  before(() => (directory = mkdtempSync(join(tmpdir(), "ledger-cli-"))));
  beforeEach(async () => {
    world.reset();
    endpoints = [await world.chain.rpc().serve(), await world.chain.rpc().serve()];
  });
  afterEach(async () => {
    for (const endpoint of endpoints) await endpoint.close();
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  const place = (): string[] => ["--desk", world.at.desk, "--guard", world.at.guard, "--scope", "eth"];
  const run = (command: string, ...options: string[]): Promise<Run> =>
    cli([...command.split(" "), ...place(), "--rpc", endpoints[0]!.url, ...options]);

  async function contradict(): Promise<void> {
    const commitment = await world.next();
    const other = { ...commitment, validUntil: commitment.validUntil + 1n };
    await world.chain.mine();
    await world.desk.disputeEquivocation(await world.sign(commitment), await world.sign(other));
  }

  describe("ledger status", () => {
    it("exits with 0 while a ledger is sound, and says the same by one endpoint and by a quorum", async () => {
      const commitment = await world.commit();
      const one = await run("ledger status");
      expect([one.code, one.stderr]).to.deep.equal([0, ""]);
      expect(one.stdout).to.match(/^The ledger of scope "eth" is sound at block \d+/);
      expect(one.stdout).to.contain(`by the hash ${hashCommitment(commitment)}.`);
      expect(await run("ledger status", "--rpc", endpoints[1]!.url)).to.deep.equal(one);
      const environment = { SETTLEMENT_GUARD_RPC_URL: endpoints.map(({ url }) => url).join(" ") };
      expect(await cli(["ledger", "status", ...place()], { environment })).to.deep.equal(one);
    });

    it("exits with 1 where the ledger is contradicted, and prints the facts as JSON", async () => {
      await contradict();
      const { code, stdout, stderr } = await run("ledger status", "--json");
      expect([code, stderr]).to.deep.equal([1, ""]);
      const { state, record, healing, lines } = JSON.parse(stdout) as Record<string, unknown>;
      expect([state, lines]).to.deep.equal(["contradicted", undefined]);
      expect(healing).to.deep.include({ isDue: false });
      expect(record).to.deep.include({ isContradicted: true, sequence: "0", epoch: "1" });
    });

    it("exits with 1 where it is silent or retired", async () => {
      await world.chain.stall({ seconds: 150 * 86_400 });
      await world.chain.mine();
      const silent = await run("ledger status");
      expect([silent.code, silent.stdout.includes("is silent at")]).to.deep.equal([1, true]);
      await world.desk.retire(world.at.guard, scopeNamed("eth"));
      const retired = await run("ledger status");
      expect([retired.code, retired.stdout.includes("is retired at")]).to.deep.equal([1, true]);
    });

    it("exits with 1 where two endpoints disagree, and names neither", async () => {
      const fork = await forks.create();
      await fork.mine(Number(world.chain.head.number));
      const other = await fork.rpc().serve();
      const { code, stdout, stderr } = await run("ledger status", "--rpc", other.url);
      await other.close();
      await fork.close();
      expect([code, stdout]).to.deep.equal([1, ""]);
      expect(stderr)
        .to.match(/^settlement-guard: [^\n]+\n$/)
        .and.not.contain("127.0.0.1");
    });
  });

  describe("ledger heal", () => {
    it("prints the transaction that heals, once it can be healed; whoever sends it heals", async () => {
      const none = await run("ledger heal");
      expect([none.code, none.stdout.split("\n")[1]]).to.deep.equal([1, "There is nothing to heal."]);
      await contradict();
      const early = await run("ledger heal", "--json");
      expect(early.code).to.equal(1);
      const { healing, transaction } = JSON.parse(early.stdout) as {
        healing: { needed: string };
        transaction?: object;
      };
      expect(transaction).to.equal(undefined);
      for (let i = 0; i < Number(healing.needed); i++) await world.commit();
      const { healableFrom } = await world.desk.ledgerOf(world.at.guard, scopeNamed("eth"));
      const { timestamp } = (await world.chain.tools.ethers.provider.getBlock("latest"))!;
      await world.chain.passTime({ seconds: Number(BigInt.asUintN(40, healableFrom)) - timestamp });
      const due = await run("ledger heal");
      expect(due.code).to.equal(0);
      const [, to, data] = /\nto {3}(0x[\da-fA-F]{40})\ndata (0x[\da-f]+)\n$/.exec(due.stdout) ?? [];
      const desk = new Interface(ILedgerDesk__factory.abi);
      expect([to, data]).to.deep.equal([world.at.desk, desk.encodeFunctionData("heal", [world.at.guard, scopeNamed("eth")])]); // prettier-ignore
      await (await world.signer.sendTransaction({ to: to!, data: data! })).wait();
      expect((await run("ledger status")).code).to.equal(0);
    });
  });

  describe("audit", () => {
    it("lists every event in a line, and closes with what was found", async () => {
      const first = await world.commit();
      await world.commit();
      const { code, stdout, stderr } = await run("audit", "--rpc", endpoints[1]!.url);
      expect([code, stderr]).to.deep.equal([0, ""]);
      const lines = stdout.trimEnd().split("\n");
      expect(lines).to.have.length(6);
      expect(lines[3]).to.match(/^\d+ \d{4}-\d\d-\d\dT\S+Z LedgerCommitted: anchor canonical: epoch 1, sequence 1, /);
      expect(lines[3]).to.contain(`hash ${hashCommitment(first)}`);
      expect(lines[5]).to.match(/^5 events in blocks 0 to \d+ \(0x[\da-f]{64}\); 2 commitments: each follows/);
    });

    it("writes the same as JSON, and as a page that loads nothing and runs nothing", async () => {
      await world.commit();
      const page = join(directory, "trail.html");
      const { code, stdout } = await run("audit", "--json", "--page", page, "--from", "2");
      expect(code).to.equal(0);
      const trail = JSON.parse(stdout) as { from: string; isSound: boolean; events: { name: string }[] };
      expect([trail.from, trail.isSound, trail.events.length]).to.deep.equal(["2", true, 4]);
      const html = readFileSync(page, "utf8");
      for (const { name } of trail.events) expect(html).to.contain(`<td>${name}</td>`);
      expect(html.match(/<tr/g)).to.have.length(5);
      expect(html).to.contain("default-src 'none'");
      expect(html).not.to.match(/<script|<link|<img|<a |src=|href=|@import|url\(/);
    });

    it("exits with 1 where an anchor is not the chain's, and marks it on the page", async () => {
      const { number, hash } = (await world.anchor()).anchor;
      await world.commit({ anchor: { number, hash, stateRoot: hash } });
      const page = join(directory, "bad.html");
      const { code, stdout } = await run("audit", "--page", page);
      expect(code).to.equal(1);
      expect(stdout).to.match(/LedgerCommitted: anchor misstated: .*\n[^\n]*: not each of them follows [^\n]*\n$/);
      expect(readFileSync(page, "utf8").match(/<tr class="bad">/g)).to.have.length(1);
    });

    it("escapes whatever stands on the page", () => {
      const hostile = `<script>alert("x")</script>&'${ESCAPES}`;
      expect(escaped(`<a b="c" d='e'>&amp;`)).to.equal("&#60;a b=&#34;c&#34; d=&#39;e&#39;&#62;&#38;amp;");
      const block = { number: 1n, hash: "0x" as Hex, time: 2n ** 63n };
      const event = { name: hostile, facts: { [hostile]: hostile }, by: "desk", block, index: 0n, topics: [], data: "0x" } as const; // prettier-ignore
      const place = { desk: hostile as Hex, guard: hostile as Hex, scope: hostile as Hex };
      const trail: AuditTrail = { ...place, from: 0n, to: block, isSound: true, events: [{ ...event, transaction: hostile as Hex }] }; // prettier-ignore
      const html = auditPage(trail);
      expect(html).not.to.match(/<script|alert\("/);
      expect(html.match(/&#60;script&#62;/g)).to.have.length(7);
      expect(html.replaceAll("\n", "")).not.to.match(OBEYED);
    });
  });

  it("exits with 2 and one line with a hint where the input cannot be used", async () => {
    const rpc = ["--rpc", endpoints[0]!.url];
    const given = place();
    const without = (name: string, value: string): string[] => given.map((text, i) => (given[i - 1] === name ? value : text)); // prettier-ignore
    const refused: [string, string[], RegExp][] = [
      [
        "no address of a desk",
        ["ledger", "status", ...rpc, ...without("--desk", "0x12")],
        /--desk 0x12: cannot be used/,
      ],
      ["a guard's name", ["audit", ...rpc, ...without("--guard", "perps")], /--guard perps: cannot be used/],
      [
        "a scope that is too long",
        ["audit", ...rpc, ...without("--scope", "x".repeat(40))],
        /--scope x+: cannot be used/,
      ],
      ["no block", ["audit", ...rpc, ...given, "--from", "latest"], /--from latest: cannot be used/],
      ["one endpoint twice", ["ledger", "heal", ...rpc, ...rpc, ...given], /one endpoint is given twice/],
      ["no endpoint", ["ledger", "status", "--rpc", "localhost", ...given], /expected an http or https URL/],
      ["no file", ["audit", ...rpc, ...given, "--page", join(directory, "none", "page.html")], /no such file/],
    ];
    for (const [name, args, reason] of refused) expectRefusal(name, await cli(args), reason);
  });

  it("sends no header to several endpoints, and repeats none", async () => {
    const rpc = ["http://a.example", "http://b.example"];
    for (const environment of [{}, { SETTLEMENT_GUARD_RPC_HEADERS: "X-Key: s3cr3t-s3cr3t" }]) {
      const header = "SETTLEMENT_GUARD_RPC_HEADERS" in environment ? {} : { header: ["X-Key: s3cr3t-s3cr3t"] };
      const { message, details } = await unusable(() => connect({ rpc, ...header }, environment));
      expect(details.reason).to.equal("it would go to every endpoint");
      expect(message + details.hint).not.to.contain("s3cr3t");
    }
    expect(connect({ rpc, timeout: "7" }, {}).timeout).to.equal(21_000);
    expect(connect({ rpc: rpc.slice(0, 1), header: ["X-Key: s3cr3t"] }, {}).timeout).to.equal(30_000);
  });
});
