import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { network } from "hardhat";

import { toWord, type Hex } from "../../src/core/bytes.js";
import type { Loopback } from "../../src/forks/index.js";
import { hardhatForks } from "../../src/hardhat/index.js";
import { commitmentDigest, hashCommitment, type Commitment } from "../../src/ledger/commitment.js";
import { hashRules } from "../../src/ledger/rules.js";
import { LedgerTree } from "../../src/ledger/tree.js";
import { preparedOnce } from "../../tools/forks.js";
import { LedgerFiles } from "../../tools/ledger/files.js";
import { ZERO } from "../../tools/ledger/inputs.js";
import { LedgerWorld } from "../../tools/ledger/world.js";
import { STATUS } from "../../tools/policy/world.js";
import { cli, expectRefusal, type Run } from "./run.js";

const forks = hardhatForks(network);

interface Dispute {
  to: string;
  data: Hex;
  isAccepted: boolean;
  refusal?: string;
  difference: { of: string; rule?: number; owner?: Hex; here: string; there: string };
}

describe("settlement-guard ledger prove-desync", function () {
  let world: LedgerWorld;
  let directory: string;
  let files: LedgerFiles;
  let endpoint: Loopback;
  preparedOnce(
    async () => ({ world: await LedgerWorld.create(await forks.create()) }),
    (prepared) => ({ world } = prepared),
  );
  beforeEach(async () => {
    world.reset();
    directory = mkdtempSync(join(tmpdir(), "desync-cli-"));
    files = new LedgerFiles(directory, world);
    endpoint = await world.chain.rpc().serve();
  });
  afterEach(async () => {
    await endpoint.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const owner = (i: number): Hex => world.owners[i]!;
  const place = (): string[] => ["--desk", world.at.desk, "--guard", world.at.guard, "--scope", "eth"];
  const prove = (...options: string[]): Promise<Run> =>
    cli(["ledger", "prove-desync", ...place(), "--rpc", endpoint.url, ...files.compared(), ...options]);

  function disputesIn({ code, stdout }: Run): Dispute[] {
    expect(code).to.equal(1);
    return (JSON.parse(stdout) as { disputes: Dispute[] }).disputes;
  }

  /** As a stranger sends it; what it did is undone. */
  async function expectStops({ to, data }: Dispute): Promise<void> {
    const snapshot = await world.chain.request({ method: "evm_snapshot" });
    expect(await world.statusOf()).not.to.equal(STATUS.Diverged);
    const stranger = (await world.chain.tools.ethers.getSigners())[7]!;
    await (await stranger.sendTransaction({ to, data })).wait();
    expect(await world.statusOf()).to.equal(STATUS.Diverged);
    await world.chain.request({ method: "evm_revert", params: [snapshot] });
  }

  /** What `ledger commit` prints, of one who signed. */
  async function printed(name: string, commitment: Commitment, signer?: number): Promise<string> {
    const { desk } = world.at;
    const file = { desk, commitment, digest: commitmentDigest(desk, commitment) };
    if (signer === undefined) return files.write(name, file);
    const wallet = world.wallets[signer]!;
    const { signatures } = await world.sign(commitment, [wallet]);
    return files.write(name, { ...file, signer: wallet.address, signature: signatures[signer] });
  }

  /** A balance that is too high, custody that is too low, and a slot that is not what was agreed. */
  async function diverge(): Promise<void> {
    world.tree.update([[world.keyOf(owner(1)), 101n]]);
    await world.holder.setCustody(700n);
  }

  it("exits with 0 where the newest commitment agrees, and prints no dispute", async () => {
    const commitment = await world.commit();
    const { code, stdout, stderr } = await prove();
    expect([code, stderr]).to.deep.equal([0, ""]);
    const { number, hash } = commitment.anchor;
    expect(JSON.parse(stdout)).to.deep.include({ commitment: hashCommitment(commitment), disputes: [] });
    expect((JSON.parse(stdout) as { anchor: object }).anchor).to.include({ number: String(number), hash });
  });

  it("prints disputes, each of which stops the scope, by whoever sends it", async () => {
    await diverge();
    await world.commit();
    const disputes = disputesIn(await prove("--first", "9"));
    const shown = disputes.map(({ difference }) => `${difference.of} ${difference.rule}`);
    expect(shown.sort()).to.deep.equal(["code 1", "rule 0", "rule 3"]);
    for (const dispute of disputes) {
      expect(dispute).to.include({ to: world.at.desk.toLowerCase(), isAccepted: true });
      await expectStops(dispute);
    }
    expect(disputesIn(await prove())).to.deep.equal(disputes.slice(0, 1));
    expect(disputesIn(await prove("--first", "2"))).to.deep.equal(disputes.slice(0, 2));
  });

  it("disputes an older commitment with those that were relayed after it", async () => {
    await diverge();
    const older = await world.commit();
    await world.commit();
    const path = await printed("older.json", older);
    const [dispute, ...others] = disputesIn(await prove("--commitment", path));
    expect([others.length, dispute!.isAccepted]).to.deep.equal([0, true]);
    await expectStops(dispute!);
  });

  it("disputes what was signed and not relayed, by the files of those who signed", async () => {
    await diverge();
    const commitment = await world.next();
    const signed = [await printed("bob.json", commitment, 1), await printed("alice.json", commitment, 0)];
    const given = signed.flatMap((path) => ["--commitment", path]);
    const [dispute] = disputesIn(await prove(...given, "--signers", files.signers()));
    await expectStops(dispute!);
    expectRefusal("none on record", await prove(), /--commitment: none is on record; give one/);
    expectRefusal("no signers", await prove(...given), /--commitment: it is not on record; give --signers/);
    expectRefusal("too few", await prove(...given.slice(2), "--signers", files.signers()), /1 signed, and 2 must/);
  });

  it("disputes the anchor alone where the chain has another block there, or the block another state root", async () => {
    await diverge();
    const { anchor } = await world.anchor();
    const other = toWord(5n);
    const wrongRoot = await world.commit({ anchor: { ...anchor, stateRoot: other } });
    const [byRoot, ...more] = disputesIn(await prove());
    expect(more).to.deep.equal([]);
    expect(byRoot!.difference).to.deep.equal({ of: "state root", here: other, there: anchor.stateRoot });
    await expectStops(byRoot!);
    await world.commit();
    const path = await printed("root.json", wrongRoot);
    await expectStops(disputesIn(await prove("--commitment", path))[0]!);

    const mismatch = await world.next({ anchor: { ...anchor, hash: other } });
    const given = await Promise.all([0, 1].map((i) => printed(`${i}.json`, mismatch, i)));
    const [byHash] = disputesIn(await prove(...given.flatMap((file) => ["--commitment", file]), "--signers", files.signers())); // prettier-ignore
    expect(byHash!.difference).to.deep.equal({ of: "block hash", here: other, there: anchor.hash });
    expect(byHash!.isAccepted).to.equal(true);
    await expectStops(byHash!);
  });

  it("disputes a mirror by a slot, and says of a stranger that no dispute shows it", async () => {
    const { book, slots } = await world.enterMirror();
    const [, lost] = slots;
    world.tree.update([[lost!, 0n]]);
    await world.commit({ rules: hashRules(book) });
    const mirror = ["ledger", "prove-desync", ...place(), "--rpc", endpoint.url, "--ledger", files.ledger(), "--book", files.write("mirror.json", book)]; // prettier-ignore
    const stranger = await cli(mirror);
    expect(disputesIn(stranger)).to.deep.equal([]);
    expect(stranger.stderr).to.match(/^settlement-guard: no dispute shows a difference: [^\n]*known by a hash alone[^\n]*\n$/); // prettier-ignore
    const candidates = files.write("candidates.txt", lost!);
    const [dispute] = disputesIn(await cli([...mirror, "--candidates", candidates]));
    await expectStops(dispute!);
  });

  it("says why the desk refuses a dispute now", async () => {
    await diverge();
    await world.commit();
    const [first] = disputesIn(await prove());
    await (await world.signer.sendTransaction({ to: first!.to, data: first!.data })).wait();
    const again = await prove();
    const [dispute] = disputesIn(again);
    expect([dispute!.isAccepted, dispute!.data]).to.deep.equal([false, first!.data]);
    expect(dispute!.refusal).to.match(/^LedgerEvidenceNotNewer: evidence of block \d+ is not newer than/);
    expect(again.stderr).to.equal(`settlement-guard: the desk refuses a dispute now: ${dispute!.refusal}\n`);
  });

  it("exits with 2, one line and a hint where the files are not those of the commitment", async () => {
    const commitment = await world.commit();
    const path = await printed("good.json", commitment);
    const of = (name: string, changes: Partial<Commitment>): Promise<string> =>
      printed(name, { ...commitment, ...changes });
    const other = LedgerTree.from(world.tree.entries());
    other.update([[world.keyOf(owner(0)), 3n]]);
    const late = files.write("later.csv", `key,value\n${[...other.entries()].map((entry) => entry.join()).join("\n")}`);
    const refused: [string, string[], RegExp][] = [
      ["another ledger", ["--ledger", late], /--ledger: it is 0x[\da-f]{64}, and the commitment names 0x/],
      ["another book", ["--book", files.write("b.json", { ...world.book, version: "2" })], /--book: it is 0x/],
      ["another guard", ["--commitment", await of("g.json", { guard: world.at.desk })], /not on record/],
      ["another desk", ["--commitment", path, "--desk", world.at.holder], /--desk: it is 0x/],
      ["no number", ["--first", "none"], /--first none: cannot be used/],
      ["no block", ["--from", "latest"], /--from latest: cannot be used/],
      ["no commitment", ["--commitment", files.book()], /it has no member desk; expected what/],
      ["a commitment that is cut short", ["--commitment", files.write("c.json", { desk: world.at.desk, commitment: {}, digest: ZERO })], /the commitment has no member guard/], // prettier-ignore
    ];
    for (const [name, options, reason] of refused) expectRefusal(name, await prove(...options), reason);
    const signers = ["--signers", files.signers()];
    for (const [option, changes] of [["--guard", { guard: world.at.desk }], ["--scope", { scope: ZERO }]] as const) {
      const changed: Commitment = { ...commitment, ...changes };
      const signed = [await printed("x.json", changed, 0), await printed("y.json", changed, 1)];
      const run = await prove(...signed.flatMap((file) => ["--commitment", file]), ...signers);
      expectRefusal(option, run, new RegExp(`${option}: it is 0x[\\da-f]+, and the commitment names 0x`));
    } // prettier-ignore
    expect((await prove("--commitment", path)).code).to.equal(0);
  });
});
