import { showL1Origin } from "../src/forks/index.js";
import type { CrossChain, L1Proof } from "./vault.js";
import type { Action, Scenario, ScenarioResult } from "./types.js";
import { closeBoth, deployCrossChain, openOn, proveOnL1, setL2Price, uncovered, vaultOf } from "./vault.js";
import { UNIT, blocksOf, ether, signersOf } from "./world.js";

const COLLATERAL = 100n * UNIT;
const PRICE = UNIT;
/** More than the vault's delay of a day, in seconds. */
const DAY_AND_MORE = 90_000;

/** Collateral that was there, backed a position, and is gone: the canonical state says so by the absence of a slot. */
export const withdrawnCollateral: Scenario = {
  id: "withdrawn-collateral",
  title: "The slot is zero",
  incident:
    "Synthetic: what every protocol fears that is backed by collateral elsewhere. A fully withdrawn balance is an absent slot, and most verifiers cannot prove absence.",

  async run(progress) {
    const { chains, first } = await collateralised(progress);
    progress("she withdraws on L1, and opens again on the L2 with a recent, honest state");
    const vault = await vaultOf(chains, "erin");
    await vault.request(COLLATERAL);
    await chains.l1.stall({ seconds: DAY_AND_MORE });
    await vault.release();
    await chains.l1.mine(12);
    const origin = chains.l1.head.number;
    await showL1Origin(chains.l2, chains.l1, origin);
    const proof = await proveOnL1(chains, "erin", origin - 8n, origin);
    return settle(chains, {
      name: "Erin adds 400 to her position, with the state of L1 as it is",
      proof,
      first,
      because: `the canonical state of L1 holds no collateral of hers: the slot is absent.`,
      notes: [
        "The proof is the same for both markets. The one reads it; the other has what it was told before, and does not look.",
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
    const vault = await vaultOf(chains, "erin");
    await vault.request(COLLATERAL);
    await chains.l1.stall({ seconds: DAY_AND_MORE });
    await vault.release();
    await chains.l1.mine(300);
    const origin = chains.l1.head.number;
    await showL1Origin(chains.l2, chains.l1, origin);
    return settle(chains, {
      name: "Erin adds 400 to her position, with a state of L1 from before she withdrew",
      proof: first,
      first,
      because: `the state that she shows is ${origin - first.anchor.number} blocks old; since then her collateral has left.`,
      notes: [
        "The proof is sound and its block is canonical. It is refused by its age alone: 64 blocks are far less than the vault's delay of a day.",
      ],
    });
  },
};

/** Erin locks her collateral, both markets accept it, and she opens a first position. */
async function collateralised(progress: (text: string) => void): Promise<{ chains: CrossChain; first: L1Proof }> {
  progress("erin locks collateral on L1 and opens on the L2");
  const chains = await deployCrossChain(PRICE);
  await chains.l1.mine(4);
  await (await vaultOf(chains, "erin")).lock({ value: COLLATERAL });
  await chains.l1.mine(12);
  const origin = chains.l1.head.number;
  await showL1Origin(chains.l2, chains.l1, origin);
  const first = await proveOnL1(chains, "erin", origin - 8n, origin);
  for (const twin of ["unguarded", "guarded"] as const) {
    const { executed, says } = await openOn(chains, twin, "erin", {
      size: 100n * UNIT,
      margin: 10n * UNIT,
      proof: first,
    });
    if (!executed) throw new RangeError(`the honest opening was refused: ${says}`);
  }
  return { chains, first };
}

/** She opens more on both markets; the price falls, and what is left uncovered is counted. */
async function settle(
  chains: CrossChain,
  presented: { name: string; proof: L1Proof; first: L1Proof; because: string; notes: string[] },
): Promise<ScenarioResult> {
  const { l1 } = chains;
  const presentedAt = l1.head;
  const held = await (await vaultOf(chains, "erin")).balances((await signersOf(l1)).erin);
  const more = { size: 400n * UNIT, margin: 40n * UNIT, proof: presented.proof };
  const outcomes = {
    unguarded: await openOn(chains, "unguarded", "erin", more),
    guarded: await openOn(chains, "guarded", "erin", more),
  };
  // What the first, legal position loses is lost on both markets; the scenario is about the second.
  const before = await uncovered(chains, "erin");
  await setL2Price(chains, (PRICE * 9n) / 10n);
  const after = await uncovered(chains, "erin");
  const legalLoss = after.guarded - before.guarded;
  const action: Action = {
    name: presented.name,
    signedAt: presentedAt,
    signedOn: "L1",
    anchor: presented.proof.anchor,
    presentedAt,
    presentedOn: "L1",
    legal: held >= 50n * UNIT,
    because: presented.because,
    ...outcomes,
  };
  const branches = [
    { name: "L1", fate: "canonical" as const, blocks: blocksOf(l1, presented.first.anchor.number - 2n) },
  ];
  await closeBoth(chains);
  return {
    branches,
    actions: [action],
    badDebt: { unguarded: after.unguarded - legalLoss, guarded: after.guarded - legalLoss, unit: "ETH", decimals: 18 },
    notes: [
      ...presented.notes,
      `Her first position, opened when the collateral was there, loses ${ether(legalLoss)} on both markets: a proof is not a reservation, and a market must close what it sees uncovered before the vault's delay ends.`,
    ],
  };
}
