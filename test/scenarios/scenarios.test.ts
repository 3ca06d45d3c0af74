import { expect } from "chai";

import { beacon7 } from "../../scenarios/beacon7.js";
import { ethpowReplay } from "../../scenarios/ethpowReplay.js";
import { infuraMinorityFork } from "../../scenarios/infuraMinorityFork.js";
import { keeperKeyReuse } from "../../scenarios/keeperKeyReuse.js";
import { phantomDeposit } from "../../scenarios/phantomDeposit.js";
import { polygon157 } from "../../scenarios/polygon157.js";
import { tamperedStateRoot } from "../../scenarios/tamperedStateRoot.js";
import { staleCollateral, withdrawnCollateral } from "../../scenarios/withdrawnCollateral.js";
import type { Action, ScenarioResult } from "../../scenarios/types.js";
import { expectAccepted, replay } from "./replay.js";

/** The guard named the block of the other branch, with both hashes. They are those that the two nodes report. */
function expectMismatch(action: Action, result: ScenarioResult): void {
  expect(action.legal).to.equal(false);
  expect(action.unguarded.executed, "without the guard").to.equal(true);
  expect(action.guarded.executed, "with the guard").to.equal(false);
  expect(action.guarded.error).to.equal("AnchorMismatch");
  const presented = result.branches.find(({ name }) => name.startsWith(action.presentedOn));
  const own = presented?.blocks.find(({ number }) => number === action.anchor.number);
  expect(action.guarded.values).to.deep.equal({
    number: action.anchor.number,
    claimed: action.anchor.hash,
    actual: own?.hash,
  });
  expect(own?.hash).not.to.equal(action.anchor.hash);
}

describe("scenario infura-minority-fork", () => {
  const { result, action } = replay(infuraMinorityFork);

  it("SG-1, F1, F6: an order signed on the minority branch is refused on the majority branch, with both hashes", () => {
    expectMismatch(action(/Alice/), result());
  });

  it("leaves the unguarded exchange with bad debt, and the guarded one with none", () => {
    // 10 sold at 2,100 and bought back at 2,600 lose 5,000; her margin was 3,000.
    expect(result().badDebt.unguarded).to.equal(2_000n * 10n ** 18n);
    expect(result().badDebt.guarded).to.equal(0n);
  });

  it("accepts an order whose anchor lies before the split, although its author was already on the minority branch", () => {
    const { anchor, signedAt } = action(/Bob/);
    expect(signedAt.number - anchor.number).to.equal(2n);
    expectAccepted(action(/Bob/));
  });

  it("H10: the branches share every block up to the split and none after it", () => {
    const [majority, minority] = result().branches;
    const split = 30n;
    for (const { number, hash } of majority?.blocks ?? []) {
      const other = minority?.blocks.find((block) => block.number === number);
      if (other !== undefined) expect(other.hash === hash, `block ${number}`).to.equal(number <= split);
    }
  });
});

describe("scenario keeper-key-reuse", () => {
  const { result, action } = replay(keeperKeyReuse);

  it("SG-9: the keeper's transaction for order 1 does not execute the order that took its number", () => {
    expectMismatch(action(/order 1/), result());
  });

  it("leaves the unguarded queue with bad debt, and the guarded one with none", () => {
    // 0.1% of 1,000,000 is 1,000; the margin was 1.
    expect(result().badDebt.unguarded).to.equal(999n * 10n ** 18n);
    expect(result().badDebt.guarded).to.equal(0n);
  });
});

describe("scenario polygon-157", () => {
  const { result, action } = replay(polygon157);

  it("F3: 32 confirmations do not survive a reorg of 157 blocks, and the guard says so", () => {
    expectMismatch(action(/Alice/), result());
    const [after, before] = result().branches;
    const replaced = before?.blocks.filter(
      ({ number, hash }) => after?.blocks.find((block) => block.number === number)?.hash !== hash,
    );
    expect(replaced).to.have.length(157);
  });

  it("leaves the unguarded exchange with bad debt, and the guarded one with none", () => {
    // The pool owed Alice 10 x (2,000 - 1,000); it held 5,000, and Bob's loss of 1,000.
    expect(result().badDebt.unguarded).to.equal(4_000n * 10n ** 18n);
    expect(result().badDebt.guarded).to.equal(0n);
  });

  it("accepts an order anchored below the reorg", () => {
    const { anchor, signedAt } = action(/Bob/);
    expect(signedAt.number - anchor.number).to.equal(157n);
    expectAccepted(action(/Bob/));
  });
});

describe("scenario beacon-7", () => {
  const { result, action } = replay(beacon7);

  it("refuses an order anchored two blocks deep after a reorg of seven", () => {
    expectMismatch(action(/Alice/), result());
  });

  it("leaves the unguarded exchange with bad debt, and the guarded one with none", () => {
    // 20 bought at 2,000 and settled at 1,700 lose 6,000; her margin was 4,500.
    expect(result().badDebt.unguarded).to.equal(1_500n * 10n ** 18n);
    expect(result().badDebt.guarded).to.equal(0n);
  });

  it("SG-9: a reorg shallower than the anchor leaves an order good", () => {
    const { anchor, signedAt } = action(/Bob/);
    expect(signedAt.number - anchor.number).to.equal(8n);
    expectAccepted(action(/Bob/));
  });
});

describe("scenario ethpow-replay", () => {
  const { result, action } = replay(ethpowReplay);

  it("F13: with a new chain id, a claim anchored after the split is refused by its anchor", () => {
    expectMismatch(action(/New chain id, claim signed after/), result());
  });

  it("SG-10, F15: with a new chain id, a claim anchored before the split is refused by the live domain", () => {
    const claim = action(/New chain id, claim signed before/);
    expect(claim.unguarded.executed, "a cached chain id").to.equal(true);
    expect(claim.guarded.executed, "a live chain id").to.equal(false);
    expect(claim.guarded.says).to.match(/^SignerMismatch\(/);
  });

  it("F14: with the old chain id, the anchor alone refuses", () => {
    expectMismatch(action(/Same chain id/), result());
  });

  it("pays three times what was owed without the guard, and never with it", () => {
    expect(result().badDebt.unguarded).to.equal(600n * 10n ** 18n);
    expect(result().badDebt.guarded).to.equal(0n);
  });
});

describe("scenario tampered-state-root", () => {
  const { result, action } = replay(tamperedStateRoot);

  it("SG-1: a false state root under a canonical number and hash is refused, with both roots", () => {
    const erin = action(/Erin/);
    expect(erin.legal).to.equal(false);
    expect(erin.unguarded.executed, "without the guard").to.equal(true);
    expect(erin.guarded.executed, "with the guard").to.equal(false);
    expect(erin.guarded.error).to.equal("StateRootMismatch");
    expect(erin.guarded.values).to.include({ number: erin.anchor.number });
    expect(erin.guarded.values?.["claimed"]).not.to.equal(erin.guarded.values?.["actual"]);
  });

  it("lends nothing against a made-up state with the guard", () => {
    expect(result().badDebt.unguarded).to.equal(250n * 10n ** 18n);
    expect(result().badDebt.guarded).to.equal(0n);
  });

  it("lends against the true state of the very same block", () => {
    expectAccepted(action(/Bob/));
  });
});

describe("scenario phantom-deposit", () => {
  const { result, action } = replay(phantomDeposit);

  it("C11, F8: while the source still shows the dropped block, only the depth below it refuses the proof", () => {
    const behind = action(/still shows/);
    expect(behind.legal).to.equal(false);
    expect(behind.unguarded.executed, "without the guard").to.equal(true);
    expect(behind.guarded.error).to.equal("AnchorTooShallow");
    expect(behind.guarded.values).to.deep.equal({
      number: behind.anchor.number,
      head: behind.signedAt.number,
      minDepth: 8n,
    });
  });

  it("F19: when the source has followed, the proof of the dropped block matches no block", () => {
    expectMismatch(action(/has followed/), result());
  });

  it("credits what is deep enough, and leaves bad debt only without the guard", () => {
    expectAccepted(action(/Bob/));
    // 900 bought at 1 and worth 0.9 lose 90; her collateral on L1 is none.
    expect(result().badDebt).to.deep.include({ unguarded: 90n * 10n ** 18n, guarded: 0n });
  });
});

describe("scenario withdrawn-collateral", () => {
  const { result, action } = replay(withdrawnCollateral);

  it("SG-3: an absent slot is a proven zero, which contradicts the belief, with both values", () => {
    const erin = action(/Erin/);
    expect(erin.legal).to.equal(false);
    expect(erin.unguarded.executed, "without the guard").to.equal(true);
    expect(erin.guarded.error).to.equal("SlotBelow");
    expect(erin.guarded.values).to.include({ believed: 40n * 10n ** 18n, actual: 0n });
  });

  it("SG-13, A7: leaves bad debt only without the guard: there her first position has outlived its backing, too", () => {
    // 500 bought at 1 and worth 0.9 lose 50; her collateral on L1 is none.
    expect(result().badDebt).to.deep.include({ unguarded: 50n * 10n ** 18n, guarded: 0n });
  });
});

describe("scenario stale-collateral", () => {
  const { result, action } = replay(staleCollateral);

  it("SG-13, F17: a sound proof of a canonical block is refused by its age", () => {
    const erin = action(/Erin/);
    expect(erin.legal).to.equal(false);
    expect(erin.unguarded.executed, "without the guard").to.equal(true);
    expect(erin.guarded.error).to.equal("AnchorTooDeep");
    expect(erin.guarded.values).to.include({ number: erin.anchor.number, maxDepth: 64n });
  });

  it("SG-13, A7: leaves bad debt only without the guard: there her first position has outlived its backing, too", () => {
    // 500 bought at 1 and worth 0.9 lose 50; her collateral on L1 is none.
    expect(result().badDebt).to.deep.include({ unguarded: 50n * 10n ** 18n, guarded: 0n });
  });
});
