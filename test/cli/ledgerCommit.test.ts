import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";

import { expect } from "chai";
import { encryptKeystoreJson, recoverAddress, Wallet } from "ethers";
import { network } from "hardhat";

import { askPassword, readKey } from "../../packages/cli/src/signerKey.js";
import type { Hex } from "../../src/core/bytes.js";
import type { Loopback } from "../../src/forks/index.js";
import { hardhatForks } from "../../src/hardhat/index.js";
import { hashCommitment } from "../../src/ledger/commitment.js";
import { preparedOnce } from "../../tools/forks.js";
import { LedgerFiles } from "../../tools/ledger/files.js";
import { MARKET } from "../../tools/ledger/inputs.js";
import { LedgerWorld } from "../../tools/ledger/world.js";
import { cli, expectRefusal, unusable, type Run } from "./run.js";

const forks = hardhatForks(network);
const PASSWORD = "correct horse battery staple";

interface Printed {
  desk: string;
  commitment: {
    sequence: string;
    anchor: { number: string; hash: Hex };
    validUntil: string;
    validUntilBlock: string;
    tier: string;
  };
  digest: Hex;
  signer?: string;
  signature?: Hex;
}

describe("settlement-guard ledger commit and relay", function () {
  let world: LedgerWorld;
  let directory: string;
  let files: LedgerFiles;
  let endpoints: Loopback[];
  preparedOnce(
    async () => ({ world: await LedgerWorld.create(await forks.create()) }),
    (prepared) => ({ world } = prepared),
  );
  beforeEach(async () => {
    world.reset();
    await world.chain.mine(2);
    directory = mkdtempSync(join(tmpdir(), "commit-cli-"));
    files = new LedgerFiles(directory, world);
    endpoints = [await world.chain.rpc().serve(), await world.chain.rpc().serve()];
  });
  afterEach(async () => {
    for (const endpoint of endpoints) await endpoint.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const keyOf = (i: number): string => world.wallets[i]!.privateKey;
  const journal = (name: string): string => join(directory, `${name}.journal`);
  const place = (): string[] => ["--desk", world.at.desk, "--guard", world.at.guard, "--scope", "eth"];
  const rpc = (): string[] => endpoints.flatMap(({ url }) => ["--rpc", url]);
  const given = (): string[] => [...place(), ...rpc(), "--signers", files.signers(), ...files.compared()];

  /** As an operator with a key in the environment, and without what another one has there. */
  function commit(key: string | undefined, ...options: string[]): Promise<Run> {
    const environment = key === undefined ? {} : { SETTLEMENT_GUARD_SIGNER_KEY: key };
    return cli(["ledger", "commit", ...given(), ...options], { environment }).then(withoutSecrets);
  }

  /** Nothing that is printed holds a key or a password. */
  function withoutSecrets(run: Run): Run {
    const secrets = [...world.wallets.map(({ privateKey }) => privateKey.slice(2)), PASSWORD];
    for (const secret of secrets) expect((run.stdout + run.stderr).toLowerCase()).not.to.contain(secret.toLowerCase());
    return run;
  }

  async function created(name: string): Promise<string> {
    expect(await cli(["ledger", "create-journal", journal(name)])).to.deep.equal({ code: 0, stdout: "", stderr: "" });
    return journal(name);
  }

  /** What a command printed, as a file. */
  function saved(name: string, { code, stdout, stderr }: Run): { path: string; printed: Printed } {
    expect([code, stderr]).to.deep.equal([0, ""]);
    return { path: files.write(name, stdout), printed: JSON.parse(stdout) as Printed };
  }

  const onRecord = () => world.desk.ledgerOf(world.at.guard, MARKET);
  const signed = async (i: number, ...options: string[]) =>
    saved(`signed${i}.json`, await commit(keyOf(i), "--journal", await created(String(i)), ...options));

  it("two signers and a relayer do a round by it alone, and the desk takes what they signed", async () => {
    const proposal = saved("proposal.json", await commit(undefined, "--dry-run"));
    expect(Object.keys(proposal.printed)).to.deep.equal(["desk", "commitment", "digest"]);
    expect(proposal.printed.commitment.tier).to.equal("finalized");
    // The tier moves on before the second signer comes.
    const first = await signed(0, "--proposed", proposal.path);
    await world.chain.mine(3);
    const second = await signed(1, "--proposed", proposal.path);
    for (const [i, { printed }] of [first, second].entries()) {
      expect([printed.digest, printed.commitment]).to.deep.equal([
        proposal.printed.digest,
        proposal.printed.commitment,
      ]);
      expect(printed.signer).to.equal(world.wallets[i]!.address);
      expect(recoverAddress(printed.digest, printed.signature!)).to.equal(printed.signer);
    }
    const relay = await cli(["ledger", "relay", second.path, first.path, "--signers", files.signers()]);
    expect([relay.code, relay.stderr]).to.deep.equal([0, ""]);
    const { to, data } = JSON.parse(relay.stdout) as { to: string; data: Hex };
    await (await world.signer.sendTransaction({ to, data })).wait();
    const { sequence, anchored } = await onRecord();
    expect([sequence, String(anchored)]).to.deep.equal([1n, first.printed.commitment.anchor.number]);

    // The next round: the desk has what was signed last, and the journals too.
    await world.chain.mine(2);
    const journals = ["--journal", journal("0"), "--last", first.path];
    const next = saved("next.json", await commit(keyOf(0), ...journals));
    expect(next.printed.commitment.sequence).to.equal("2");
  });

  it("prepares as the library does: tier, depth, bounds", async () => {
    const options = ["--tier", "head", "--depth", "1", "--valid-for", "77", "--valid-blocks", "7", "--dry-run"];
    const { printed } = saved("head.json", await commit(undefined, ...options));
    const { number, timestamp } = (await world.chain.tools.ethers.provider.getBlock("latest"))!;
    const { commitment } = printed;
    expect(commitment.anchor).to.deep.include({ number: String(number - 1), hash: world.chain.at(BigInt(number - 1))!.hash }); // prettier-ignore
    expect([commitment.validUntil, commitment.validUntilBlock]).to.deep.equal([String(timestamp + 77), String(number + 7)]); // prettier-ignore
  });

  it("signs no second commitment of a sequence with one journal, and prints the first again where it is proposed", async () => {
    const first = await signed(0);
    await world.chain.mine();
    const other = await commit(keyOf(0), "--journal", journal("0"));
    expect([other.code, other.stdout]).to.deep.equal([1, ""]);
    expect(other.stderr).to.match(/^settlement-guard: ALREADY_SIGNED: [^\n]+; [^\n]*--proposed[^\n]*\n$/);
    expect(other.stderr).to.contain(first.printed.digest);
    const again = saved("again.json", await commit(keyOf(0), "--journal", journal("0"), "--proposed", first.path));
    expect(again.printed).to.deep.equal(first.printed);
  });

  it("signs with a keystore, whose password is in the environment or asked for", async () => {
    const { address, privateKey } = world.wallets[2]!;
    const json = await encryptKeystoreJson({ address, privateKey }, PASSWORD, { scrypt: { N: 2 } });
    const keystore = files.write("key.json", json);
    const environment = { SETTLEMENT_GUARD_KEYSTORE_PASSWORD: PASSWORD };
    const args = ["ledger", "commit", ...given(), "--journal", await created("store"), "--keystore", keystore];
    const { printed } = saved("store.json", withoutSecrets(await cli(args, { environment })));
    expect(recoverAddress(printed.digest, printed.signature!)).to.equal(address);
    const wrong = { SETTLEMENT_GUARD_KEYSTORE_PASSWORD: `${PASSWORD}!` };
    expectRefusal("a wrong password", withoutSecrets(await cli(args, { environment: wrong })), /key.json: it does not open; is the password/); // prettier-ignore
    expectRefusal("no terminal", await cli(args), /there is no terminal to ask/);

    const [input, output] = [Object.assign(new PassThrough(), { isTTY: true }), new PassThrough()];
    const asked = askPassword("key.json", input, output);
    input.write(`${PASSWORD}\n`);
    expect(await asked).to.equal(PASSWORD);
    expect(String(output.read())).to.equal("Password of key.json: \n");
    const ended = Object.assign(new PassThrough(), { isTTY: true });
    const refused = unusable(() => askPassword("key.json", ended, new PassThrough()));
    ended.end();
    expect((await refused).message).to.match(/no password was given/);
  });

  describe("refuses, with what to do,", () => {
    const refusal = async (code: string, hint: RegExp, ...options: string[]): Promise<void> => {
      const run = await commit(keyOf(0), "--journal", await created(code), ...options);
      expect([run.code, run.stdout], run.stderr).to.deep.equal([1, ""]);
      expect(run.stderr).to.match(new RegExp(`^settlement-guard: ${code}: [^\\n]+; [^\\n]+\\n$`));
      expect(run.stderr).to.match(hint);
      expect(readFileSync(journal(code), "utf8")).to.equal("");
    };

    it("a ledger that does not satisfy a rule, with the rule, the owner and both values", async () => {
      const [owner] = world.owners as [Hex];
      world.tree.update([[world.keyOf(owner), 101n]]);
      await refusal(
        "LEDGER_DIVERGED",
        new RegExp(`rule 0 does not hold of owner ${owner}.*101 == 100.*; sign nothing`),
      );
    });

    it("what another signer proposed, where it is not what this one prepares", async () => {
      const proposal = saved("proposal.json", await commit(undefined, "--dry-run"));
      await world.commit();
      await refusal("PROPOSAL_DIFFERS", /the proposed sequence is 1, the signer's own is 2; compare with the proposer/, "--proposed", proposal.path); // prettier-ignore
    });

    it("a ledger that is unknown, retired, of other terms, or of a higher tier", async () => {
      await refusal("LEDGER_UNKNOWN", /compare --desk/, "--scope", "none");
      await refusal("TERMS_DIFFER", /of the open epoch/, "--signers", files.write("all.json", { ...world.set, threshold: 3 })); // prettier-ignore
      await refusal("TIER_TOO_LOW", /give that tier/, "--tier", "safe", "--least-tier", "finalized");
      await world.chain.stall({ seconds: 150 * 86_400 });
      await world.chain.mine();
      await world.desk.retire(world.at.guard, MARKET);
      await refusal("LEDGER_RETIRED", /names another/);
    });

    it("a head that the desk does not have, or that the tier lies behind", async () => {
      const first = await signed(0);
      await refusal("HEAD_DIFFERS", /relay that commitment/, "--last", first.path);
    });
  });

  it("signs nothing of which a part was compared with nothing, unless that is allowed", async () => {
    const some = files.write("some.txt", world.owners.slice(1).join("\n"));
    const options = ["--journal", await created("some"), "--owners", some];
    const run = await commit(keyOf(0), ...options);
    expectRefusal("an owner is missing", run, /--owners: 1 of the ledger's entries was compared with nothing; list every owner/); // prettier-ignore
    expect(readFileSync(journal("some"), "utf8")).to.equal("");
    const twice = files.write("twice.txt", [...world.owners, world.owners[0]].join("\n"));
    expectRefusal("an owner twice", await commit(keyOf(0), ...options.with(3, twice)), /an owner is listed twice/);
    saved("allowed.json", await commit(keyOf(0), ...options, "--allow-unread"));
  });

  it("exits with 2, one line and a hint where the input cannot be used", async () => {
    const own = await created("own");
    const missing = join(directory, "none");
    const digits = world.wallets[0]!.privateKey;
    const foreign = new Wallet(`0x${"ab".repeat(32)}`).privateKey;
    const proposal = saved("proposal.json", await commit(undefined, "--dry-run"));
    const changed = files.write("changed.json", { ...proposal.printed, digest: hashCommitment(await world.next()) });
    const refused: [string, string | undefined, string[], RegExp][] = [
      ["no journal", keyOf(0), [], /--journal: nothing is signed without one; .*create-journal/],
      ["a journal that is not there", keyOf(0), ["--journal", missing], /JOURNAL_UNUSABLE: .*; .*create-journal/],
      ["no key", undefined, ["--journal", own], /signing: there is no key; give --keystore, put a key/],
      ["no private key", `${digits}00`, ["--journal", own], /SETTLEMENT_GUARD_SIGNER_KEY: it is no private key/],
      ["a key of nobody", foreign, ["--journal", own], /--signers: the key's address 0x[\da-fA-F]{40} is none of them/],
      ["no keystore", undefined, ["--journal", own, "--keystore", files.signers()], /it is no keystore/],
      ["a keystore that is not there", undefined, ["--journal", own, "--keystore", missing], /no such file/],
      ["a tier", keyOf(0), ["--dry-run", "--tier", "sure"], /--tier sure: cannot be used; expected one of head/],
      ["a depth", keyOf(0), ["--dry-run", "--depth", "2"], /--depth: the anchor is the block of tier finalized/],
      ["bounds of a proposal", keyOf(0), ["--dry-run", "--proposed", proposal.path, "--valid-for", "9"], /own bounds/],
      ["no bound", keyOf(0), ["--dry-run", "--valid-blocks", "0"], /--valid-blocks 0: cannot be used/],
      ["a proposal's digest", keyOf(0), ["--dry-run", "--proposed", changed], /changed.json: its digest is another/],
      ["no proposal", keyOf(0), ["--dry-run", "--proposed", files.book()], /it has no member desk; expected what `ledger commit`/], // prettier-ignore
      ["a key as a signer", keyOf(0), ["--dry-run", "--signers", files.write("keys.json", { threshold: 1, signers: [digits] })], /signer 0 is not 20 bytes in hexadecimal/], // prettier-ignore
      ["no set", keyOf(0), ["--dry-run", "--signers", files.write("few.json", { ...world.set, threshold: 1 })], /a threshold of 1 is not a majority/], // prettier-ignore
    ];
    for (const [name, key, options, reason] of refused) expectRefusal(name, await commit(key, ...options), reason);
    expect((await cli(["ledger", "create-journal", own])).stderr).to.match(/JOURNAL_UNUSABLE: .*there is one already/);
    const key = await readKey(undefined, { SETTLEMENT_GUARD_SIGNER_KEY: keyOf(0) });
    expect(key.address).to.equal(world.wallets[0]!.address);
  });

  it("gives no signature of another key, where two keys share a journal", async () => {
    const first = await signed(0);
    const options = ["--journal", journal("0"), "--proposed", first.path];
    expectRefusal(
      "a shared journal",
      await commit(keyOf(1), ...options),
      /the signature on record is of another key; each/,
    );
  });

  it("relays nothing of too few, of several commitments, or unsigned", async () => {
    const proposal = saved("proposal.json", await commit(undefined, "--dry-run"));
    const first = await signed(0, "--proposed", proposal.path);
    await world.chain.mine();
    const other = await signed(1);
    const relay = (...paths: string[]): Promise<Run> =>
      cli(["ledger", "relay", ...paths, "--signers", files.signers()]);
    expectRefusal("too few", await relay(first.path), /1 signed, and 2 must; give a file of each/);
    expectRefusal("one twice", await relay(first.path, first.path), /signed twice/);
    expectRefusal("two", await relay(first.path, other.path), /signed1.json: it is of the digest 0x/);
    expectRefusal("unsigned", await relay(first.path, proposal.path), /it is not signed; leave --dry-run out/);
    expectRefusal("no file", await relay(join(directory, "none")), /no such file/);
  });
});
