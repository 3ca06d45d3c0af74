import { expect } from "chai";

import { COLLATERAL, PREMIUM } from "../../scenarios/expiry.js";
import { finalityStall } from "../../scenarios/finalityStall.js";
import { reorgAcrossExpiry } from "../../scenarios/reorgAcrossExpiry.js";
import type { Step } from "../../scenarios/types.js";
import { UNIT } from "../../scenarios/world.js";
import { expectAccepted, replay } from "./replay.js";

/** The unguarded twin paid what the price at the expiry does not owe. The guarded one said why it does not. */
function expectUnpaid(step: Step, reason: RegExp): void {
  expect(step.legal, step.because).to.equal(false);
  expect(step.unguarded.says, "without the guard").to.match(/^Fixed at 2050, .* The holder got 10 ether\.$/);
  expect(step.guarded.executed, "with the guard").to.equal(false);
  expect(step.guarded.says).to.match(reason);
}

/** The guarded market fixed the price of the block that is final. On the other it had been fixed otherwise. */
function expectFixed(step: Step): void {
  expect(step.legal, step.because).to.equal(true);
  expect(step.unguarded.says).to.match(/^FixedAlready\(/);
  expect(step.guarded.executed, step.guarded.says).to.equal(true);
  expect(step.guarded.says).to.match(/^Fixed at 1950, .* The holder got 0 ether\.$/);
}

describe("scenario reorg-across-expiry", () => {
  const { result, step } = replay(reorgAcrossExpiry);

  it("SG-3: nothing is fixed on either branch before the block after the expiry is final", () => {
    expectUnpaid(step(/in the block after the expiry/), /^NotFinal\(\d+, 0\)$/);
    expectUnpaid(step(/tries again/), /^NotFinal\(\d+, 0\)$/);
  });

  it("SG-1, SG-9: the block that was dropped is refused when its height is final, with both hashes", () => {
    const { legal, guarded } = step(/presents the dropped block/);
    expect(legal).to.equal(false);
    expect(guarded.error).to.equal("HeaderHashMismatch");
    const [kept, dropped] = result().branches;
    const number = (result().measured?.["fixedIn"] ?? 0n) + 1n;
    const [claimed, actual] = [kept, dropped].map((on) => on?.blocks.find((block) => block.number === number)?.hash);
    expect(guarded.values).to.deep.equal({ number, claimed, actual });
    expect(claimed).not.to.equal(actual);
  });

  it("fixes by the state of the block at the expiry, on the branch that was kept", () => {
    expectFixed(step(/Bob fixes/));
  });

  it("leaves the writer of the unguarded market without his collateral, and the guarded one's whole", () => {
    expect(result().badDebt).to.deep.include({ unguarded: COLLATERAL, guarded: 0n });
  });
});

describe("scenario finality-stall", () => {
  const { result, step } = replay(finalityStall);

  it("SG-3: nothing is fixed while nothing is final, and everything when it is", () => {
    expectUnpaid(step(/Alice takes the payoff/), /^NotFinal\(\d+, 0\)$/);
    expectFixed(step(/A keeper fixes/));
    expect(result().badDebt).to.deep.include({ unguarded: COLLATERAL, guarded: 0n });
  });

  it("SG-19: who agree do not wait, and nobody waits for ever", () => {
    expectAccepted(step(/Carol and Bob/));
    const early = step(/at once/);
    expect([early.legal, early.guarded.executed]).to.deep.equal([false, false]);
    expectAccepted(step(/after 30 days/));
    expect(result().measured).to.deep.include({ split: 2n * UNIT, voided: PREMIUM });
  });
});
