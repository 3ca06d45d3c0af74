import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";

import { expect } from "chai";
import { network } from "hardhat";

import { progressBar } from "../../packages/cli/src/progress.js";
import { reconcile, type FinishedChunk, type ReconcileReport } from "../../src/actions/reconcile.js";
import { toHex, type Hex } from "../../src/core/bytes.js";
import { Endpoint, type Loopback } from "../../src/forks/index.js";
import { hardhatForks } from "../../src/hardhat/index.js";
import { comparedPlace } from "../../src/ledger/rules.js";
import { LedgerTree, type LedgerEntry } from "../../src/ledger/tree.js";
import type { Request } from "../../src/rpc/request.js";
import { preparedOnce } from "../../tools/forks.js";
import { decimals, LedgerFiles } from "../../tools/ledger/files.js";
import { NOBODY, RULES, ZERO } from "../../tools/ledger/inputs.js";
import { LedgerWorld } from "../../tools/ledger/world.js";
import { addressOf } from "../../tools/nodes.js";
import { announced } from "../../tools/random.js";
import { cli, expectRefusal, type Run } from "./run.js";

const forks = hardhatForks(network);
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value, decimals));

describe("settlement-guard ledger reconcile", function () {
  let world: LedgerWorld;
  let directory: string;
  let files: LedgerFiles;
  let endpoint: Loopback;
  /** Slots that the endpoint was asked for. */
  let asked: Hex[];
  /** Is called before each answer, and may throw in its place. */
  let before: () => void;
  preparedOnce(
    async () => ({ world: await LedgerWorld.create(await forks.create()) }),
    (prepared) => ({ world } = prepared),
  );
  beforeEach(async () => {
    world.reset();
    directory = mkdtempSync(join(tmpdir(), "reconcile-cli-"));
    files = new LedgerFiles(directory, world);
    asked = [];
    before = () => undefined;
    const request: Request = async (args) => {
      if (args.method === "eth_getProof") asked.push(...(args.params?.[1] as Hex[]));
      before();
      return world.chain.request(args);
    };
    endpoint = await new Endpoint({ request }).serve();
  });
  afterEach(async () => {
    await endpoint.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const owner = (i: number): Hex => world.owners[i]!;
  const at = (name: string): string => join(directory, name);
  const run = (...options: string[]): Promise<Run> =>
    cli(["ledger", "reconcile", "--rpc", endpoint.url, ...files.compared(), ...options]);

  /** Three that differ: one value, one that is missing here, and the total. */
  async function diverge(): Promise<void> {
    world.tree.update([
      [world.keyOf(owner(3)), 104n],
      [world.keyOf(owner(6)), 0n],
    ]);
    await world.holder.setCustody(700n);
    await world.chain.mine();
  }

  describe("the report", () => {
    it("exits with 0 where nothing differs, and says at which block", async () => {
      await world.chain.mine();
      const { hash, number } = world.chain.head;
      const { code, stdout, stderr } = await run();
      expect([code, stderr]).to.deep.equal([0, ""]);
      expect(stdout).to.match(new RegExp(`^block +${number} ${hash}\nledger root +${world.tree.root}\n`));
      expect(stdout).to.match(/\nmatched +27\n(?:.*\n)*unread +0\n/);
    });

    it("exits with 1 where anything differs: as a table, as JSON and as a page, as the library says it", async () => {
      await diverge();
      const [json, page] = [at("report.json"), at("report.html")];
      const { code, stdout, stderr } = await run("--json", json, "--page", page, "--anchor", "depth:1");
      expect([code, stderr]).to.deep.equal([1, ""]);
      expect(stdout).to.match(new RegExp(`\nrule 0 +differs +${owner(3)} .* 104 +100 +4\n`));
      const { tree, book, owners } = world;
      const expected = await reconcile(world.chain.request, { anchor: { depth: 1 }, tree, book, owners });
      expect(expected.differences.length).to.equal(4);
      expect(JSON.parse(readFileSync(json, "utf8"))).to.deep.equal(plain(expected));
      const html = readFileSync(page, "utf8");
      expect(html.match(/<tr><td>/g)).to.have.length(4);
      expect(html).not.to.match(/<script|<link|<img|<a |src=|href=|@import|url\(/);
      const printed = await run("--json", "-", "--anchor", expected.anchor.hash);
      expect([printed.code, JSON.parse(printed.stdout)]).to.deep.equal([1, plain(expected)]);
      expect(existsSync(`${json}.part`) || existsSync(`${page}.part`)).to.equal(false);
    });

    it("exits with 1 where entries were compared with nothing, unless that is allowed", async () => {
      await world.chain.mine();
      const some = files.write("some.csv", `"owner"\n${world.owners.slice(2).join("\r\n")}`);
      const { code, stdout, stderr } = await run("--owners", some);
      expect(code).to.equal(1);
      expect(stdout).to.match(/\nunread +2\n/);
      expect(stderr).to.equal("settlement-guard: 2 of the ledger's entries were compared with nothing: look at --owners and --book\n"); // prettier-ignore
      expect((await run("--owners", some, "--allow-unread")).code).to.equal(0);
      const twice = files.write("twice.txt", [...world.owners, owner(0)].join("\n"));
      expect((await run("--owners", twice)).stderr).to.match(/an owner is listed twice/);
    });

    it("keeps what was there where the run fails, and prints nothing", async () => {
      const json = files.write("report.json", "before");
      before = () => {
        throw new TypeError("out of order");
      };
      const { code, stdout, stderr } = await run("--json", json);
      expect([code, stdout, readFileSync(json, "utf8")]).to.deep.equal([1, "", "before"]);
      expect(stderr).to.match(/^settlement-guard: [^\n]*out of order[^\n]*\n$/);
      expect(existsSync(`${json}.part`)).to.equal(false);
    });

    it("reads a ledger by owner, asset and kind as by keys, of a file or of the standard input", async () => {
      await world.chain.mine();
      const whose = world.owners.map((who) => `${who},USDC,balance,100`);
      const subjects = ["owner,asset,kind,value", ...whose, `${NOBODY},USDC,balance,800`].join("\n");
      const { code, stdout } = await run("--ledger", files.write("subjects.csv", subjects));
      expect([code, stdout]).to.deep.equal([0, (await run()).stdout]);
      const piped = ["ledger", "reconcile", "--rpc", endpoint.url, ...files.compared(), "--ledger", "-"];
      expect((await cli(piped, { input: subjects })).stdout).to.equal(stdout);
    });

    it("names a mirror's stranger by its slot among the candidates", async () => {
      await world.chain.mine();
      const whole = { asset: ZERO, kind: ZERO, holder: world.at.holder, slot: 0, member: 0, offset: 0, bits: 256 };
      const book = files.write("mirror.json", { version: "1", rules: [{ ...whole, derivation: "mirror", comparator: "==" }], codes: [] }); // prettier-ignore
      const slotOf = (who: Hex): Hex => comparedPlace(world.book.rules[RULES.balance]!, who).slot;
      const ledger = files.ledger(LedgerTree.from([[ZERO, 800n], ...world.owners.slice(1).map((who): LedgerEntry => [slotOf(who), 100n])])); // prettier-ignore
      const mirror = ["ledger", "reconcile", "--rpc", endpoint.url, "--ledger", ledger, "--book", book];
      expect((await cli(mirror)).stdout).to.match(/\nrule 0 +missing here +hash 0x[\da-f]+… /);
      const candidates = files.write("candidates.txt", slotOf(owner(0)));
      const named = await cli([...mirror, "--candidates", candidates]);
      expect(named.stdout).to.match(new RegExp(`\nrule 0 +missing here +${slotOf(owner(0))} .* 0 +100 +-100\n`));
      expectRefusal("owners of a mirror", await cli([...mirror, "--owners", files.owners()]), /--owners: it is of use where a rule/); // prettier-ignore
    });

    it("takes the memory of a ledger, and not of what differs: 60,000 differences, of which 10,000 are shown", async () => {
      await world.chain.mine();
      const count = 60_000;
      const owners = Array.from({ length: count }, (_, i) => toHex(addressOf(0x10_0000 + i)));
      const rules = [{ ...world.book.rules[RULES.balance]!, holder: toHex(addressOf(0xdead)) }];
      const book = files.write("nowhere.json", { ...world.book, rules, codes: [] });
      const lines = owners.map((who) => `${who},USDC,balance,7`);
      const ledger = files.write("large.csv", ["owner,asset,kind,value", ...lines, ""].join("\n"));
      const json = at("large.json");
      const args = ["--ledger", ledger, "--book", book, "--owners", files.owners(owners), "--json", json];
      const { code, stdout, stderr } = await cli(["ledger", "reconcile", "--rpc", endpoint.url, ...args], { heap: 64 });
      expect([code, stderr]).to.deep.equal([1, ""]);
      expect(stdout).to.match(/\nmissing there +60000\n(?:.*\n)*not listed here +50000\n/);
      expect(stdout.match(/\nrule 0 /g)).to.have.length(10_000);
      const report = JSON.parse(readFileSync(json, "utf8")) as ReconcileReport;
      expect(report.differences.map((difference) => difference.owner)).to.deep.equal(owners);
    });
  });

  describe("a checkpoint", () => {
    const many = Array.from({ length: 150 }, (_, i) => toHex(addressOf(0x1000 + i)));
    const chunking = ["--chunk-size", "3", "--checkpoint"];
    const path = (): string => at("checkpoint");
    const resumable = (...options: string[]): string[] => [
      ...["ledger", "reconcile", "--rpc", endpoint.url, ...files.compared(many), "--json", "-", ...chunking, path()],
      ...options,
    ];
    const lines = (): string[] => (existsSync(path()) ? readFileSync(path(), "utf8").split("\n").slice(0, -1) : []);
    const chunks = (): FinishedChunk[] => lines().map((line) => (JSON.parse(line) as { chunk: FinishedChunk }).chunk);

    async function fund(): Promise<void> {
      await world.holder.setBalances(many, many.map((_, i) => BigInt(i % 4))); // prettier-ignore
      world.tree.update(many.map((who, i): LedgerEntry => [world.keyOf(who), BigInt(i % 3)]));
      await world.chain.mine();
    }
    /** Ends a run by an endpoint that fails, after so many requests. */
    async function broken(requests: number): Promise<void> {
      let left = requests;
      before = () => {
        if (left-- <= 0) throw new TypeError("out of order");
      };
      expect((await cli(resumable())).code).to.equal(1);
      before = () => undefined;
      asked = [];
    }
    /** Slots of owners whose chunk is finished. */
    function finishedSlots(): Set<Hex> {
      const owners = chunks().flatMap(({ chunk }) => (chunk === 0 ? [] : many.slice(3 * (chunk - 1), 3 * chunk)));
      const rules = world.book.rules.filter(({ derivation }) => derivation !== "fixed");
      return new Set(owners.flatMap((who) => rules.map((rule) => comparedPlace(rule, who).slot)));
    }

    it("killed ten times at random points, asks for no finished chunk again, and ends with the same report", async () => {
      await fund();
      const draw = announced();
      const plainly = await cli([...resumable().slice(0, -2)]);
      expect([plainly.code, asked.length > 450]).to.deep.equal([1, true]);
      let kills = 0;
      for (;;) {
        const finished = finishedSlots();
        // The head moves on. What a tag names then is another block, and what is resumed is not.
        if (lines().length > 0) await world.chain.mine();
        asked = [];
        let child: ChildProcess | undefined;
        let left = kills < 10 ? 3 + draw.below(7) : Infinity;
        before = () => {
          if (left-- === 0) setTimeout(() => child?.kill("SIGKILL"), draw.below(8));
        };
        const { code, stdout } = await cli(resumable(), { onStart: (started) => (child = started) });
        expect(asked.filter((slot) => finished.has(slot)), `seed ${draw.seed}, after ${kills} kills`).to.deep.equal([]); // prettier-ignore
        if (code === null) {
          expect(stdout).not.to.contain('"counts"');
          kills++;
          continue;
        }
        expect([code, stdout], `seed ${draw.seed}`).to.deep.equal([1, plainly.stdout]);
        expect(kills).to.equal(10);
        expect(finished.size).to.be.greaterThan(0);
        break;
      }
      expect(existsSync(path())).to.equal(false);
    });

    it("loses the last line where it was torn, and nothing else", async () => {
      await fund();
      const whole = await cli(resumable());
      await broken(12);
      const kept = readFileSync(path(), "utf8");
      const count = lines().length;
      const torn = lines().at(-1)!;
      for (const length of [0, 1, 5, 40, torn.length]) {
        writeFileSync(path(), kept + torn.slice(0, length));
        await broken(0);
        expect(readFileSync(path(), "utf8")).to.equal(kept);
      }
      asked = [];
      const finished = finishedSlots();
      expect((await cli(resumable())).stdout).to.equal(whole.stdout);
      expect([count > 2, asked.some((slot) => finished.has(slot))]).to.deep.equal([true, false]);
    });

    it("is refused, and stays as it is, where a line before the last is damaged, or it is another file", async () => {
      await fund();
      await broken(12);
      const kept = readFileSync(path(), "utf8");
      const digit = kept.indexOf('"matched":') + 10;
      const damaged: [string, string, RegExp][] = [
        ["a digit", `${kept.slice(0, digit)}9${kept.slice(digit + 1)}`, /checkpoint: line 1: it is no chunk that `ledger reconcile` wrote, or damaged; remove/], // prettier-ignore
        ["a line", kept.replace("\n", "\n\n"), /checkpoint: line 2: /],
        ["a start that is cut off", kept.slice(7), /checkpoint: line 1: /],
        ["another file of one line", "precious", /checkpoint: line 1: /],
        ["another file", readFileSync(files.book(), "utf8"), /checkpoint: line 1: /],
      ];
      for (const [name, content, reason] of damaged) {
        writeFileSync(path(), content);
        expectRefusal(name, await cli(resumable()), reason);
        expect(readFileSync(path(), "utf8")).to.equal(content);
      }
    });

    it("is refused where it is of another ledger, book, list of owners, chunks or block", async () => {
      await fund();
      await broken(12);
      const tree = LedgerTree.from(world.tree.entries());
      tree.update([[world.keyOf(owner(0)), 3n]]);
      const head = world.chain.head;
      await world.chain.mine();
      const other: [string, string[], RegExp][] = [
        ["ledger", ["--ledger", files.write("other.csv", `key,value\n${[...tree.entries()].map((entry) => entry.join()).join("\n")}`)], /its ledgerRoot is/], // prettier-ignore
        ["book", ["--book", files.write("other.json", { ...world.book, version: "2" })], /its rules is/],
        ["owners", ["--owners", files.write("reversed.txt", many.toReversed().join("\n"))], /its owners is/],
        ["chunks", ["--chunk-size", "4"], /its owners is/],
        ["hash", ["--anchor", world.chain.head.hash], /its anchor is/],
        ["number", ["--anchor", String(world.chain.head.number)], /--checkpoint: it is of another block/],
      ];
      const kept = readFileSync(path(), "utf8");
      for (const [name, options, reason] of other) {
        const { code, stderr } = await cli(resumable(...options));
        expect(code, name).to.equal(2);
        const [resuming, refusal] = stderr.split("\n");
        expect(resuming).to.equal(`settlement-guard: resuming at block ${head.hash}`);
        expect(refusal, name)
          .to.match(reason)
          .and.match(/; repeat the command/);
        expect(readFileSync(path(), "utf8")).to.equal(kept);
      }
      const whole = await cli(resumable("--anchor", String(head.number)));
      expect((JSON.parse(whole.stdout) as { anchor: object }).anchor).to.include({ hash: head.hash });
    });
  });

  it("exits with 2, one line and a hint where the input cannot be used", async () => {
    const row = `${owner(0)},USDC,balance,1`;
    const twice = files.write("twice.csv", `owner,asset,kind,value\n${row}\n${row}`);
    const refused: [string, string[], RegExp][] = [
      ["a ledger", ["--ledger", twice], /twice.csv: line 3: its key came before; the first line names the columns/],
      ["owners", ["--owners", files.write("few.txt", `${owner(0)}\nKEY=1`)], /few.txt: line 2: owner is not 20 bytes/],
      ["a book", ["--book", files.signers()], /signers.json: the book has no member version; expected \{ version/],
      ["one input for two files", ["--owners", "-", "--ledger", "-"], /it is given for two files/],
      ["no anchor", ["--anchor", "depth:0"], /--anchor depth:0: cannot be used; expected latest/],
      ["no chunk", ["--chunk-size", "0"], /--chunk-size 0: cannot be used/],
      ["no room for JSON", ["--json", at("none/report.json")], /--json .*none\/report.json: no such file/],
      ["no room for a page", ["--json", at("x.json"), "--page", at("none/page.html")], /--page .*: no such file/],
      ["no room for a checkpoint", ["--checkpoint", directory], /--checkpoint .*: illegal operation on a directory/],
    ];
    for (const [name, options, reason] of refused) expectRefusal(name, await run(...options), reason);
    expect(existsSync(at("x.json.part"))).to.equal(false);
    const without = ["ledger", "reconcile", "--rpc", endpoint.url, "--ledger", files.ledger(), "--book", files.book()];
    expectRefusal("owners left out", await cli(without), /--owners: it is missing, and a rule of the book is by owner/);
  });

  it("shows a bar on a terminal alone, and takes it away", () => {
    const written = (isTTY: boolean): string => {
      const stream = Object.assign(new PassThrough(), { isTTY, columns: 80 });
      const bar = progressBar(200, stream);
      bar.update(50, 7);
      bar.end();
      return String(stream.read() ?? "");
    };
    expect(written(true)).to.match(/#+\.+\] 25% of the owners, 7 slots/);
    expect(written(true)).to.match(/\u001b\[2?K|\u001b\[0K/); // oxlint-disable-line no-control-regex
    expect(written(false)).to.equal("");
    expect(() => progressBar(undefined).update(1, 1)).not.to.throw();
  });
});
