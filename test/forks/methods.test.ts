import { expect } from "chai";
import { network } from "hardhat";
import { createTestClient, custom } from "viem";
import { hardhat } from "viem/chains";

import { toQuantity, type Hex } from "../../src/core/bytes.js";
import type { RpcBlock } from "../../src/forks/index.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { blockAt, expectSimulatorError, expectSoundChain } from "../../tools/forks.js";

const RICH: Hex = `0x${"0a".repeat(20)}`;
const MINER: Hex = `0x${"0b".repeat(20)}`;

describe("the methods of a simulated chain", () => {
  let chain: HardhatChain;
  beforeEach(async () => void (chain = await hardhatForks(network).create()));
  afterEach(() => chain.close());
  const ask = <T = unknown>(method: string, ...params: unknown[]): Promise<T> =>
    chain.request({ method, params }) as Promise<T>;

  it("have anvil's names on Hardhat as well, for what Hardhat has", async () => {
    const id = await ask("anvil_snapshot");
    await ask("anvil_setBalance", RICH, "0x64");
    await ask("anvil_setCoinbase", MINER);
    await ask("anvil_mine", "0x2");
    expect(await ask<RpcBlock>("eth_getBlockByNumber", "latest", false)).to.include({ miner: MINER });
    await chain.reorg({ depth: 1 });
    expect(await ask("eth_getBalance", RICH, "latest")).to.equal("0x64");
    expect(await ask("anvil_revert", id)).to.equal(true);
    expect(await ask("eth_getBalance", RICH, "latest")).to.equal("0x0");
    await expectSoundChain(chain);
  });

  it("mine as far apart as ever where viem gives no interval", async () => {
    const { number } = chain.head;
    await createTestClient({ mode: "hardhat", chain: hardhat, transport: custom(chain) }).mine({ blocks: 3 });
    const times = await Promise.all([number, number + 3n].map((at) => blockAt(chain, at)));
    expect(Number(times[1]!.timestamp) - Number(times[0]!.timestamp)).to.equal(36);
  });

  it("are refused by name where they would change the chain past the simulator, whether the backend has them or not", async () => {
    const { head } = chain;
    for (const [method, ...params] of [
      ...[["hardhat_reset"], ["hardhat_setMinGasPrice", "0x1"], ["hardhat_inventedNow"], ["evm_setTime", 1]],
      ...[["evm_mine_detailed"], ["anvil_reset"], ["debug_setHead", "0x1"], ["eth_sendRawTransactionSync", "0x"]],
    ] as [string, ...unknown[]][])
      await expectSimulatorError(ask(method, ...params), new RegExp(`^${method} would take chain out of`), method);
    expect(chain.head).to.deep.equal(head);
    expect(await ask("hardhat_metadata")).to.include({ latestBlockNumber: Number(head.number) });
    await ask("hardhat_setLoggingEnabled", false);
    const unknown = await ask("eth_inventedNow").catch(({ message }: Error) => message);
    expect(unknown)
      .to.match(/eth_inventedNow/)
      .and.not.to.match(/simulator/);
  });

  it("give a block's receipts by its hash, whatever else the request says of it", async () => {
    const [from] = await ask<Hex[]>("eth_accounts");
    const sent = await ask<Hex>("eth_sendTransaction", { from, to: RICH, value: "0x1" });
    const { hash, number } = chain.head;
    for (const block of [
      ...[hash, toQuantity(number), { blockHash: hash }, { blockNumber: toQuantity(number) }],
      ...[
        { requireCanonical: true, blockHash: hash },
        { requireCanonical: false, blockHash: hash },
      ],
    ]) {
      const receipts = await ask<{ transactionHash: Hex }[]>("eth_getBlockReceipts", block);
      expect(receipts.map(({ transactionHash }) => transactionHash)).to.deep.equal([sent]);
    }
  });
});
