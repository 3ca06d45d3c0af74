import { expect } from "chai";

import { soak } from "../../scenarios/healthySoak.js";
import { TWINS, exchange } from "../../scenarios/world.js";

const BLOCKS = 10_000;
const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));

describe(`scenario healthy-soak (SEED=${seed})`, () => {
  it(`SG-8: nothing legal is blocked in ${BLOCKS} blocks and days of random use on a healthy chain`, async () => {
    const { counts, world } = await soak({ blocks: BLOCKS, seed }, () => undefined);

    expect(counts.blocked, "legal actions that the guard blocked").to.deep.equal([]);
    expect(counts.onlyGuarded, "actions that only the guarded twin allowed").to.equal(0);
    expect(counts.lostInReorgs, "transactions that did not come back after a reorg").to.equal(0);
    expect(counts.blocks >= BigInt(BLOCKS)).to.equal(true);
    // The soak must have been one: use of every kind, quiet, and reorgs. A third of what any of ten seeds had, or less; and a liquidation
    // for each losing streak.
    for (const [kind, least] of Object.entries({
      deposit: 5,
      withdraw: 5,
      increase: 20,
      decrease: 5,
      close: 5,
      cancel: 5,
      liquidate: 5,
    })) {
      expect(counts.executed[kind as keyof typeof counts.executed], kind).to.be.at.least(least);
    }
    expect(counts.asked).to.be.greaterThan(20);
    expect(counts.reorgs).to.be.greaterThan(3);
    expect(counts.longestQuiet, "longer than the quarter of an hour that makes a gap").to.be.greaterThan(300);
    expect(counts.seconds, "more than a day").to.be.greaterThan(86_400);

    // What was filled has stayed filled, whatever was reorganised since; and both twins hold the same accounts.
    const FILLED = 1n;
    const guarded = exchange(world, "guarded", "keeper");
    for (const id of counts.filled) expect(await guarded.orderStatus(id)).to.equal(FILLED);
    const pools = await Promise.all(TWINS.map(async (twin) => exchange(world, twin, "keeper").liquidity()));
    expect(pools[0]).to.equal(pools[1]);
    await world.chain.close();
  });
});
