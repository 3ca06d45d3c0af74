import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { expect } from "chai";
import type { Signer } from "ethers";
import { network } from "hardhat";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import type { DeploymentReport } from "../../src/index.js";
import { noted } from "../../tools/deployment.js";
import { StandaloneGuard__factory } from "../../typechain-types/index.js";
import { ESCAPES, OBEYED, ROOT, cli, expectRefusal, type Run } from "./run.js";

const forks = hardhatForks(network);

describe("settlement-guard deploy-check", () => {
  let chain: HardhatChain;
  let server: Server;
  let url: string;
  let contracts: Record<string, object>;

  before(async () => {
    chain = await forks.create();
    const [signer] = (await chain.tools.ethers.getSigners()) as unknown as [Signer];
    const guard = await noted(chain.request, await new StandaloneGuard__factory(signer).deploy());
    contracts = { guard: { ...guard, kind: "standalone-guard" } };
    await chain.mine(10);
    server = createServer((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString()) as { id: number; method: string; params: unknown[] }; // prettier-ignore
        const end = (answer: object): unknown => response.end(JSON.stringify({ jsonrpc: "2.0", id, ...answer }));
        chain.request({ method, params }).then(
          (result) => end({ result }),
          (error: unknown) => end({ error: { code: -32_000, message: String(error) } }),
        );
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await chain.close();
  });

  const run = (value: unknown, ...options: string[]): Promise<Run> =>
    cli(["deploy-check", "--rpc", url, "--config", "-", ...options], {
      input: typeof value === "string" ? value : JSON.stringify(value),
    });

  it("says each check in a line, and exits with 1 while something is unknown, with 0 where that is allowed", async () => {
    const deployment = { chainId: 31_337, contracts };
    const { code, stdout, stderr } = await run(deployment);
    expect([code, stderr]).to.deep.equal([1, ""]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).to.equal("ok      chain id: it is 31337");
    expect(stdout).to.match(/^ok {6}guard: code: \d+ bytes, 0x[0-9a-f]{64}, proven under the state root$/m);
    expect(stdout).to.match(/^ok {6}guard: source at head - 1: it accepts block/m);
    expect(stdout).to.match(/^unknown guard: source at head - 256: the chain has \d+ blocks after its genesis$/m);
    expect(lines.at(-1)).to.match(/^unknown at block \d+, 0x[0-9a-f]{64}: 5 ok, 0 failed, 3 unknown$/);
    expect((await run(deployment, "--allow-unknown")).code).to.equal(0);
  });

  it("prints the same as JSON, and what failed with both values", async () => {
    const { code, stdout, stderr } = await run({ chainId: 1, contracts }, "--json", "--allow-unknown");
    expect([code, stderr]).to.deep.equal([1, ""]);
    const { outcome, checks } = JSON.parse(stdout) as DeploymentReport;
    expect([outcome, checks[0]]).to.deep.equal([
      "failed",
      { check: "chain id", outcome: "failed", detail: "it is another", expected: "1", actual: "31337" },
    ]);
    const text = await run({ chainId: 1, contracts });
    expect(text.stdout).to.contain("failed  chain id: it is another\n        expected 1\n        actual   31337\n");
  });

  it("takes the file that the documents show", async () => {
    const documents = readFileSync(join(ROOT, "docs", "cli.md"), "utf8");
    const [, example = ""] = /\n## deploy-check\n.*?```json\n(.*?)```/s.exec(documents) ?? [];
    const { stdout, stderr } = await run(example, "--json");
    expect(stderr).to.equal("");
    expect((JSON.parse(stdout) as DeploymentReport).checks.map(({ check }) => check)).to.include.members(["receipt", "delay", "tier"]); // prettier-ignore
  });

  it("exits with 2 and one line with a hint where the file cannot be used", async () => {
    const guard = contracts["guard"]!;
    for (const [value, reason] of [
      ["", /there is nothing in it/],
      ["[]", /it holds something else/],
      ["{}", /chainId: it is missing: expected a whole number, and 1 fault more; docs\/cli\.md/],
      [{ chainId: 31_337, contracts: {} }, /contracts: there is none/],
      [{ chainId: 31_337, contracts, chain: 1 }, /chain: there is no such member/],
      [{ chainId: 31_337, contracts: { guard: { ...guard, codehash: "0x" } } }, /codehash: there is no such member/],
      [{ chainId: 31_337, contracts: { [ESCAPES]: { kind: "code" } } }, /address: it is missing/],
    ] as const)
      expectRefusal(JSON.stringify(value), await run(value), reason);
    const none = await cli(["deploy-check", "--rpc", url]);
    expect([none.code, none.stderr.split("\n").length]).to.deep.equal([2, 2]);
  });

  it("exits with 1 and one line where the endpoint fails, and prints nothing that a terminal obeys", async () => {
    const deployment = JSON.stringify({ chainId: 31_337, contracts: { [`a${ESCAPES}`]: contracts["guard"] } });
    const dead = await cli(["deploy-check", "--rpc", "http://127.0.0.1:9", "--config", "-"], { input: deployment });
    expect([dead.code, dead.stdout]).to.deep.equal([1, ""]);
    expect(dead.stderr).to.match(/^settlement-guard: [^\n]+\n$/);
    const { stdout } = await run(deployment);
    expect(stdout)
      .to.match(/source at head - 1: it accepts/)
      .and.not.to.match(OBEYED);
  });
});
