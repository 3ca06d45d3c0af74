import { showL1Origin } from "../src/forks/index.js";
import type { Scenario } from "./types.js";
import {
  closeBoth,
  deployCrossChain,
  lockForBoth,
  lockedFor,
  openOn,
  openOnBoth,
  proveForBoth,
  setL2Price,
  uncovered,
} from "./vault.js";
import { UNIT, blocksOf, ether } from "./world.js";

const COLLATERAL = 100n * UNIT;
const PRICE = UNIT; // one ether per unit
const SIZE = 900n * UNIT;

/** A deposit that L1 dropped: the L2 has followed, or it still shows the dropped block. */
export const phantomDeposit: Scenario = {
  id: "phantom-deposit",
  title: "Collateral that L1 dropped",
  incident:
    "On 22 March 2024 a reorg of one or two blocks of L1 dropped a deposit to Polygon zkEVM, whose synchroniser kept the state it had seen: for hours the network's state was not the published one.",

  async run(progress) {
    const chains = await deployCrossChain(PRICE);
    const { l1, l2 } = chains;
    await l1.mine(12);
    await lockForBoth(chains, "bob", COLLATERAL);
    await l1.mine(10);

    progress("erin deposits, and both chains see it");
    const lastCommon = l1.head.number;
    await lockForBoth(chains, "erin", COLLATERAL);
    const deposited = l1.head.number;
    await l1.mine(1);
    const signedAt = l1.head;
    const phantom = await proveForBoth(chains, "erin", deposited, signedAt.number);
    await showL1Origin({ l2, l1, number: signedAt.number });
    const abandoned = blocksOf(l1, lastCommon - 9n);

    progress("L1 drops the deposit; the L2 still shows the dropped block");
    await l1.reorg({
      depth: Number(signedAt.number - lastCommon),
      extra: 1,
      seed: "phantom-deposit",
      keep: false,
    });
    const afterReorg = l1.head;
    const locked = await lockedFor(chains, "guarded", "erin");
    const open = { size: SIZE, margin: COLLATERAL };
    const behind = await openOnBoth(chains, "erin", { ...open, proofs: phantom });

    progress("the L2 follows; the proof is presented again");
    await l1.mine(10);
    await showL1Origin({ l2, l1, number: l1.head.number });
    const { headers } = (await proveForBoth(chains, "bob", deposited, l1.head.number)).guarded;
    const retry = { ...open, proof: { ...phantom.guarded, headers } };
    const followed = { ...behind, guarded: await openOn(chains, "guarded", "erin", retry) };

    progress("bob's deposit is deep enough on both branches");
    const bobAnchor = l1.head.number - 12n;
    const bobProofs = await proveForBoth(chains, "bob", bobAnchor, l1.head.number);
    const bobOutcomes = await openOnBoth(chains, "bob", { size: UNIT, margin: UNIT, proofs: bobProofs });
    const presentedAt = l1.head;

    progress("the price falls by a tenth");
    await setL2Price(chains, (PRICE * 9n) / 10n);
    const badDebt = await uncovered(chains, "erin");

    const branches = [
      { name: "L1 after the reorg", fate: "canonical" as const, blocks: blocksOf(l1, lastCommon - 9n) },
      { name: "L1 before the reorg", fate: "abandoned" as const, blocks: abandoned },
    ];
    const place = {
      signedAt,
      signedOn: "L1 before the reorg",
      anchor: phantom.guarded.anchor,
      presentedOn: "L1 after the reorg",
    };
    const illegal = {
      legal: false,
      because: `erin's collateral on L1 is ${ether(locked)}: the block that held her deposit is gone.`,
    };
    const result = {
      branches,
      actions: [
        {
          name: "Erin opens 900 while the L2 still shows the dropped block: only the depth below the source refuses it",
          ...place,
          presentedAt: afterReorg,
          ...illegal,
          ...behind,
        },
        {
          name: "Erin tries again when the L2 has followed: the hash of her block is another now",
          ...place,
          presentedAt,
          ...illegal,
          ...followed,
        },
        {
          name: "Bob opens 1 against a deposit that is deep enough",
          signedAt: presentedAt,
          signedOn: "L1 after the reorg",
          anchor: bobProofs.guarded.anchor,
          presentedAt,
          presentedOn: "L1 after the reorg",
          legal: true,
          because: `bob's collateral on L1 is ${ether(COLLATERAL)}.`,
          ...bobOutcomes,
        },
      ],
      badDebt: { ...badDebt, unit: "ETH", decimals: 18 },
      notes: [
        "A source that still shows a dropped block cannot be contradicted from the L2: a minimum depth below it is what bounds the damage.",
      ],
    };
    await closeBoth(chains);
    return result;
  },
};
