import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import hardhatNetworkHelpers from "@nomicfoundation/hardhat-network-helpers";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";

import { toWord } from "../../src/core/bytes.js";
import { BEACON_ROOTS_ADDRESS, HISTORY_ADDRESS } from "../../src/forks/index.js";
import settlementGuard from "../../src/hardhat/index.js";
import systemCalls from "../../src/hardhat/systemCalls.js";
import type { RawBlock } from "../../tools/forks.js";

describe("the plugin for system calls alone", () => {
  let root: string;
  before(() => {
    root = mkdtempSync(join(tmpdir(), "system-calls-"));
    writeFileSync(join(root, "package.json"), JSON.stringify({ type: "module" }));
  });
  after(() => rmSync(root, { recursive: true }));

  const project = (...plugins: (typeof systemCalls)[]): Promise<HardhatRuntimeEnvironment> =>
    createHardhatRuntimeEnvironment(
      {
        plugins: [hardhatNetworkHelpers, ...plugins],
        networks: {
          default: { type: "edr-simulated", chainType: "l1", hardfork: "prague" },
          op: { type: "edr-simulated", chainType: "op" },
        },
      },
      {},
      root,
    );

  /** Asks both contracts about each block, and returns how many answered as its header says. */
  async function agreeing({ provider }: NetworkConnection): Promise<{ hashes: number; roots: number }> {
    const ask = (method: string, ...params: unknown[]) => provider.request({ method, params });
    const call = (to: string, word: bigint) =>
      ask("eth_call", { to, data: toWord(word) }, "latest").catch(() => undefined);
    const agree = { hashes: 0, roots: 0 };
    const head = Number(await ask("eth_blockNumber"));
    for (let number = 1; number <= head; number++) {
      const block = (await ask("eth_getBlockByNumber", `0x${number.toString(16)}`, false)) as RawBlock;
      if ((await call(HISTORY_ADDRESS, BigInt(number))) === block.hash) agree.hashes++;
      if ((await call(BEACON_ROOTS_ADDRESS, BigInt(block.timestamp))) === block.parentBeaconBlockRoot) agree.roots++;
    }
    return agree;
  }

  async function mineInEveryWay({ provider, networkHelpers }: NetworkConnection): Promise<void> {
    const [from] = (await provider.request({ method: "eth_accounts" })) as string[];
    const pay = () => provider.request({ method: "eth_sendTransaction", params: [{ from, to: from, value: "0x1" }] });
    await pay();
    await networkHelpers.mine(5);
    await networkHelpers.time.increase(3_600);
    await networkHelpers.time.setNextBlockTimestamp((await networkHelpers.time.latest()) + 77);
    await pay();
    await provider.request({ method: "evm_mine", params: [] });
  }

  for (const network of ["default", "op"])
    it(`keeps both contracts in step, whatever mines the blocks, and adds neither blocks nor gas (${network})`, async () => {
      const hre = await project(systemCalls);
      const connection = await hre.network.create(network);
      // #region plugin
      const { provider } = connection;
      await provider.request({ method: "hardhat_mine", params: ["0x2"] });
      const parent = await provider.request({ method: "eth_getBlockByNumber", params: ["0x1", false] });
      const call = { to: HISTORY_ADDRESS, data: toWord(1n) };
      expect(await provider.request({ method: "eth_call", params: [call, "latest"] })).to.equal(
        (parent as RawBlock).hash,
      );
      // #endregion plugin
      await mineInEveryWay(connection as NetworkConnection);
      // Two, one for each payment, five, one for the hour, and one: eleven.
      expect(await agreeing(connection as NetworkConnection)).to.deep.equal({ hashes: 10, roots: 11 });
      const paid = (await connection.provider.request({
        method: "eth_getBlockByNumber",
        params: ["0x3", false],
      })) as RawBlock & { gasUsed: string };
      expect([paid.transactions.length, Number(paid.gasUsed)]).to.deep.equal([1, 21_000]);
      await connection.close();
    });

  it("is needed: without it Hardhat answers none of it", async () => {
    const connection = await (await project()).network.create();
    await mineInEveryWay(connection);
    expect(await agreeing(connection)).to.deep.equal({ hashes: 0, roots: 0 });
    await connection.close();
  });

  it("stands beside the whole plugin, whose verbs act on the same chain", async () => {
    const connection = await (await project(systemCalls, settlementGuard)).network.create();
    // The chain is as the whole plugin makes it: an hour has 300 blocks.
    await mineInEveryWay(connection);
    const { orphaned } = await connection.forks.reorg({ depth: 4 });
    const head = Number(orphaned.at(-1)!.number);
    expect(head).to.be.greaterThan(300);
    expect(await agreeing(connection)).to.deep.equal({ hashes: head - 1, roots: head });
    await connection.close();
  });
});
