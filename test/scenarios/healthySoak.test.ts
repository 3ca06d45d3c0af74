import { expect } from "chai";

import { soak } from "../../scenarios/healthySoak.js";
import { TWINS, exchange } from "../../scenarios/world.js";

const BLOCKS = 2_000;
const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));

describe(`scenario healthy-soak (SEED=${seed})`, () => {
  it(`SG-8: nothing legal is blocked in ${BLOCKS} blocks of random trading on a healthy chain`, async () => {
    const { counts, world } = await soak({ blocks: BLOCKS, seed }, () => undefined);

    expect(counts.blocked, "legal trades that the guard blocked").to.deep.equal([]);
    expect(counts.onlyGuarded, "trades that only the guarded twin made").to.equal(0);
    expect(counts.lostInReorgs, "transactions that did not come back after a reorg").to.equal(0);
    expect(counts.blocks >= BigInt(BLOCKS)).to.equal(true);
    // The soak must have been one: trading, quiet, and reorgs.
    expect(counts.executed).to.be.greaterThan(50);
    expect(counts.reorgs).to.be.greaterThan(3);
    expect(counts.longestQuiet).to.be.greaterThan(19);

    // What was filled has stayed filled, whatever was reorganised since; and both twins hold the same accounts.
    const FILLED = 1n;
    const guarded = exchange(world, "guarded", "keeper");
    for (const id of counts.filled) expect(await guarded.orderStatus(id)).to.equal(FILLED);
    const debts = await Promise.all(TWINS.map(async (twin) => exchange(world, twin, "keeper").liquidity()));
    expect(debts[0]).to.equal(debts[1]);
    await world.chain.close();
  });
});
