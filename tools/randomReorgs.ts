import { expect } from "chai";

import { toQuantity, toWord, type Hex } from "../src/core/bytes.js";
import {
  SimulatedChain,
  heal,
  type ChainFactory,
  type ChainOptions,
  type HistoryMode,
  type ReorgOptions,
} from "../src/forks/index.js";
import { BranchProbe__factory } from "../typechain-types/index.js";
import { beaconRootAt, expectSoundChain, history, type RawBlock } from "./forks.js";
import type { Random } from "./random.js";

const PER_CHAIN = 10;
const GAS = toQuantity(1_000_000);
const PROBE = BranchProbe__factory.createInterface();

/** A campaign: chains that are reorganised at random. */
export interface Campaign<Tools> {
  readonly factory: ChainFactory<Tools>;
  readonly random: Random;
  /** Changes of the branch, in all. */
  readonly changes: number;
  /** How the history contract is filled. Default: the simulator's own. */
  readonly mode?: HistoryMode;
}

/**
 * Reorganises chains at random, ten changes of the branch each. In the end each must be the chain that was mined so from the start. Every block
 * that was ever its head must tell what it told then, and contracts must see the branch.
 */
export async function reorganizeAtRandom<Tools>({ factory, random, changes, mode }: Campaign<Tools>): Promise<void> {
  const options: ChainOptions = mode === undefined ? {} : { history: mode };
  for (let done = 0; done < changes;) {
    const story = await Story.begin(await SimulatedChain.create(factory, options), random, mode);
    while (story.changes < PER_CHAIN) await story.step();
    done += story.changes;
    const twin = await SimulatedChain.create(factory, { ...options, blocks: 0 });
    await expectAsTold(story, twin);
    await twin.close();
    await story.chain.close();
  }
}

async function expectAsTold<Tools>(story: Story<Tools>, twin: SimulatedChain<Tools>): Promise<void> {
  const { chain, told } = story;
  await expectSoundChain(chain);
  await heal({ from: chain, to: twin });
  expect(twin.head).to.deep.equal(chain.head);
  for (const [hash, before] of told) {
    expect(await story.telling(hash, chain.request), `block ${hash}`).to.deep.equal(before);
    const { block } = before as { block: RawBlock };
    const number = BigInt(block.number);
    if (chain.at(number)?.hash !== hash) continue;
    expect(await story.telling(hash, twin.request), `block ${hash} of the twin`).to.deep.equal(before);
    const { timestamp, parentBeaconBlockRoot: root } = block;
    // Where the client knows of no beacon chain, nobody fills EIP-4788's contract.
    expect(await beaconRootAt(chain, BigInt(timestamp))).to.equal(BigInt(root) === 0n ? "0x" : root);
    if (number === chain.head.number) continue;
    expect(await history(chain, number)).to.equal(hash);
    const call = { to: story.probe, data: PROBE.encodeFunctionData("blockHash", [number]) };
    expect(await story.ask("eth_call", call, "latest")).to.equal(hash);
  }
}

/** A chain, and what each block told while it was the head. It is kept to be asked again. */
class Story<Tools> {
  readonly told = new Map<Hex, unknown>();
  changes = 0;
  #names = 0;

  private constructor(
    readonly chain: SimulatedChain<Tools>,
    readonly probe: Hex,
    readonly senders: readonly string[],
    readonly random: Random,
    readonly mode: HistoryMode | undefined,
  ) {}

  static async begin<Tools>(
    chain: SimulatedChain<Tools>,
    random: Random,
    mode: HistoryMode | undefined,
  ): Promise<Story<Tools>> {
    const ask = (method: string, ...params: unknown[]) => chain.request({ method, params });
    const senders = ((await ask("eth_accounts")) as string[]).slice(0, 3);
    const creation = { from: senders[0], data: BranchProbe__factory.bytecode, gas: GAS };
    const hash = await ask("eth_sendTransaction", creation);
    const { contractAddress } = (await ask("eth_getTransactionReceipt", hash)) as { contractAddress: Hex };
    return new Story(chain, contractAddress, senders, random, mode);
  }

  ask = (method: string, ...params: unknown[]): Promise<unknown> => this.chain.request({ method, params });

  async step(): Promise<void> {
    const { chain, random } = this;
    // The block of the probe's deployment stays.
    const kind = chain.head.number < 8n ? 4 : random.below(10);
    if (random.below(3) === 0) await this.#foresee();
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
  async telling(hash: Hex, request: SimulatedChain["request"]): Promise<unknown> {
    const at = { blockHash: hash };
    const ask = (method: string, ...params: unknown[]) => request({ method, params });
    const block = (await ask("eth_getBlockByHash", hash, false)) as { number: Hex; parentHash: Hex };
    return {
      block,
      receipts: await ask("eth_getBlockReceipts", at),
      logs: await ask("eth_getLogs", at),
      // In storage mode the child's hash of its parent is written into the parent's state.
      ...(this.mode === "storage" ? {} : { proof: await ask("eth_getProof", this.probe, [toWord(0n)], at) }),
      nonces: await Promise.all(this.senders.map((sender) => ask("eth_getTransactionCount", sender, at))),
      balances: await Promise.all(this.senders.map((sender) => ask("eth_getBalance", sender, at))),
    };
  }

  async #send(): Promise<void> {
    const { random } = this;
    const from = random.pick(this.senders);
    const value = random.below(100);
    const data =
      random.below(2) === 0
        ? PROBE.encodeFunctionData("set", [value])
        : PROBE.encodeFunctionData("log", [[value, value + 1]]);
    await this.ask("eth_sendTransaction", { from, to: this.probe, data, gas: GAS });
  }

  async #mine(): Promise<void> {
    const { chain, random, mode } = this;
    const count = 1 + random.below(4);
    const way = random.below(4);
    if (way === 0) await chain.mine(count, { history: mode === "storage" ? "at-end" : "each" });
    else if (way === 1) await chain.mine(count);
    else await this.ask("hardhat_mine", toQuantity(count), ...(way === 2 ? [] : [toQuantity(13)]));
  }

  /** What makes the simulator write for the next block, which then comes at another time, or not at once. */
  async #foresee(): Promise<void> {
    const { chain, random } = this;
    const call = { from: this.senders[0], to: this.probe, data: PROBE.encodeFunctionData("set", [1n]), gas: GAS };
    if (random.below(2) === 0) await this.ask("eth_call", call, "pending");
    else
      expect(await this.ask("eth_sendTransaction", { ...call, nonce: "0x0" }).catch(() => "refused")).to.equal(
        "refused",
      );
    if (random.below(2) === 0) await chain.stall({ seconds: 13 + random.below(100) });
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
