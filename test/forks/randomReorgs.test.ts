import { expect } from "chai";
import type { Contract } from "ethers";
import { network } from "hardhat";

import { toQuantity, toWord, type Hex } from "../../src/core/bytes.js";
import { heal, type HistoryMode, type ReorgOptions } from "../../src/forks/index.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { beaconRootAt, deployProbe, expectSoundChain, history, type RawBlock } from "../../tools/forks.js";
import { announced, type Random } from "../../tools/random.js";

const forks = hardhatForks(network);
/** Changes of the branch, in all. */
const CHANGES = process.env["HEAVY"] === "1" ? 1_000 : 20;
const PER_CHAIN = 10;

/** A chain that is reorganised at random. What each block told while it was the head is kept, to be asked again. */
class Story {
  readonly told = new Map<Hex, unknown>();
  changes = 0;
  #names = 0;

  private constructor(
    readonly chain: HardhatChain,
    readonly probe: Contract,
    readonly address: Hex,
    readonly senders: readonly string[],
    readonly random: Random,
    readonly mode: HistoryMode,
  ) {}

  static async begin(random: Random, mode: HistoryMode): Promise<Story> {
    const chain = await forks.create({ history: mode });
    const probe = await deployProbe(chain);
    const senders = (await chain.tools.ethers.getSigners()).slice(0, 3).map(({ address }) => address);
    return new Story(chain, probe, (await probe.getAddress()) as Hex, senders, random, mode);
  }

  ask = (method: string, ...params: unknown[]): Promise<unknown> => this.chain.request({ method, params });

  async step(): Promise<void> {
    const { chain, random } = this;
    // The block of the probe's deployment stays.
    const kind = chain.head.number < 8n ? 4 : random.below(10);
    if (kind < 4) await this.#send();
    else if (kind < 6) await this.#mine();
    else {
      this.changes++;
      if (kind < 9) await this.#reorg();
      else await this.#switch();
    }
    const { hash } = chain.head;
    if (!this.told.has(hash)) this.told.set(hash, await this.telling(hash, chain.request));
  }

  /** What a node tells of a block by its hash: all that a branch that lost must still tell. */
  async telling(hash: Hex, request: HardhatChain["request"]): Promise<unknown> {
    const at = { blockHash: hash };
    const ask = (method: string, ...params: unknown[]) => request({ method, params });
    const block = (await ask("eth_getBlockByHash", hash, false)) as { number: Hex; parentHash: Hex };
    return {
      block,
      receipts: await ask("eth_getBlockReceipts", at),
      logs: await ask("eth_getLogs", at),
      // In storage mode the child's hash of its parent is written into the parent's state.
      ...(this.mode === "storage" ? {} : { proof: await ask("eth_getProof", this.address, [toWord(0n)], at) }),
      nonces: await Promise.all(this.senders.map((sender) => ask("eth_getTransactionCount", sender, at))),
      balances: await Promise.all(this.senders.map((sender) => ask("eth_getBalance", sender, at))),
    };
  }

  async #send(): Promise<void> {
    const { chain, probe, random } = this;
    const signer = random.pick(await chain.tools.ethers.getSigners().then((all) => all.slice(0, 3)));
    const value = random.below(100);
    const method = random.pick(["set", "log"] as const);
    await probe
      .connect(signer)
      .getFunction(method)
      .send(method === "set" ? value : [value, value + 1]);
  }

  async #mine(): Promise<void> {
    if (this.random.below(2) === 0) await this.chain.mine(1 + this.random.below(4));
    else await this.ask("hardhat_mine", toQuantity(1 + this.random.below(4)));
  }

  async #reorg(): Promise<void> {
    const { chain, random } = this;
    const depth = 1 + random.below(Math.min(8, Number(chain.head.number) - 4));
    const change: Partial<ReorgOptions> = random.pick([
      {},
      { keep: false },
      { keep: () => random.below(2) === 0 },
      { reorder: "reverse" },
      { reorder: "shuffle" },
    ]);
    await chain.reorg({ depth, extra: random.below(3), seed: String(random.below(2 ** 30)), ...change });
  }

  async #switch(): Promise<void> {
    const { chain, random } = this;
    const { left } = chain.branches;
    if (left.length > 0 && random.below(2) === 0) return void (await chain.switchTo(random.pick(left).name));
    const depth = random.below(Math.min(6, Number(chain.head.number) - 4));
    await chain.branch(`branch ${this.#names++}`, { depth });
  }
}

describe("a chain that is reorganised at random", () => {
  for (const mode of ["transaction", "storage"] as HistoryMode[])
    it(`is at the end the chain that was mined so from the start, and each branch stays as it was (${mode})`, async function () {
      this.timeout(1_800_000);
      const random = announced();
      for (let changes = 0; changes < CHANGES / 2;) {
        const story = await Story.begin(random, mode);
        const { chain, told } = story;
        while (story.changes < PER_CHAIN) await story.step();
        changes += story.changes;
        await expectSoundChain(chain);

        const twin = await forks.create({ history: mode, blocks: 0 });
        await heal({ from: chain, to: twin });
        expect(twin.head).to.deep.equal(chain.head);
        for (const [hash, before] of told) {
          expect(await story.telling(hash, chain.request), `block ${hash}`).to.deep.equal(before);
          const { number, timestamp, parentBeaconBlockRoot } = (before as { block: RawBlock }).block;
          if (chain.at(BigInt(number))?.hash !== hash) continue;
          expect(await story.telling(hash, twin.request), `block ${hash} of the twin`).to.deep.equal(before);
          expect(await beaconRootAt(chain, BigInt(timestamp))).to.equal(parentBeaconBlockRoot);
          if (BigInt(number) === chain.head.number) continue;
          expect(await history(chain, BigInt(number))).to.equal(hash);
          expect(await story.probe.getFunction("blockHash").staticCall(number)).to.equal(hash);
        }
        await twin.close();
        await chain.close();
      }
    });
});
