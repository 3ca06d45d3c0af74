import { expect } from "chai";
import type { BaseContract } from "ethers";

import { UNIT, forks, signersOf } from "../../scenarios/world.js";
import { defineReducer, replay } from "../../src/ledger/replay.js";
import { alteredByOne, loggedBy } from "../../tools/ledger/logs.js";
import { announced } from "../../tools/random.js";
import { FundingBook__factory } from "../../typechain-types/index.js";

// #region funding
interface Book {
  readonly index: bigint;
  /** By trader: a size, and the index up to which it has paid. */
  readonly positions: ReadonlyMap<string, { readonly size: bigint; readonly index: bigint }>;
}

const fundingRules = defineReducer({
  events: {
    Funded: { rate: "int256", price: "uint256", elapsed: "uint256", index: "int256" },
    Traded: { trader: "address", size: "int256", paid: "int256" },
  },
  step: ({ index, positions }: Book, { last }) => {
    if (last.name === "Funded") {
      const { rate, price, elapsed } = last.values;
      // Rounds toward zero.
      const after = index + (rate * price * elapsed) / (UNIT * 28_800n);
      return { expected: [{ name: "Funded", values: { index: after } }], next: () => ({ index: after, positions }) };
    }
    const { trader, size } = last.values;
    const position = positions.get(trader) ?? { size: 0n, index: 0n };
    const due = position.size * (index - position.index);
    // Rounds against the trader: up.
    const paid = due / UNIT + (due % UNIT > 0n ? 1n : 0n);
    const after = { size: position.size + size, index };
    return {
      expected: [{ name: "Traded", values: { paid } }],
      next: () => ({ index, positions: new Map(positions).set(trader, after) }),
    };
  },
});
// #endregion funding
const EMPTY: Book = { index: 0n, positions: new Map() };

describe("replay by the rules of a user: funding", function () {
  /** What a contract logged, and its own numbers at the end. */
  async function funded(steps: number) {
    const random = announced();
    const chain = await forks.create();
    const { alice, bob } = await signersOf(chain);
    const book = await new FundingBook__factory(alice).deploy();
    const any = (bits: number): bigint => {
      const size = BigInt(`0x${Buffer.from(random.bytes(32)).toString("hex")}`) >> BigInt(256 - bits);
      return random.below(2) === 0 ? size : -size;
    };
    for (let step = 0; step < steps; step++) {
      const price = random.pick([1n, 2_000n * UNIT + 7n, 2n ** 96n]);
      if (random.below(2) === 0) await book.fund(any(60), price, BigInt(random.below(100_000)));
      else await book.connect(random.pick([alice, bob])).trade(random.pick([1n, -1n, any(64), any(90)]));
    }
    const events = await loggedBy(book as unknown as BaseContract);
    const index = await book.index();
    const position = await book.positions(alice);
    const trader = (await alice.getAddress()).toLowerCase();
    await chain.close();
    return { random, events, index, position, trader };
  }

  it("follows a contract's index and payments, rounded as it rounds them, and finds each that was altered by one", async () => {
    const { random, events, index, position, trader } = await funded(150);
    const { divergence, state } = await replay({ events, reducer: fundingRules, initial: EMPTY });
    expect(divergence).to.equal(undefined);
    expect(state.index).to.equal(index);
    expect(state.positions.get(trader)).to.deep.equal({ size: position.size, index: position.index });
    for (const [at, { name }] of events.entries()) {
      const member = name === "Funded" ? "index" : "paid";
      const { list, was, is } = alteredByOne(events, { at, name, member }, random);
      const report = await replay({ events: list, reducer: fundingRules, initial: EMPTY });
      expect(report.divergence).to.deep.equal({
        ...{ kind: "event", at, event: list[at] },
        differences: [{ member, found: is, expected: was, relation: "equal" }],
      });
    }
    const negative = events.filter(({ values }) => (values["paid"] as bigint) < 0n);
    expect(negative.length, "payments to a trader").to.be.greaterThan(5);
  });
});
