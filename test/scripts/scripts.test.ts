import { spawnSync } from "node:child_process";

import { expect } from "chai";
import { TypedDataEncoder, keccak256 } from "ethers";

import { ANCHOR_TYPE, STATE_ANCHOR_TYPE, decodeHeader } from "../../src/index.js";
import { bundled } from "../../tools/bundle.js";

async function run(script: string, ...args: string[]) {
  // Hardhat's configuration is TypeScript. Where mocha's files run in one process, nothing else says how it is read.
  const command = ["--import", "tsx", await bundled(`scripts/${script}.ts`), ...args];
  return spawnSync(process.execPath, command, { encoding: "utf8" });
}

describe("scripts/commit.ts", function () {
  it("prints an anchor, its header, and the digests that a wallet signs", async () => {
    const { status, stdout } = await run("commit", "--name", "Perps", "--version", "2", "--depth", "3");
    expect(status).to.equal(0);
    const { anchor, stateAnchor, header, domain, digests } = JSON.parse(stdout);
    expect(keccak256(header)).to.equal(anchor.hash);
    const decoded = decodeHeader(header);
    expect(decoded.number).to.equal(BigInt(anchor.number));
    expect(decoded.stateRoot).to.equal(stateAnchor.stateRoot);
    expect(domain).to.deep.equal({ name: "Perps", version: "2", chainId: "31337" });
    expect(digests.anchor).to.equal(TypedDataEncoder.hash(domain, { Anchor: [...ANCHOR_TYPE] }, anchor));
    expect(digests.stateAnchor).to.equal(
      TypedDataEncoder.hash(domain, { StateAnchor: [...STATE_ANCHOR_TYPE] }, stateAnchor),
    );
  });

  for (const [what, args, status, message] of [
    ["an unknown option", ["--foo"], 2, /usage: /],
    ["a depth of zero", ["--depth", "0"], 2, /^INVALID_ANCHOR: /m],
    ["a depth before genesis", ["--depth", "1000"], 2, /^INVALID_ANCHOR: /m],
    ["an endpoint that does not answer", ["--rpc", "http://127.0.0.1:9"], 1, /^RPC_FAILED: /m],
    [
      "an endpoint that is no URL",
      ["--rpc", "localhost"],
      2,
      /^UNUSABLE_INPUT: --rpc: expected an http or https URL$/m,
    ],
  ] as const) {
    it(`says in a line what is wrong with ${what}, and exits with ${status}`, async () => {
      const result = await run("commit", ...args);
      expect(result.stderr).to.match(message);
      expect(result.status).to.equal(status);
      expect(result.stdout).to.equal("");
    });
  }
});

describe("scripts/commit.ts, given secrets", () => {
  it("A19: repeats none of them", async () => {
    const url = "http://user:s3cr3tk3y@127.0.0.1:1999/s3cr3tk3y?key=s3cr3tk3y";
    for (const args of [["--rpc", url], [url], [`--rcp=${url}`], ["--rpc", url, "--header", "Key s3cr3tk3y"]]) {
      const { status, stdout, stderr } = await run("commit", ...args);
      expect(status).to.be.oneOf([1, 2]);
      expect(stderr).not.to.equal("");
      expect(stdout + stderr).not.to.contain("s3cr3tk3y");
    }
  });
});

describe("scripts/deploy.ts", () => {
  it("deploys the exchange and the guard on a chain that it knows", async () => {
    const { status, stdout } = await run("deploy");
    expect(status).to.equal(0);
    expect(JSON.parse(stdout)).to.include.keys("token", "perps", "guard");
  });

  it("SG-16: refuses a chain that it does not know, before it sends anything", async () => {
    const { status, stdout, stderr } = await run("deploy", "--network", "unknown");
    expect(stderr).to.match(/^UnsupportedChain: .*999999937/m);
    expect(status).to.equal(1);
    expect(stdout).to.equal("");
  });

  it("exits with 2 where an address is none", async () => {
    const { status, stderr } = await run("deploy", "--token", "0x12");
    expect(stderr).to.match(/--token 0x12 is not an address/);
    expect(status).to.equal(2);
  });

  for (const [what, name, status, message] of [
    ["a network that is not configured", "nosuch", 2, /^--network nosuch is not configured; there are .*unreachable/],
    ["an endpoint that does not answer", "unreachable", 1, /^[^\n]*Cannot connect to the network[^\n]*$/m],
  ] as const) {
    it(`says in a line what is wrong with ${what}, and exits with ${status}`, async () => {
      const result = await run("deploy", "--network", name);
      expect(result.stderr)
        .to.match(message)
        .and.not.match(/^\s+at /m);
      expect(result.status).to.equal(status);
    });
  }
});
