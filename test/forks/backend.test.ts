import { expect } from "chai";
import { network } from "hardhat";

import type { Hex } from "../../src/core/bytes.js";
import { SimulatedChain, partition, type ChainFactory } from "../../src/forks/index.js";
import { hardhatChains, hardhatForks } from "../../src/hardhat/index.js";
import type { Request } from "../../src/rpc/request.js";
import { expectSimulatorError } from "../../tools/forks.js";

const forks = hardhatForks(network);

describe("a backend that cannot carry the simulator", () => {
  /** Hardhat's chains without one method, and as another client says so. */
  function without(missing: string, error: () => unknown): ChainFactory {
    const whole = hardhatChains(network);
    return {
      create: async (options) => {
        const { close, request } = await whole.create(options);
        const lacking: Request = (args) => (args.method === missing ? Promise.reject(error() as Error) : request(args));
        return { close, request: lacking, tools: undefined };
      },
    };
  }

  for (const method of [
    "eth_pendingTransactions",
    "evm_mine",
    "evm_revert",
    "evm_setAutomine",
    "evm_setBlockGasLimit",
    "evm_setNextBlockTimestamp",
    "evm_snapshot",
    "hardhat_dropTransaction",
    "hardhat_impersonateAccount",
    "hardhat_setBalance",
    "hardhat_setCode",
    "hardhat_setPrevRandao",
  ])
    it(`F4: lacks ${method}: the error names it, and the clients that have it`, async () => {
      for (const error of [
        () => ({ code: -32601, message: "Method not found" }),
        () => new Error("Method not found"),
      ]) {
        let chain: SimulatedChain | undefined;
        const use = async (): Promise<void> => {
          chain = await SimulatedChain.create(without(method, error));
          await chain.mine();
          const [from] = (await chain.request({ method: "eth_accounts" })) as [Hex];
          await chain.request({ method: "evm_setAutomine", params: [false] });
          await chain.request({ method: "eth_sendTransaction", params: [{ from, to: from, gas: "0x5208" }] });
          await chain.request({ method: "evm_increaseTime", params: [60] });
          await chain.reorg({ depth: 1 });
        };
        await expectSimulatorError(use(), new RegExp(`lacks ${method}: the simulator runs on Hardhat 2 and 3`));
        await chain?.close();
      }
    });

  it("F4: what a test itself asks for and the backend lacks is answered by the backend", async () => {
    const chain = await forks.create();
    const error: unknown = await chain.request({ method: "foo_bar" }).catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: -32004 });
    await chain.close();
  });

  it("F3: hardhatForks of what is not Hardhat 3's network manager says so, and what serves Hardhat 2", async () => {
    const { provider } = await network.create();
    for (const wrong of [{ name: "hardhat", provider }, await network.create(), provider, undefined, null, "hardhat"])
      expect(() => hardhatForks(wrong as never)).to.throw(
        /network manager of Hardhat 3.*Hardhat 2.*settlement-guard\/hardhat2/,
      );
  });

  it("is closed again where no chain comes of it, and so is every node of a partition", async () => {
    let open = 0;
    const whole = hardhatChains(network);
    const counted: ChainFactory = {
      create: async (options) => {
        const backend = await whole.create(options);
        open++;
        return { ...backend, close: () => (open--, backend.close()) };
      },
    };
    const broken: ChainFactory = {
      create: async (options) => ({
        ...(await counted.create(options)),
        request: () => Promise.reject(new Error("broken")),
      }),
    };
    await SimulatedChain.create(broken).then(
      () => expect.fail("a chain came of it"),
      (error: unknown) => expect(String(error)).to.match(/broken/),
    );
    const fails = () => Promise.reject(new Error("cannot deploy"));
    await partition(counted, { prepare: fails }).then(
      () => expect.fail("a partition came of it"),
      (error: unknown) => expect(String(error)).to.match(/cannot deploy/),
    );
    expect(open).to.equal(0);
  });

  it("does not mine by the clock on the nodes of a partition", async () => {
    const mining = { auto: true, interval: 2 };
    const factory = hardhatChains(network, { override: { mining, allowBlocksWithSameTimestamp: true } });
    const wait = () => new Promise((resolve) => setTimeout(resolve, 20));
    const nodes = await partition(factory, { commonBlocks: 4, prepare: wait });
    await wait();
    expect(nodes.map(({ head }) => head.number)).to.deep.equal([4n, 4n]);
    for (const node of nodes) await node.close();
  });
});
