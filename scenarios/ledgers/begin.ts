import type { HardhatChain } from "../../src/hardhat/index.js";
import { LedgerTree } from "../../src/ledger/tree.js";
import { forks } from "../world.js";
import { KeptLedger } from "./kept.js";
import { BESIDE, LedgerMarkets, standardRules, type Setup } from "./markets.js";
import { LedgerStory } from "./story.js";

/** Both markets on a chain, with their ledgers, and who tells what happens to them. */
export interface Beginning {
  readonly chain: HardhatChain;
  readonly markets: LedgerMarkets;
  readonly story: LedgerStory;
  /** Of the market that the scenario is about. */
  readonly ledger: KeptLedger;
  /** Of the market beside it. */
  readonly beside: KeptLedger;
}

/** Deploys both markets. The ledgers say what the chain says, and are on record. */
export async function begin(chain: HardhatChain, setup: Setup): Promise<Beginning> {
  const markets = await LedgerMarkets.deploy(chain, setup);
  const isStandard = (setup.rules ?? standardRules) === standardRules;
  const tree = isStandard ? await markets.treeOf(setup.balances) : new LedgerTree();
  const ledger = new KeptLedger(markets, tree, "ETH-PERP", [...(setup.owners ?? [])]);
  const beside = new KeptLedger(markets, await markets.treeOf(BESIDE), "BTC-PERP");
  for (const kept of [ledger, beside]) await kept.commit();
  return { chain, markets, story: new LedgerStory(markets), ledger, beside };
}

/** As {@link begin}, on the first of several nodes, which part afterwards. */
export async function beginApart(
  names: readonly string[],
  setup: (chain: HardhatChain) => Setup | Promise<Setup>,
): Promise<{ first: Beginning; others: LedgerMarkets[] }> {
  let first: Beginning | undefined;
  const prepare = async (chain: HardhatChain): Promise<void> => {
    first = await begin(chain, await setup(chain));
  };
  const chains = await forks.partition({ names, commonBlocks: 5, prepare });
  if (first === undefined) throw new RangeError("no partition");
  const { markets } = first;
  return { first, others: await Promise.all(chains.slice(1).map((chain) => markets.on(chain))) };
}
