import { showL1Origin } from "../src/forks/index.js";
import type { Scenario } from "./types.js";
import { closeBoth, deployCrossChain, openOn, proveOnL1, setL2Price, uncovered, vaultOf } from "./vault.js";
import { UNIT, blockAt, blocksOf, ether, signersOf } from "./world.js";

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
    const bob = await vaultOf(chains, "bob");
    await bob.lock({ value: COLLATERAL });
    await l1.mine(10);

    progress("erin deposits, and both chains see it");
    const lastCommon = l1.head.number;
    await (await vaultOf(chains, "erin")).lock({ value: COLLATERAL });
    await l1.mine(1);
    const signedAt = l1.head;
    const deposited = lastCommon + 1n;
    const phantom = await proveOnL1(chains, "erin", deposited, signedAt.number);
    await showL1Origin(l2, l1, signedAt.number);
    const abandoned = blocksOf(l1, lastCommon - 9n);

    progress("L1 drops the deposit; the L2 still shows the dropped block");
    await l1.reorg({ depth: 2, extra: 1, seed: "phantom-deposit", transactions: "drop" });
    const locked = await (await vaultOf(chains, "erin")).balances((await signersOf(l1)).erin);
    const open = { size: SIZE, margin: COLLATERAL, proof: phantom };
    const unguarded = await openOn(chains, "unguarded", "erin", open);
    const behind = { unguarded, guarded: await openOn(chains, "guarded", "erin", open) };

    progress("the L2 follows; the proof is presented again");
    await l1.mine(10);
    await showL1Origin(l2, l1, l1.head.number);
    const headers = (await proveOnL1(chains, "bob", deposited, l1.head.number)).headers;
    const retry = { ...open, proof: { ...phantom, headers } };
    const followed = { unguarded, guarded: await openOn(chains, "guarded", "erin", retry) };

    progress("bob's deposit is deep enough on both branches");
    const bobAnchor = l1.head.number - 12n;
    const bobProof = await proveOnL1(chains, "bob", bobAnchor, l1.head.number);
    const bobOpen = { size: UNIT, margin: UNIT, proof: bobProof };
    const bobOutcomes = {
      unguarded: await openOn(chains, "unguarded", "bob", bobOpen),
      guarded: await openOn(chains, "guarded", "bob", bobOpen),
    };
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
      anchor: phantom.anchor,
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
          presentedAt: blockAt(l1, lastCommon + 3n),
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
          anchor: bobProof.anchor,
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
