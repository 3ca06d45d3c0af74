import { expect } from "chai";

import { arbOutage } from "../../scenarios/arbOutage.js";
import { timeWithBlocks, timedBlocksOf } from "../../scenarios/continuity.js";
import { flapping } from "../../scenarios/flapping.js";
import { honestRedemption } from "../../scenarios/honestRedemption.js";
import { marketIsolation } from "../../scenarios/marketIsolation.js";
import { opUnsafeStall } from "../../scenarios/opUnsafeStall.js";
import { quietNight } from "../../scenarios/quietNight.js";
import { staleResume } from "../../scenarios/staleResume.js";
import { MARKET, UNIT, forks } from "../../scenarios/world.js";
import type { Step } from "../../scenarios/types.js";
import { ACTIONS, STATUSES, type Action, type Status } from "../../src/policy/policy.js";
import { expectAccepted, replay } from "./replay.js";

/**
 * The unguarded twin let through what was not legal. The guarded one refused it, and said which action, where, and in
 * which status.
 */
function expectDenied(step: Step, action: Action, status: Status): void {
  expect(step.legal, step.because).to.equal(false);
  expect(step.unguarded.executed, "without the guard").to.equal(true);
  expect(step.guarded.executed, "with the guard").to.equal(false);
  expect(step.guarded.error).to.equal("ActionDenied");
  expect(step.guarded.values).to.deep.equal({
    scope: MARKET,
    action: BigInt(ACTIONS.indexOf(action)),
    status: BigInt(STATUSES.indexOf(status)),
  });
}

/**
 * As above for a liquidation, with the account's health in two views. They are the worst and the best for it, in
 * percent, cut off.
 */
function expectSpared(step: Step, status: Status, worst: number, best: number): void {
  expect(step.legal, step.because).to.equal(false);
  expect(step.unguarded.executed, "without the guard").to.equal(true);
  expect(step.guarded.executed, "with the guard").to.equal(false);
  expect(step.guarded.error).to.equal("LiquidationDenied");
  const { worstHealth, bestHealth, ...rest } = step.guarded.values ?? {};
  expect(rest).to.deep.equal({ scope: MARKET, status: BigInt(STATUSES.indexOf(status)) });
  const percent = (health: bigint | string | undefined): number => Number(BigInt(health ?? 0) / 10n ** 16n);
  expect([percent(worstHealth), percent(bestHealth)]).to.deep.equal([worst, best]);
}

describe("the scenarios' clock", () => {
  it("counts a standstill as one slow block, and blocks as what they took", async () => {
    const chain = await forks.create();
    await chain.mine(3);
    const since = chain.head.number;
    await chain.stall({ seconds: 3_600 });
    await chain.mine(5); // one after an hour, and four of 12 s
    expect(await timeWithBlocks(chain, since)).to.equal(24 + 4 * 12);
    const times = (await timedBlocksOf(chain, since)).map(({ time }) => time ?? 0);
    expect((times[1] ?? 0) - (times[0] ?? 0)).to.equal(3_600);
    await chain.close();
  });
});

describe("scenario arb-outage", () => {
  const { result, step } = replay(arbOutage);

  it("SG-6: an account whose owner could not top up is not liquidated, Stale or in the grace", () => {
    // 2,500 and a loss of 1,600 on 10 at 1,840: 900 of 920. At the price before: 2,500 of 1,000.
    expectSpared(step(/liquidates Alice/), "Stale", 97, 250);
    expectSpared(step(/liquidates Frank/), "Lagging", 97, 250);
  });

  it("SG-6, B6: a deposit is open meanwhile, and saves the account", () => {
    expectAccepted(step(/Alice tops up/));
    // Without the guard she realised the loss of 1,600; the price came back.
    expect(result().badDebt).to.deep.include({ unguarded: 1_600n * UNIT, guarded: 0n });
  });

  it("SG-6: a deeply insolvent account is liquidated at once", () => {
    expectAccepted(step(/liquidates Bob/));
  });

  it("opens nothing and pays nothing out while Stale", () => {
    expectDenied(step(/signed before the outage/), "Increase", "Stale");
    expectDenied(step(/takes the profit out at once/), "Withdraw", "Stale");
  });

  it("closes at once, keeps the profit, and pays it when the market is no longer Stale", () => {
    expectAccepted(step(/Carol closes/));
    expectAccepted(step(/Carol claims/));
    // 5 sold at 2,000 and bought back at 1,840, on a margin of 5,000.
    expect(result().measured).to.deep.equal({ escrowed: 800n * UNIT, claimed: 5_800n * UNIT });
  });

  it("SG-7: is as before after the grace, by the clock alone", () => {
    expectAccepted(step(/Dave signs his sale anew/));
    expectAccepted(step(/liquidates Erin/));
    expect(result().events?.map(({ text }) => text)).to.include.members(["Lagging", "Synced"]);
  });
});

describe("scenario quiet-night", () => {
  const { result, step } = replay(quietNight);

  it("SG-8: is Synced in the first block after an outage that the quiet before it hides", () => {
    const { hidden, outage } = result().measured ?? {};
    expect(outage, "the outage is below what a quiet day hides").to.be.lessThan(hidden ?? 0n);
    expect(result().measured?.["before"]).to.equal(BigInt(STATUSES.indexOf("Synced")));
  });

  it("A5: two headers prove the standstill, and what is Stale refuses an old price", () => {
    expect(result().measured?.["after"]).to.equal(BigInt(STATUSES.indexOf("Stale")));
    expectDenied(step(/Erin sells/), "Increase", "Stale");
    // 1,970 and a loss of 1,000 on 10 at 2,000: 970 of 1,000. At 1,900, the price before: 1,970 of 950.
    expectSpared(step(/liquidates Bob/), "Stale", 97, 207);
  });

  it("A5: shows an outage above what a quiet day hides to the first who looks, without a proof", () => {
    expect(result().measured?.["longer"]).to.equal(BigInt(STATUSES.indexOf("Stale")));
  });

  it("SG-7: is as before after Stale and the grace", () => {
    expectAccepted(step(/Erin sells 40 at the fresh price/));
    expectAccepted(step(/liquidates Dave/));
  });
});

describe("scenario stale-resume", () => {
  const { result, step } = replay(staleResume);

  it("refuses an opening at a price that is eight hours old", () => {
    expectDenied(step(/sells 40 at the old one/), "Increase", "Stale");
  });

  it("SG-6: liquidates nobody at the old price, nor at once at the fresh one", () => {
    // 1,970 and a loss of 1,000 on 10 at 2,000. That is 970 of 1,000, in both views, for the feed says it twice.
    expectSpared(step(/liquidates Bob/), "Stale", 97, 97);
    // 2,820 and a loss of 2,000 on 10 at 1,700: 820 of 850. At 2,000: 3,820 of 1,000.
    expectSpared(step(/liquidates Carol/), "Stale", 96, 382);
  });

  it("SG-7: opens and liquidates again at the fresh price, after Stale and after the grace", () => {
    expectAccepted(step(/sells 40 at the fresh price/));
    expectAccepted(step(/liquidates Dave/));
  });

  it("leaves the difference with the pool and with the trader", () => {
    // 40 sold at 2,000 and bought back at 1,700; and 10 bought back at 2,000 that are worth 1,700.
    expect(result().badDebt).to.deep.include({ unguarded: (12_000n + 3_000n) * UNIT, guarded: 0n });
  });
});

describe("scenario op-unsafe-stall", () => {
  const { result, step } = replay(opUnsafeStall);

  it("sees by the L1 origin what block times do not show", () => {
    const { longestPause, seen } = result().measured ?? {};
    expect(longestPause).to.equal(2n);
    expect(seen).to.equal(BigInt(STATUSES.indexOf("Stale")));
    expectSpared(step(/liquidates Alice/), "Stale", 97, 250);
    expectDenied(step(/Carol buys 1 while/), "Increase", "Stale");
  });

  it("SG-6, SG-7: lets the owner top up, and is as before after the grace", () => {
    expectAccepted(step(/Alice tops up/));
    expectAccepted(step(/Carol buys 1 in the grace/));
    expectAccepted(step(/liquidates Bob/));
    expect(result().badDebt).to.deep.include({ unguarded: 1_600n * UNIT, guarded: 0n });
  });

  it("does not see a stall through which the L1 origin was kept in step, and says so", () => {
    expect(result().measured?.["unseen"]).to.equal(BigInt(STATUSES.indexOf("Synced")));
    expect(result().notes.join("\n")).to.match(/What the guard cannot see/);
  });
});

describe("scenario flapping", () => {
  const { result, step } = replay(flapping);

  it("refuses every trade on an old price, between the first two outages as between the last", () => {
    expectDenied(step(/after outage 1$/), "Increase", "Stale");
    expectDenied(step(/after outage 8$/), "Increase", "Stale");
    expect(result().measured?.["refused"]).to.equal(8n);
    // 10 at 60 a piece, eight times.
    expect(result().badDebt).to.deep.include({ unguarded: 8n * 600n * UNIT, guarded: 0n });
  });

  it("SG-7: does not oscillate: a status that is down stays down while outages come closer than Stale lasts", () => {
    const { changes, naive, openBetween, openedAfter, outages } = result().measured ?? {};
    // Down once. Up to Lagging and down again in each but the last of the four longer pauses between outages. Then
    // Lagging, and Synced.
    expect(changes).to.equal(1n + 2n * 3n + 2n);
    expect(naive, "with no memory").to.be.greaterThan(50n);
    expect(outages).to.be.greaterThan(90n);
    // Ten minutes is what Stale lasts; the outages are eight minutes of blocks apart.
    expect(openBetween, "blocks between two close outages at which an opening was open").to.equal(0n);
    expect(openedAfter).to.equal(600n);
  });

  it("SG-6, SG-7: closes no exit for more than a day of outages, and pays what waited when the market is no longer Stale", () => {
    const { closed, seconds } = result().measured ?? {};
    expect(closed, "blocks at which a position could not be closed").to.equal(0n);
    expect(seconds).to.be.greaterThan(86_400n);
    expectAccepted(step(/Carol closes/));
    expectAccepted(step(/Carol claims/));
    expectAccepted(step(/after twenty minutes of blocks/));
  });
});

describe("scenario market-isolation", () => {
  const { result, step } = replay(marketIsolation);

  it("B9: a market that is contradicted with a proof is Diverged, and the other trades on", () => {
    const { a, b } = result().measured ?? {};
    expect([a, b]).to.deep.equal([BigInt(STATUSES.indexOf("Diverged")), BigInt(STATUSES.indexOf("Synced"))]);
    expectAccepted(step(/Bob buys 1 in market B/));
    expectDenied(step(/Alice buys 5 in market A$/), "Increase", "Diverged");
    expectDenied(step(/Erin withdraws/), "Withdraw", "Diverged");
  });

  it("SG-6: a position in it is closed, and the profit is kept until a newer proof has healed it", () => {
    expectAccepted(step(/Carol closes/));
    expectDenied(step(/Carol takes margin and profit/), "Withdraw", "Diverged");
    expectAccepted(step(/Carol claims/));
    expect(result().measured).to.deep.include({ escrowed: 1_000n * UNIT, claimed: 11_000n * UNIT });
    expectAccepted(step(/Alice buys 5 in market A again/));
  });

  it("is not healed by a proof from before", () => {
    expect(result().notes[0]).to.match(/did not open the market: EvidenceNotNewer\.$/);
  });

  it("pays nothing out of the market while its backing is gone", () => {
    expect(result().badDebt).to.deep.include({ unguarded: (10_000n + 11_000n) * UNIT, guarded: 0n });
  });
});

describe("scenario honest-redemption", () => {
  const { result, step } = replay(honestRedemption);

  it("A1: a redemption that was announced in time is no contradiction", () => {
    expect(result().measured).to.deep.include({ inTime: BigInt(STATUSES.indexOf("Synced")) });
    expect(result().notes[0]).to.match(/contradicts nothing: BeliefHolds\.$/);
    expectAccepted(step(/after the announced redemption/));
  });

  it("A1: one that was not can be contradicted by a stranger, and then not believed away, nor accepted at once", () => {
    expect(result().measured).to.deep.include({ contradicted: BigInt(STATUSES.indexOf("Diverged")) });
    expect(result().notes[1]).to.match(/away: BeliefContradicted\. .* at once: AcceptanceTooEarly\.$/);
    expectDenied(step(/Bob withdraws while/), "Withdraw", "Diverged");
    expect(result().badDebt).to.deep.include({ unguarded: 1_000n * UNIT, guarded: 0n });
  });

  it("SG-7, A1: after an hour what is proven is accepted, the pool has borne the loss, and withdrawals open again", () => {
    const { writtenOff, liquidity, stoppedFor } = result().measured as Record<string, bigint>;
    expect([writtenOff, liquidity]).to.deep.equal([1_000n * UNIT, 99_000n * UNIT]);
    // An hour, and ten minutes of Stale.
    expect(Number(stoppedFor) >= 4_200 && Number(stoppedFor) < 4_800, String(stoppedFor)).to.equal(true);
    expectAccepted(step(/Bob withdraws when the loss is written/));
    expectAccepted(step(/Alice withdraws the rest/));
  });
});
