import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { network } from "hardhat";

import { toBytes, toHex, toQuantity, toWord, type Hex } from "../../src/core/bytes.js";
import { typescriptEngine, type Engine } from "../../packages/cli/src/engine.js";
import { evmEngine } from "../../packages/cli/src/evmEngine.js";
import { judge, type CaseReport } from "../../packages/cli/src/judge.js";
import { readCase } from "../../packages/cli/src/proofCase.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import type { Loopback } from "../../src/forks/index.js";
import { keccak256 } from "../../src/core/keccak.js";
import { deployGasMeter } from "../../tools/gas.js";
import { needVectors, readVector, vectorFiles } from "../../tools/vectors.js";
import { buildTrie, rlpInteger } from "../../tools/buildTrie.js";
import { ROOT, cli } from "./run.js";

interface KeyVector {
  id: string;
  root: Hex;
  trieKey: Hex;
  proof: Hex[];
  expect: string;
  value?: string;
  policy?: string;
}

interface RecordedVector {
  id: string;
  headerRlp?: Hex;
  stateRoot: Hex;
  address: Hex;
  accountExists: boolean;
  account: Record<string, Hex> | null;
  accountProof: Hex[];
  storage: { slot: Hex; value: Hex; proof: Hex[] }[];
}

describe("settlement-guard on the command line", function () {
  let directory: string;
  const trie = buildTrie(
    Array.from({ length: 50 }, (_, i) => ({ key: keccak256(Uint8Array.of(i)), value: rlpInteger(1000n + BigInt(i)) })),
  );
  const key = keccak256(Uint8Array.of(3));
  const rawCase = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
    id: "three",
    root: toHex(trie.root),
    trieKey: toHex(key),
    proof: trie.proof(key).map(toHex),
    ...changes,
  });
  const absentKey = keccak256(Uint8Array.of(200));
  const absentCase = rawCase({ id: "none", trieKey: toHex(absentKey), proof: trie.proof(absentKey).map(toHex) });

  before(() => {
    directory = mkdtempSync(join(tmpdir(), "settlement-guard-cli-"));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  function file(name: string, content: unknown): string {
    const path = join(directory, name);
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  }

  async function verifyJson(path: string, ...options: string[]): Promise<{ code: number | null; cases: CaseReport[] }> {
    const { code, stdout, stderr } = await cli(["verify", path, "--json", ...options]);
    expect(stderr).to.equal("");
    return { code, cases: (JSON.parse(stdout) as { cases: CaseReport[] }).cases };
  }

  describe("verify", () => {
    it("reads a case, an array of cases and one under `cases`, and says present, absent or invalid", async () => {
      const broken = rawCase({ id: "cut", proof: [] });
      const shapes: [string, unknown, number, string[]][] = [
        ["one.json", rawCase(), 0, ["present 0x8203eb"]],
        ["array.json", [rawCase(), absentCase], 0, ["present 0x8203eb", "absent"]],
        [
          "cases.json",
          { about: "three and none", cases: [absentCase, broken], count: 2 },
          1,
          ["absent", "invalid Truncated"],
        ],
      ];
      for (const [name, content, code, expected] of shapes) {
        const text = await cli(["verify", file(name, content)]);
        expect(text.code, name).to.equal(code);
        expect(text.stderr).to.equal("");
        const lines = text.stdout.trimEnd().split("\n");
        const verdicts = lines.filter((line) => !line.startsWith("  ")).slice(0, -1);
        expect(verdicts.map((line) => line.replace(/^\w+: /, ""))).to.deep.equal(expected);
        expect(text.stdout).to.contain(`  under root ${toHex(trie.root)}, which nothing here authenticates\n`);
        expect(lines.at(-1)).to.match(/^\d cases?: \d present, \d absent, \d invalid$/);
      }
    });

    it("says nothing but one line with a hint, and exits with 2, where the input cannot be used", async () => {
      const inputs: [string, string[]][] = [
        ["no such file", ["verify", join(directory, "nowhere.json")]],
        ["no JSON", ["verify", file("text.json", "hello")]],
        ["an empty file", ["verify", file("empty.json", "")]],
        ["no case", ["verify", file("none.json", [])]],
        ["other JSON", ["verify", join(ROOT, "package.json")]],
        ["no list", ["verify", file("object.json", { cases: { a: rawCase() } })]],
        ["a number", ["verify", file("number.json", "7")]],
        ["an endpoint that is no URL", ["prove", "--rpc", "localhost", "--account", toWord(1n).slice(0, 42)]],
        ["an account that is none", ["prove", "--rpc", "http://127.0.0.1:1", "--account", "0x12"]],
      ];
      const runs = await Promise.all(inputs.map(async ([name, args]) => ({ name, run: await cli(args) })));
      for (const { name, run } of runs) {
        expect(run.code, name).to.equal(2);
        expect(run.stdout, name).to.equal("");
        expect(run.stderr, name).to.match(/^settlement-guard: [^\n]+; [^\n]+\n$/);
      }
    });

    it("keeps its output whole where a file breaks off, and still exits with 2", async () => {
      const whole = JSON.stringify([rawCase(), absentCase]);
      const { code, stdout, stderr } = await cli(["verify", "-", "--json"], { input: whole.slice(0, -40) });
      expect(code).to.equal(2);
      expect(stderr).to.contain("cut short");
      expect((JSON.parse(stdout) as { cases: CaseReport[] }).cases.map(({ id }) => id)).to.deep.equal(["three"]);
    });

    it("O13: what is malformed inside a case makes that case invalid, and no other", async () => {
      const bad = [
        rawCase({ root: "0x1234" }),
        rawCase({ trieKey: 5 }),
        rawCase({ proof: null }),
        rawCase({ proof: ["0xf8zz"] }),
        rawCase({ proof: "0x" }),
        { accountProof: [], address: toWord(0n).slice(0, 42) },
        { stateRoot: toWord(1n), accountProof: null, address: toWord(0n).slice(0, 42) },
        { __proto__: null, root: toWord(1n), trieKey: toWord(1n) },
      ];
      const { code, cases } = await verifyJson(file("bad.json", [...bad, rawCase()]));
      expect(code).to.equal(1);
      expect(cases.length).to.equal(bad.length + 1);
      for (const { verdict, reason } of cases.slice(0, -1)) {
        expect(verdict).to.equal("invalid");
        expect(reason).to.match(/^InputMalformed: /);
      }
      expect(cases.at(-1)?.verdict).to.equal("present");
      expect(cases[5]?.id).to.equal("#5");
    });

    it("shows what a terminal would obey", async () => {
      const { stdout } = await cli(["verify", file("escape.json", rawCase({ id: "\u001b[2Jwiped" }))]);
      expect(stdout).to.contain("\\u001b[2Jwiped");
      expect(stdout).not.to.contain("\u001b");
    });

    it("keeps memory bounded: a file of 70 MB in a heap of 48 MB", async function () {
      const path = join(directory, "big.json");
      const out = createWriteStream(path);
      const padding = "00".repeat(10_000);
      out.write("[");
      const count = 3_500;
      for (let i = 0; i < count; i++) {
        const more = out.write(`${i === 0 ? "" : ","}${JSON.stringify(rawCase({ id: i, reason: padding }))}`);
        if (!more) await once(out, "drain");
      }
      out.end("]");
      await once(out, "close");
      const { code, stdout } = await cli(["verify", path], { heap: 48 });
      expect(code).to.equal(0);
      expect(stdout).to.contain(`${count} cases: ${count} present`);
    });
  });

  describe("verify, on published proofs", function () {
    before(function () {
      needVectors(this);
    });

    for (const name of ["adversarial-mpt", "mutated-proofs"]) {
      it(`gives the published verdicts of ${name}, and the Solidity verifier the same with the same reasons`, async () => {
        const path = `conformance/proofs/${name}.json`;
        const { cases: vectors } = readVector<{ cases: KeyVector[] }>(path);
        const { cases } = await verifyJson(file(`${name}.json`, readVector(path)), "--evm");
        expect(cases.length).to.equal(vectors.length);
        let unexpressible = 0;
        for (const [i, vector] of vectors.entries()) {
          const report = cases[i] as CaseReport;
          expect(report.id).to.equal(vector.id);
          if (vector.trieKey.length !== 66) {
            unexpressible++;
            expect(report.reason).to.match(/^InputMalformed: trieKey/);
            continue;
          }
          expectVerdict(vector, report);
          expect([report.evm?.verdict, report.evm?.reason], vector.id).to.deep.equal([report.verdict, report.reason]);
          expect(report.evm?.gas).to.be.greaterThan(0);
        }
        console.log(`      ${cases.length} cases, ${unexpressible} of them with keys of another length`);
      });
    }

    it("gives the recorded answers of real chains as recorded, in both verifiers", async () => {
      const vectors = vectorFiles("real")
        .filter((path) => !path.endsWith("INDEX.json"))
        .map((path) => readVector<RecordedVector>(path));
      const { code, cases } = await verifyJson(file("real.json", vectors), "--evm");
      expect(code).to.equal(0);
      expect(cases.length).to.equal(vectors.length);
      let slots = 0;
      for (const [i, vector] of vectors.entries()) {
        const report = cases[i] as CaseReport;
        expect(report.verdict, vector.id).to.equal(vector.accountExists ? "present" : "absent");
        expect(report.header === undefined).to.equal(vector.headerRlp === undefined);
        if (vector.account !== null) {
          expect(BigInt(report.account?.nonce ?? 0)).to.equal(BigInt(vector.account["nonce"] as string));
          expect(report.account?.storageHash).to.equal(vector.account["storageHash"]);
        }
        for (const [j, { value }] of vector.storage.entries()) {
          const slot = report.slots?.[j];
          expect(slot?.verdict, vector.id).to.equal(BigInt(value) === 0n ? "absent" : "present");
          expect(BigInt(slot?.value ?? 0)).to.equal(BigInt(value));
          slots++;
        }
      }
      console.log(`      ${cases.length} accounts, ${slots} slots`);
    });

    it("gives the published verdicts of other recordings, put into the shape of the file", async () => {
      const expected: [CaseReport["verdict"], string[]][] = [];
      const recorded: Record<string, unknown>[] = [];
      for (const name of ["eth_getProof-real", "hive-witness-proofs", "consensus-poststate-proofs"]) {
        const { cases } = readVector<{ cases: ForeignCase[] }>(`conformance/proofs/${name}.json`);
        for (const outer of cases) {
          for (const { expect: known, proof } of outer.cases ?? [outer as ForeignProof]) {
            recorded.push({
              stateRoot: outer.stateRoot,
              ...(outer.headerRlp === undefined ? {} : { headerRlp: outer.headerRlp }),
              address: proof.address,
              accountProof: proof.accountProof,
              storage: proof.storageProof.map((entry) => ({ slot: long(entry.key), proof: entry.proof ?? [] })),
            });
            const slots = (known.storage ?? []).map((slot) =>
              slot.status === "exists" ? `present ${BigInt(slot.value)}` : "absent",
            );
            expected.push([known.account === "exists" ? "present" : "absent", slots]);
          }
        }
      }
      const { code, cases } = await verifyJson(file("foreign.json", { cases: recorded }));
      expect(code).to.equal(0);
      expect(cases.map(({ verdict }) => verdict)).to.deep.equal(expected.map(([verdict]) => verdict));
      for (const [i, { slots = [] }] of cases.entries()) {
        if (expected[i]![1].length === 0) continue;
        expect(
          slots.map(({ verdict, value }) => (value === undefined ? verdict : `${verdict} ${BigInt(value)}`)),
        ).to.deep.equal(expected[i]![1]);
      }
      console.log(
        `      ${cases.length} accounts, ${expected.reduce((sum, [, slots]) => sum + slots.length, 0)} slots`,
      );
    });

    it("O1, O4: what a file claims beside its proof must be what the proof shows", async () => {
      const vector = readVector<RecordedVector & Record<string, unknown>>("real/mainnet-usdt-19493153.json");
      const headerOfOther = readVector<RecordedVector>("real/mainnet-univ3factory-20427188.json").headerRlp;
      const slot = (change: object): unknown => [vector.storage[0], { ...vector.storage[1], ...change }];
      const wrong: [Record<string, unknown>, RegExp][] = [
        [{ blockHash: toWord(1n) }, /^HeaderHashMismatch/],
        [{ headerRlp: headerOfOther, blockHash: undefined, blockNumber: undefined }, /^StateRootMismatch/],
        [{ blockNumber: 19493154 }, /^HeaderNumberMismatch/],
        [{ headerRlp: `${vector.headerRlp}00`, blockHash: undefined }, /^HeaderMalformed/],
        [{ headerRlp: undefined, stateRoot: toWord(1n) }, /^NodeHashMismatch$/],
        [{ headerRlp: undefined, stateRoot: toWord(0n) }, /^ZeroRoot$/],
        [{ account: { ...vector.account, nonce: "0x2" } }, /^ClaimMismatch: nonce/],
        [{ accountExists: false }, /^ClaimMismatch: accountExists/],
        [{ storage: slot({ value: "0x1" }) }, /^ClaimMismatch: value/],
        [{ storage: slot({ slot: "0x1" }) }, /^(Truncated|TrailingBytes|NodeHashMismatch)$/],
        [{ storage: slot({ proof: null }) }, /^InputMalformed: proof is null/],
        [{ address: "0x0000000000000000000000000000000000000001" }, /^(Truncated|TrailingBytes|NodeHashMismatch)$/],
      ];
      const { code, cases } = await verifyJson(
        file("claims.json", [vector, ...wrong.map(([change]) => ({ ...vector, ...change }))]),
        "--evm",
      );
      expect(code).to.equal(1);
      expect(cases[0]?.verdict).to.equal("present");
      for (const [i, [, reason]] of wrong.entries()) {
        const report = cases[i + 1] as CaseReport;
        expect(report.verdict).to.equal("invalid");
        expect(report.reason).to.match(reason);
        expect(report.evm?.reason).to.equal(report.reason);
      }
      // One slot's fault leaves the account and the other slot proven.
      const partly = cases[9] as CaseReport;
      expect([partly.account?.verdict, ...(partly.slots ?? []).map(({ verdict }) => verdict)]).to.deep.equal([
        "present",
        "absent",
        "invalid",
      ]);
    });

    it("quotes the gas that the verifier takes on another EVM", async () => {
      const vector = readVector<RecordedVector>("real/mainnet-usdt-19493153.json");
      const report = await judge(readCase(vector, 0), typescriptEngine, await evmEngine());
      const { ethers } = await network.create();
      const lens = await ethers.deployContract("StateProofLens");
      const meter = await deployGasMeter(ethers);
      const header = vector.headerRlp as Hex;
      const calls: [string, unknown[], number | undefined][] = [
        ["header", [toHex(keccak256(toBytes(header, "header"))), header], report.evm?.header],
        ["account", [vector.stateRoot, vector.address, vector.accountProof], report.evm?.account],
        ...vector.storage.map(({ slot, proof }, i): [string, unknown[], number | undefined] => [
          "slot",
          [vector.account?.["storageHash"], slot, proof],
          report.evm?.slots?.[i]?.gas,
        ]),
      ];
      for (const [method, args, gas] of calls) expect(await meter.measure(lens, method, args), method).to.equal(gas);
    });
  });

  it("says that the verifiers disagree where they do, and which said what", async () => {
    const item = readCase(rawCase(), 0);
    const lying: Engine = { ...typescriptEngine, key: () => Promise.resolve({ status: "absent", gas: 7 }) };
    const report = await judge(item, typescriptEngine, lying);
    expect(report.verdict).to.equal("invalid");
    expect(report.reason).to.equal("VerifiersDisagree: TypeScript says present 0x8203eb, the EVM says absent");
    expect(report.evm).to.deep.equal({ verdict: "absent", gas: 7 });
    const honest = await judge(item, typescriptEngine, await evmEngine());
    expect([honest.verdict, honest.evm?.verdict]).to.deep.equal(["present", "present"]);
    // Nodes that are cut up elsewhere are other nodes.
    const [first, ...rest] = trie.proof(key).map(toHex) as [Hex, ...Hex[]];
    const moved = rawCase({ proof: [`${first.slice(0, 8)}`, `0x${first.slice(8)}`, ...rest] });
    const both = await judge(readCase(moved, 0), typescriptEngine, await evmEngine());
    expect([both.reason, both.evm?.reason]).to.deep.equal(["NodeHashMismatch", "NodeHashMismatch"]);
  });

  it("refuses a junk witness of 2 MB, in both verifiers", async () => {
    const evm = await evmEngine();
    const junk = toHex(new Uint8Array(2_000_000).fill(0xf8));
    for (const proof of [[junk], [...trie.proof(key).map(toHex), junk]]) {
      const report = await judge(readCase(rawCase({ proof }), 0), typescriptEngine, evm);
      expect(report.verdict).to.equal("invalid");
      expect(report.evm?.reason).to.equal(report.reason);
    }
  });

  describe("prove", () => {
    const VAULT: Hex = "0x00000000000000000000000000000000000a1107";
    let chain: HardhatChain;
    let endpoint: Loopback;

    before(async () => {
      chain = await hardhatForks(network).create({ blocks: 0 });
      await chain.request({ method: "hardhat_setCode", params: [VAULT, "0x00"] });
      await chain.request({ method: "hardhat_setStorageAt", params: [VAULT, "0x5", toWord(55n)] });
      await chain.mine(3);
      endpoint = await chain.rpc().serve();
    });
    after(async () => {
      await endpoint.close();
      await chain.close();
    });

    it("writes a file that verify accepts, for a block by number, hash or tag, and for an account that is not there", async () => {
      const { number, hash } = chain.at(2n) as { number: bigint; hash: Hex };
      const blocks = [["--block", String(number)], ["--block", hash], ["--block", toQuantity(number)], []];
      const accounts = [VAULT, VAULT, VAULT, "0x00000000000000000000000000000000000f00d5"];
      const runs = await Promise.all(
        blocks.map(async (block, i) => {
          const out = join(directory, `proof-${i}.json`);
          const slots = ["--slot", "5", "0x6", "--slot", toWord(7n)];
          const run = await cli([
            "prove",
            "--rpc",
            endpoint.url,
            "--account",
            accounts[i]!,
            ...slots,
            ...block,
            "--out",
            out,
          ]);
          const named = i === 1 ? "the command" : "the endpoint";
          expect(run.stderr).to.match(
            new RegExp(
              `: account \\w+, 3 slots, every node checked, a witness of \\d+ bytes, under block \\d+, hash 0x\\w{64}, which ${named} named and nothing here authenticates\n$`,
            ),
          );
          expect([run.code, run.stdout]).to.deep.equal([0, ""]);
          return JSON.parse(readFileSync(out, "utf8")) as Record<string, unknown>;
        }),
      );
      const { code, cases } = await verifyJson(file("proven.json", runs), "--evm");
      expect(code).to.equal(0);
      for (const [i, report] of cases.entries()) {
        expect(report.header?.hash).to.equal(i < 3 ? hash : chain.head.hash);
        expect(report.verdict).to.equal(i < 3 ? "present" : "absent");
        const five = report.slots?.find(({ slot }) => BigInt(slot) === 5n);
        expect(five?.value).to.equal(i < 3 ? "0x37" : undefined);
        expect(report.slots?.length).to.equal(3);
      }
      const [proven] = runs as [Record<string, unknown>];
      const cut = { ...proven, witness: (proven["witness"] as string).slice(0, -2) };
      const beside = { ...proven, accountProof: [] };
      const refused = await verifyJson(file("cut.json", [cut, beside]), "--evm");
      expect(refused.code).to.equal(1);
      expect(refused.cases[0]?.reason).to.match(/^StateProofInvalid: byte \d+ \(\w+\)$/);
      expect(refused.cases[0]?.evm?.reason).to.match(/^StateProofInvalid: byte \d+$/);
      expect(refused.cases[1]?.reason).to.contain("accountProof stands beside a witness");
      const printed = await cli(["prove", "--rpc", endpoint.url, "--account", VAULT, "--block", "2"]);
      expect((JSON.parse(printed.stdout) as { headerRlp: Hex }).headerRlp).to.equal(runs[0]!["headerRlp"]);
    });

    it("exits with 1, and writes nothing, where the endpoint lies, fails or is not there", async () => {
      const lying = await chain.rpc("liar", { wrongProof: "fields" }).serve();
      try {
        for (const [url, said] of [
          [lying.url, /eth_getProof answered \w+ 0x[\da-f]+, its own proof shows 0x/],
          ["http://127.0.0.1:9/secret-key", /^(?!.*secret-key).*failed/],
        ] as const) {
          const out = join(directory, "lie.json");
          const run = await cli(["prove", "--rpc", url, "--account", VAULT, "--out", out]);
          expect([run.code, run.stdout]).to.deep.equal([1, ""]);
          expect(run.stderr).to.match(said);
          expect(() => readFileSync(out)).to.throw("ENOENT");
        }
      } finally {
        await lying.close();
      }
    });
  });

  it("explains itself", async () => {
    const help = await cli(["--help"]);
    expect([help.code, help.stderr]).to.deep.equal([0, ""]);
    for (const word of ["verify", "prove", "Exit code"]) expect(help.stdout).to.contain(word);
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
    expect((await cli(["--version"])).stdout).to.equal(`${version}\n`);
    expect((await cli(["verify"])).code).to.equal(2);
  });
});

interface ForeignProof {
  expect: { account: string; storage?: { status: string; value: string }[] };
  proof: { address: Hex; accountProof: Hex[]; storageProof: { key: Hex; proof: Hex[] | null }[] };
}

type ForeignCase = { stateRoot: Hex; headerRlp?: Hex; cases?: ForeignProof[] } & Partial<ForeignProof>;

function long(slot: Hex): Hex {
  return toWord(BigInt(`0x0${slot.replace(/^0x/, "")}`));
}

function expectVerdict({ id, expect: expected, value, policy }: KeyVector, report: CaseReport): void {
  const line = `${report.verdict}${report.value === undefined ? "" : ` ${report.value}`}`;
  if (expected === "exists" && policy?.includes("may reject") === true) expect(line, id).to.match(/^(present|invalid)/);
  else if (expected === "exists") expect(line, id).to.equal(`present ${value}`);
  else if (expected.startsWith("absent:") || expected === "absent") expect(line, id).to.equal("absent");
  else if (expected === "absent-or-reject") expect(line, id).to.match(/^(absent|invalid)/);
  else {
    expect(["reject", "not-canonical"], id).to.include(expected);
    expect(line, id).to.equal("invalid");
  }
}
