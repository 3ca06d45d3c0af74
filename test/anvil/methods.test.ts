import { expect } from "chai";
import { createTestClient, createWalletClient, custom, http, type TestClient } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { foundry } from "viem/chains";

import { anvilForks, type AnvilChain } from "../../src/anvil/index.js";
import { toQuantity, toWord, type Hex } from "../../src/core/bytes.js";
import type { RpcBlock } from "../../src/forks/index.js";
import { blockAt, expectSimulatorError, expectSoundChain, skipWithoutAnvil } from "../../tools/forks.js";
import { TestToken__factory } from "../../typechain-types/index.js";

const RICH: Hex = `0x${"0a".repeat(20)}`;
const ACCOUNT = mnemonicToAccount("test test test test test test test test test test test junk");

describe("anvil's own methods on a simulated chain", () => {
  const forks = anvilForks();
  let chain: AnvilChain;
  let client: TestClient<"anvil">;
  before(function () {
    skipWithoutAnvil(this);
  });
  beforeEach(async () => {
    chain = await forks.create();
    client = createTestClient({ mode: "anvil", chain: foundry, transport: custom(chain) });
  });
  afterEach(() => chain?.close());

  const ask = <T = unknown>(method: string, ...params: unknown[]): Promise<T> =>
    chain.request({ method, params }) as Promise<T>;
  const latest = (): Promise<RpcBlock> => ask("eth_getBlockByNumber", "latest", false);
  const timeOf = async (number: bigint): Promise<number> => Number((await blockAt(chain, number)).timestamp);

  it("takes what viem's test client sends for what the chain does by Hardhat's names, and reorganises afterwards", async () => {
    const { number } = chain.head;
    const time = await timeOf(number);
    await client.setCoinbase({ address: RICH });
    await client.mine({ blocks: 3 });
    expect(chain.head.number).to.equal(number + 3n);
    expect(await timeOf(number + 3n)).to.equal(time + 3 * 12);
    expect((await latest()).miner).to.equal(RICH);
    await client.mine({ blocks: 2, interval: 5 });
    expect(await timeOf(number + 5n)).to.equal(time + 4 * 12 + 5);
    await chain.reorg({ depth: 1 });
    expect(chain.head.number).to.equal(number + 5n);
    await client.setNextBlockTimestamp({ timestamp: BigInt(time + 1_000) });
    await client.mine({ blocks: 1 });
    expect((await latest()).timestamp).to.equal(toQuantity(time + 1_000));
    const id = await client.snapshot();
    await client.mine({ blocks: 2 });
    await client.revert({ id });
    expect((await latest()).timestamp).to.equal(toQuantity(time + 1_000));
    expect(await client.getAutomine()).to.equal(true);
    await client.setLoggingEnabled(false);
    await chain.reorg({ depth: 2 });
    await expectSoundChain(chain);
  });

  it("has one meaning for either name: time, snapshots, automine and the interval", async () => {
    const { number } = chain.head;
    const time = await timeOf(number);
    const id = await ask("anvil_snapshot");
    await ask("anvil_increaseTime", 120);
    expect(chain.head.number).to.equal(number + 9n);
    await ask("evm_mine");
    expect(await timeOf(chain.head.number)).to.equal(time + 120);
    await ask("anvil_setNextBlockTimestamp", time + 240);
    await ask("anvil_mine");
    expect(await timeOf(chain.head.number)).to.equal(time + 240);
    expect(await ask("anvil_revert", id)).to.equal(true);
    expect(chain.head.number).to.equal(number);

    await ask("anvil_setAutomine", false);
    expect(await ask("anvil_getAutomine")).to.equal(false);
    const payment = { from: ACCOUNT.address, to: RICH, value: "0x1" };
    const hash = await ask("eth_sendTransaction", payment);
    expect(await ask("anvil_dropTransaction", hash)).to.equal(true);
    await ask("eth_sendTransaction", payment);
    await ask("anvil_dropAllTransactions");
    expect(await ask("eth_pendingTransactions")).to.deep.equal([]);
    await ask("anvil_setAutomine", true);
    await chain.mine();
    await chain.reorg({ depth: 1 });

    // Seconds there.
    await ask("anvil_setIntervalMining", 0.005);
    while (chain.head.number < number + 3n) await new Promise((resolve) => setTimeout(resolve, 5));
    await ask("anvil_setIntervalMining", 0);
    await expectSoundChain(chain);
  });

  it("repeats anvil's cheat codes where a reorg rolls back behind them, and undoes them where nothing comes back", async () => {
    const balance = (): Promise<Hex> => ask("eth_getBalance", RICH, "latest");
    for (const [method, ...params] of [
      ["anvil_setBalance", RICH, "0x64"],
      ["anvil_addBalance", RICH, "0x1"],
      ["hardhat_addBalance", RICH, "0x1"],
      ["tenderly_addBalance", RICH, "0x1"],
    ])
      await ask(method!, ...params);
    expect(await balance()).to.equal("0x67");
    await chain.mine(3);
    await chain.reorg({ depth: 1 });
    expect(await balance()).to.equal("0x67");
    await chain.mine();
    await ask("tenderly_setBalance", RICH, "0x1");
    await ask("evm_setAccountNonce", RICH, "0x7");
    await chain.mine();
    await chain.reorg({ depth: 2 });
    expect(await balance()).to.equal("0x1");
    const { orphaned } = await chain.reorg({ depth: 2, keep: false });
    expect(await balance()).to.equal("0x67");
    const losing = chain.viewAt(orphaned.at(-1)!.hash);
    expect(await losing({ method: "eth_getBalance", params: [RICH, "latest"] })).to.equal("0x1");
    expect(await losing({ method: "eth_getTransactionCount", params: [RICH, "latest"] })).to.equal("0x7");
    await expectSoundChain(chain);
  });

  it("repeats the tokens that were dealt", async () => {
    const token = TestToken__factory.createInterface();
    const deploying = await ask<Hex>("eth_sendTransaction", {
      from: ACCOUNT.address,
      data: TestToken__factory.bytecode,
    });
    const { contractAddress } = await ask<{ contractAddress: Hex }>("eth_getTransactionReceipt", deploying);
    await ask("anvil_dealERC20", RICH, contractAddress, "0x64");
    await chain.mine();
    await ask("anvil_setERC20Allowance", RICH, ACCOUNT.address, contractAddress, "0x32");
    await ask("anvil_setERC20Balance", ACCOUNT.address, contractAddress, "0x7");
    await chain.mine(2);
    await chain.reorg({ depth: 1 });
    const read = (name: "balanceOf" | "allowance", ...args: string[]): Promise<unknown> =>
      ask("eth_call", { to: contractAddress, data: token.encodeFunctionData(name as "allowance", args as never) });
    expect(await read("balanceOf", RICH)).to.equal(toWord(100n));
    expect(await read("balanceOf", ACCOUNT.address)).to.equal(toWord(7n));
    expect(await read("allowance", RICH, ACCOUNT.address)).to.equal(toWord(50n));
    await expectSoundChain(chain);
  });

  it("refuses by its name what would change the chain past the simulator, and goes on", async () => {
    const wallet = createWalletClient({ account: ACCOUNT, chain: foundry, transport: http(chain.tools.url) });
    const raw = await wallet.signTransaction({ ...(await wallet.prepareTransactionRequest({ to: RICH, value: 1n })) });
    const { head } = chain;
    for (const [method, ...params] of [
      ...[["anvil_reset"], ["anvil_reorg", 1, []], ["anvil_rollback", 1], ["anvil_loadState", "0x"]],
      ...[
        ["anvil_setTime", 1_800_000_000],
        ["evm_setTime", 1_800_000_000],
      ],
      ...[["anvil_setBlockTimestampInterval", 7], ["anvil_removeBlockTimestampInterval"]],
      ...[["anvil_mine_detailed"], ["evm_mine_detailed"], ["anvil_getIntervalMining"]],
      ...[
        ["anvil_autoImpersonateAccount", true],
        ["anvil_impersonateSignature", "0x", RICH],
      ],
      ...[
        ["anvil_setChainId", 1],
        ["anvil_setRpcUrl", "http://127.0.0.1:1"],
        ["anvil_setMinGasPrice", "0x1"],
      ],
      ...[["hardhat_setPrevRandao", toWord(1n)], ["anvil_setNextBlockPrevRandao", toWord(1n)], ["debug_clearTxpool"]],
      ...[
        ["eth_sendRawTransactionSync", raw],
        ["eth_sendTransactionSync", { from: ACCOUNT.address, to: RICH }],
      ],
      ...[["eth_sendUnsignedTransaction", { from: RICH, to: RICH }], ["eth_resend", {}], ["tenderly_setErc20Balance"]],
    ] as [string, ...unknown[]][])
      await expectSimulatorError(
        ask(method, ...params),
        new RegExp(`^${method} would take chain out of the simulator's hands: `),
        method,
      );
    expect(chain.head).to.deep.equal(head);
    expect(await ask("eth_pendingTransactions")).to.deep.equal([]);
    await chain.mine(2);
    await chain.reorg({ depth: 1 });
    await expectSoundChain(chain);
  });

  it("reads by whatever method anvil has", async () => {
    expect(await ask("anvil_nodeInfo")).to.include({ currentBlockNumber: toQuantity(chain.head.number) });
    for (const [method, ...params] of [
      ...[["anvil_metadata"], ["anvil_getGenesisTime"], ["anvil_dumpState"], ["hardhat_metadata"], ["txpool_status"]],
      ...[["debug_traceBlockByNumber", "latest"], ["trace_block", "latest"], ["ots_getApiLevel"], ["eth_config"]],
    ] as [string, ...unknown[]][])
      expect(await ask(method, ...params), method).not.to.equal(undefined);
  });
});
