import { expect } from "chai";
import type { Contract } from "ethers";
import { network } from "hardhat";

import { toQuantity, toWord, type Hex } from "../../src/core/bytes.js";
import type { HistoryMode, SubscriptionMessage } from "../../src/forks/index.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { deployProbe } from "../../tools/forks.js";

const forks = hardhatForks(network);

interface Log {
  readonly blockHash: Hex;
  readonly blockNumber: Hex;
  readonly logIndex: Hex;
  readonly transactionIndex: Hex;
  readonly transactionHash: Hex;
  readonly data: Hex;
  readonly removed: boolean;
}

for (const history of ["transaction", "storage"] as HistoryMode[])
  describe(`who listens to a chain that changes its branch (${history})`, () => {
    let chain: HardhatChain;
    let probe: Contract;
    beforeEach(async () => {
      chain = await forks.create({ history });
      probe = await deployProbe(chain);
      await chain.mine(2);
    });
    afterEach(() => chain.close());

    const ask = (method: string, ...params: unknown[]) => chain.request({ method, params });
    const log = (value: number) => probe.getFunction("log").send([value]);
    /** What a log says, whether it was removed, and its height. */
    const told = (logs: unknown) =>
      (logs as Log[]).map(({ data, removed, blockNumber }) => [Number(data), removed, Number(blockNumber)]);
    const changes = async (filter: unknown) => (await ask("eth_getFilterChanges", filter)) as Log[];
    const height = () => Number(chain.head.number);

    it("a filter of logs tells what is new, then what is gone, newest first, and what came instead", async () => {
      await log(9);
      const filter = await ask("eth_newFilter", {
        fromBlock: toQuantity(height() + 1),
        address: await probe.getAddress(),
      });
      expect(await changes(filter)).to.deep.equal([]);
      await probe.getFunction("log").send([1, 2]);
      const [, other] = await chain.tools.ethers.getSigners();
      await probe.connect(other!).getFunction("log").send([3]);
      const start = height() - 2;
      const first = await changes(filter);
      expect(told(first)).to.deep.equal([[1, false, start + 1], [2, false, start + 1], [3, false, start + 2]]); // prettier-ignore
      expect(await changes(filter)).to.deep.equal([]);
      await chain.reorg({ depth: 3, keep: ({ hash }) => hash === first[2]!.transactionHash, extra: 1 });
      await log(4);
      const after = await changes(filter);
      // What was logged before the filter was made is not its matter.
      expect(told(after)).to.deep.equal([
        [3, true, start + 2],
        [2, true, start + 1],
        [1, true, start + 1],
        [3, false, start + 2],
        [4, false, start + 4],
      ]);
      expect(after.slice(0, 3)).to.deep.equal(first.toReversed().map((each) => ({ ...each, removed: true })));
      expect(told(await ask("eth_getFilterLogs", filter))).to.deep.equal([[3, false, start + 2], [4, false, start + 4]]); // prettier-ignore
      expect(await ask("eth_uninstallFilter", filter)).to.equal(true);
      expect(await ask("eth_uninstallFilter", filter)).to.equal(false);
    });

    it("what a filter has not told yet is not taken back", async () => {
      // #region filter
      const filter = await ask("eth_newFilter", {});
      await log(1);
      expect(await changes(filter)).to.have.length(1);
      await log(2);
      await chain.reorg({ depth: 2, keep: false });
      expect(told(await changes(filter))).to.deep.equal([[1, true, height() - 1]]); // 1, removed
      // #endregion filter
    });

    it("a filter keeps to its address, its topics and its heights", async () => {
      const other = await deployProbe(chain);
      const topic = probe.interface.getEvent("Logged")!.topicHash;
      const criteria = [
        { address: await probe.getAddress() },
        { topics: [topic] },
        { topics: [toWord(1n)] },
        { fromBlock: toQuantity(height() + 2) },
        { fromBlock: "latest", toBlock: toQuantity(height() + 1) },
      ];
      const filters: unknown[] = [];
      for (const each of criteria) filters.push(await ask("eth_newFilter", each));
      await log(1);
      await other.getFunction("log").send([2]);
      const values = async () =>
        Promise.all(filters.map(async (filter) => told(await changes(filter)).map(([value]) => value)));
      expect(await values()).to.deep.equal([[1], [1, 2], [], [2], [1]]);
      await chain.reorg({ depth: 2, keep: false });
      expect(await values()).to.deep.equal([[1], [2, 1], [], [2], [1]]);
      await expect(ask("eth_newFilter", { address: "0x12" })).to.be.rejected;
    });

    it("a filter of blocks tells the new branch's from the fork on", async () => {
      const filter = await ask("eth_newBlockFilter");
      await chain.mine(3);
      expect(await changes(filter)).to.have.length(3);
      const { adopted } = await chain.reorg({ depth: 2, extra: 2 });
      expect(await changes(filter)).to.deep.equal(adopted.map(({ hash }) => hash));
    });

    it("a subscriber hears of a reorg at once, on the chain and on Hardhat's connection", async () => {
      const [heard, there]: [SubscriptionMessage[], unknown[]] = [[], []];
      const listener = (message: SubscriptionMessage) => void heard.push(message);
      expect(chain.on("message", listener)).to.equal(chain);
      chain.tools.provider.on("message", (message: unknown) => there.push(message));
      const [logs, heads] = [await ask("eth_subscribe", "logs", {}), await ask("eth_subscribe", "newHeads")];
      await log(1);
      const { number } = chain.head;
      const { adopted } = await chain.reorg({ depth: 1, extra: 1, keep: false });
      const of = (id: unknown) =>
        heard.filter(({ data }) => data.subscription === id).map(({ data }) => data.result as Log & { hash: Hex });
      expect(told(of(logs))).to.deep.equal([[1, false, Number(number)], [1, true, Number(number)]]); // prettier-ignore
      expect(of(heads).map(({ hash }) => hash)).to.deep.equal([of(logs)[0]!.blockHash, ...adopted.map(({ hash }) => hash)]); // prettier-ignore
      expect(there).to.deep.equal(heard);
      expect(await ask("eth_unsubscribe", logs)).to.equal(true);
      chain.removeListener("message", listener);
      await log(2);
      expect([heard.length, there.length]).to.deep.equal([5, 6]);
    });

    it("a test that goes back to its snapshot takes nothing back", async () => {
      const snapshot = await ask("evm_snapshot");
      const filter = await ask("eth_newFilter", {});
      await log(1);
      expect(await changes(filter)).to.have.length(1);
      await ask("evm_revert", snapshot);
      expect(await changes(filter)).to.deep.equal([]);
      await log(2);
      expect(told(await changes(filter))).to.deep.equal([[2, false, height()]]);
    });
  });
