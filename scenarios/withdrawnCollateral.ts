import { showL1Origin } from "../src/forks/index.js";
import type { Action, Scenario, ScenarioResult } from "./types.js";
import {
  L2_CHAIN_ID,
  closeBoth,
  deployCrossChain,
  lockForBoth,
  lockedFor,
  market,
  openOnBoth,
  proveForBoth,
  setL2Price,
  uncovered,
  vaultOf,
  type CrossChain,
  type L1Proof,
} from "./vault.js";
import { TWINS, UNIT, blocksOf, signersOf, type Twin } from "./world.js";

const COLLATERAL = 100n * UNIT;
const PRICE = UNIT;
/** In seconds: a little more than half of the vault's delay of a day. A proof backs a position for less. */
const HALF_A_DAY = 43_300;

/**
 * Collateral that was there, backed a position, and is gone. The canonical state says so by the
 * absence of a slot.
 */
export const withdrawnCollateral: Scenario = {
  id: "withdrawn-collateral",
  title: "The slot is zero",
  incident:
    "Synthetic: what every protocol fears that is backed by collateral elsewhere. A fully withdrawn balance is an absent slot, and most verifiers cannot prove absence.",

  async run(progress) {
    const { chains, first } = await collateralised(progress);
    progress("she withdraws on L1, and opens again on the L2 with a recent, honest state");
    await withdrawAll(chains);
    await chains.l1.mine(12);
    const origin = chains.l1.head.number;
    await showL1Origin({ l2: chains.l2, l1: chains.l1, number: origin });
    return settle(chains, {
      name: "Erin opens 400 more, with the state of L1 as it is",
      proofs: await proveForBoth(chains, "erin", origin - 8n, origin),
      first,
      because: `the canonical state of L1 holds no collateral of hers: the slot is absent.`,
      notes: [
        "Both markets are shown the same state. The one reads it; the other has what it was told before, and does not look.",
      ],
    });
  },
};

/** A proof that was true an hour ago. */
export const staleCollateral: Scenario = {
  id: "stale-collateral",
  title: "True an hour ago",
  incident: "Synthetic: the oldest state that still shows the collateral, presented when the collateral is leaving.",

  async run(progress) {
    const { chains, first } = await collateralised(progress);
    progress("she withdraws on L1, and opens on the L2 with the state of an hour ago");
    await withdrawAll(chains);
    await chains.l1.mine(300);
    const origin = chains.l1.head.number;
    await showL1Origin({ l2: chains.l2, l1: chains.l1, number: origin });
    return settle(chains, {
      name: "Erin opens 400 more, with a state of L1 from before she withdrew",
      proofs: first,
      first,
      because: `the state that she shows is ${origin - first.guarded.anchor.number} blocks old; since then her collateral has left.`,
      notes: [
        "The proof is sound and its block is canonical. It is refused by its age alone: 64 blocks are far less than the vault's delay of a day.",
      ],
    });
  },
};

/** Erin locks collateral for each of the markets, and opens a first position on both. */
async function collateralised(
  progress: (text: string) => void,
): Promise<{ chains: CrossChain; first: Record<Twin, L1Proof> }> {
  progress("erin locks collateral on L1 and opens on the L2");
  const chains = await deployCrossChain(PRICE);
  await chains.l1.mine(4);
  await lockForBoth(chains, "erin", COLLATERAL);
  await chains.l1.mine(12);
  const origin = chains.l1.head.number;
  await showL1Origin({ l2: chains.l2, l1: chains.l1, number: origin });
  const first = await proveForBoth(chains, "erin", origin - 8n, origin);
  const opened = await openOnBoth(chains, "erin", { size: 100n * UNIT, margin: 10n * UNIT, proofs: first });
  for (const { executed, says } of Object.values(opened))
    if (!executed) throw new RangeError(`the honest opening was refused: ${says}`);
  return { chains, first };
}

/** Erin requests all of it at once and takes it a day later. Before, her guarded position has ended, and Bob closes it. */
async function withdrawAll(chains: CrossChain): Promise<void> {
  const vault = await vaultOf(chains, "erin");
  for (const twin of TWINS) await vault.request(chains.markets[twin], L2_CHAIN_ID, COLLATERAL);
  await letHalfADayPass(chains);
  await (await market(chains, "guarded", "bob")).expire((await signersOf(chains.l2)).erin);
  await letHalfADayPass(chains);
  for (const twin of TWINS) await vault.release(chains.markets[twin], L2_CHAIN_ID);
}

async function letHalfADayPass({ l1, l2 }: CrossChain): Promise<void> {
  for (const chain of [l1, l2]) {
    await chain.stall({ seconds: HALF_A_DAY });
    await chain.mine();
  }
}

/** She opens more on both markets; the price falls, and what is left uncovered is counted. */
async function settle(
  chains: CrossChain,
  presented: {
    name: string;
    proofs: Record<Twin, L1Proof>;
    first: Record<Twin, L1Proof>;
    because: string;
    notes: string[];
  },
): Promise<ScenarioResult> {
  const { l1 } = chains;
  const { name, because, proofs, first, notes } = presented;
  const presentedAt = l1.head;
  const held = await lockedFor(chains, "guarded", "erin");
  const outcomes = await openOnBoth(chains, "erin", { size: 400n * UNIT, margin: 40n * UNIT, proofs });
  await setL2Price(chains, (PRICE * 9n) / 10n);
  const badDebt = await uncovered(chains, "erin");
  const action: Action = {
    name,
    signedAt: presentedAt,
    signedOn: "L1",
    anchor: proofs.guarded.anchor,
    presentedAt,
    presentedOn: "L1",
    legal: held >= 40n * UNIT,
    because,
    ...outcomes,
  };
  const branches = [{ name: "L1", fate: "canonical" as const, blocks: blocksOf(l1, first.guarded.anchor.number - 2n) }];
  await closeBoth(chains);
  return {
    branches,
    actions: [action],
    badDebt: { ...badDebt, unit: "ETH", decimals: 18 },
    notes: [
      ...notes,
      "Her first position, opened when the collateral was there, ended on the guarded market before the collateral could leave, and Bob closed it. The other market keeps it, and it loses 10 that nothing pays for.",
    ],
  };
}
