import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Assertion, expect } from "chai";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";

import settlementGuard from "../../src/hardhat/index.js";
import { addMatchersLazily, MATCHERS } from "../../src/hardhat/lazyMatchers.js";
import { COMMANDS } from "../../src/hardhat/commands.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import { cli } from "../cli/run.js";

describe("tasks of the plugin", () => {
  it("take what the command line takes, but for what the network is", async () => {
    await Promise.all(
      COMMANDS.map(async ({ name, options, flags = [], argument }) => {
        const { stdout } = await cli([...name.split(" "), "--help"]);
        const known = [...stdout.matchAll(/^ {2}(?:-\w, )?--([\w-]+)( <)?/gm)]
          .map(([, option, value]) => `${option}${value ?? ""}`)
          .filter((option) => !/^(?:rpc|header) <$|^(?:version|help)$/.test(option));
        const valued = [...options, ...(argument === undefined ? [] : [argument.option])];
        expect(known.sort(), name).to.deep.equal([...valued.map((option) => `${option} <`), ...flags].sort());
      }),
    );
  });

  /** Runs a task in a project that has a command line of one file. */
  async function runIn(program: string | undefined, task: string[], values: object): Promise<number | undefined> {
    const root = mkdtempSync(join(tmpdir(), "guard-tasks-"));
    const before = process.exitCode;
    try {
      writeFileSync(join(root, "package.json"), JSON.stringify({ type: "module" }));
      if (program !== undefined) {
        const folder = join(root, "node_modules", "settlement-guard-cli");
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, "package.json"), JSON.stringify({ bin: { "settlement-guard": "main.cjs" } }));
        writeFileSync(join(folder, "main.cjs"), program.replaceAll("ROOT", JSON.stringify(root)));
      }
      const hre = await createHardhatRuntimeEnvironment({ plugins: [settlementGuard] }, {}, root);
      process.exitCode = undefined;
      await hre.tasks.getTask(task).run(values);
      if (program !== undefined) said = JSON.parse(readFileSync(join(root, "said.json"), "utf8"));
      return process.exitCode as number | undefined;
    } finally {
      process.exitCode = before;
      rmSync(root, { recursive: true });
    }
  }
  let said: unknown;
  /** Writes down its arguments and what the endpoint answers, and ends with 7. */
  const PROGRAM = `
    const ask = async (method) => {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: [] });
      const { result, error } = await (await fetch(process.env.SETTLEMENT_GUARD_RPC_URL, { method: "POST", body })).json();
      return result ?? error.message;
    };
    void (async () => {
      const answers = [await ask("eth_chainId"), await ask("evm_mine")];
      require("node:fs").writeFileSync(ROOT + "/said.json", JSON.stringify([process.argv.slice(2), answers]));
      process.exit(7);
    })();`;

  it("run the command against the network, which it reads and does not write, and end with its exit code", async () => {
    const values = { account: `0x${"12".repeat(20)}`, slots: ["1", "2"] };
    expect(await runIn(PROGRAM, ["guard", "prove"], values)).to.equal(7);
    expect(said).to.deep.equal([
      ["prove", `--account=0x${"12".repeat(20)}`, "--slot=1", "--slot=2"],
      ["0x7a69", "evm_mine is not served."],
    ]);
    await runIn(PROGRAM, ["guard", "deploy-check"], { deployment: "here.json", allowUnknown: true });
    expect((said as string[][])[0]).to.deep.equal(["deploy-check", "--config=here.json", "--allow-unknown"]);
  });

  it("say in one line what to install, and end as the command line does where a package is missing", async () => {
    const lines: unknown[] = [];
    const { error } = console;
    console.error = (...line: unknown[]) => lines.push(...line);
    try {
      expect(await runIn(undefined, ["guard", "status"], {})).to.equal(2);
    } finally {
      console.error = error;
    }
    expect(lines).to.deep.equal([
      "settlement-guard: the tasks need settlement-guard-cli: npm install --save-dev settlement-guard-cli",
    ]);
  });
});

describe("matchers that the plugin adds", () => {
  it("are those of settlement-guard/chai but for those that follow another, and are loaded when one is read", async () => {
    const target = Assertion.prototype as unknown as Record<string, unknown>;
    const kept = Object.getOwnPropertyDescriptors(target);
    try {
      const added: string[] = [];
      const utils = { addMethod: (_: unknown, name: string) => added.push(name) };
      settlementGuardMatchers({ Assertion } as never, utils as never);
      expect([...MATCHERS, "withValues", "during"].sort()).to.deep.equal(added.sort());

      for (const name of added) delete target[name];
      await addMatchersLazily();
      const { rejectedByGuard } = target;
      expect(target).not.to.have.property("withValues");
      const sent = Promise.reject(Object.assign(new Error("reverted"), { data: "0x" }));
      await expect(sent).not.to.be.rejectedByGuard();
      for (const name of added) expect(target, name).to.have.property(name);
      // Ethers' own `equal`, where it is loaded, asks both for an address. Chai lets nobody ask its methods for one.
      expect(target["rejectedByGuard"] === rejectedByGuard).to.equal(false);
      // Whoever uses them already keeps them.
      const { haveStatus } = target;
      await addMatchersLazily();
      expect(target["haveStatus"] === haveStatus).to.equal(true);
    } finally {
      Object.defineProperties(target, kept);
    }
  });
});
