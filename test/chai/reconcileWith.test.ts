import { expect, use } from "chai";
import { network } from "hardhat";

import { assertReconciles, type LedgerExpectation } from "../../src/assert/index.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import { toWord, type Hex } from "../../src/core/bytes.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { LedgerTree, comparedPlace, totalKey, type Rule } from "../../src/index.js";
import { failure, pass, type Both } from "../../tools/assertions.js";
import { rejected } from "../../tools/errors.js";

use(settlementGuardMatchers);

const HOLDER: Hex = `0x${"77".repeat(20)}`;
const [ALICE, BOB] = [`0x${"a1".repeat(20)}`, `0x${"b2".repeat(20)}`] as [Hex, Hex];
const place = { kind: toWord(1n), asset: toWord(0n), holder: HOLDER, member: 0, offset: 0, bits: 256 } as const;
/** Balances in the mapping at slot 1, and no more than the total in slot 0. */
const BALANCES: Rule = { ...place, slot: toWord(1n), derivation: "by-owner", comparator: "==" };
const TOTAL: Rule = { ...place, slot: toWord(0n), derivation: "fixed", comparator: "<=" };
const BOOK = { version: toWord(1n), rules: [BALANCES, TOTAL], codes: [] };

describe("reconcileWith", () => {
  let chain: HardhatChain;

  const store = (slot: Hex, value: bigint) =>
    chain.request({
      method: "hardhat_setStorageAt",
      params: [HOLDER, `0x${BigInt(slot).toString(16)}`, toWord(value)],
    });
  before(async () => {
    chain = await hardhatForks(network).create();
    // An account with nothing in it has no storage.
    await chain.request({ method: "hardhat_setCode", params: [HOLDER, "0x00"] });
    await store(comparedPlace(BALANCES, ALICE).slot, 70n);
    await store(comparedPlace(BALANCES, BOB).slot, 30n);
    await store(toWord(0n), 100n);
    await chain.mine(2);
  });
  after(() => chain.close());

  const ledger = (alice: bigint, bob: bigint, total: bigint) => {
    const tree = new LedgerTree();
    tree.update([
      [comparedPlace(BALANCES, ALICE).key, alice],
      [comparedPlace(BALANCES, BOB).key, bob],
      [totalKey({ asset: place.asset, kind: place.kind }), total],
    ]);
    return { tree, book: BOOK, owners: [ALICE, BOB] };
  };
  const agrees = (expected: LedgerExpectation): Both => ({
    chai: () => expect(chain).to.reconcileWith(expected),
    plain: () => assertReconciles(chain, expected),
  });
  const agreesNot = (expected: LedgerExpectation): Both => ({
    chai: () => expect(chain.request).not.to.reconcileWith(expected),
    plain: () => assertReconciles.not(chain.request, expected),
  });
  const start = (negated = "") =>
    `Expected the chain at block ${chain.head.number} ${negated}to reconcile with the ledger, but `;

  it("passes as the documents write it", async () => {
    const { tree, owners } = ledger(70n, 30n, 100n);
    const book = BOOK;
    // #region ledger
    await expect(chain).to.reconcileWith({ tree, book, owners });
    await assertReconciles(chain, { tree, book, owners, anchor: { depth: 1 } });
    // #endregion ledger
  });

  it("passes where every rule holds, at the head or at another block", async () => {
    await pass(agrees(ledger(70n, 30n, 100n)));
    await pass(agrees({ ...ledger(70n, 30n, 99n), anchor: { depth: 1 } }));
    expect(await failure(agreesNot(ledger(70n, 30n, 100n)))).to.equal(`${start("not ")}all 3 comparisons hold.`);
  });

  it("fails with a sentence a difference, with both values", async () => {
    await pass(agreesNot(ledger(71n, 30n, 100n)));
    expect(await failure(agrees(ledger(71n, 25n, 101n)))).to.equal(
      `${start()}of 3 comparisons 3 differ: by rule 1 of ${totalKey({ asset: place.asset, kind: place.kind })} the ledger has 101, and ${HOLDER} has 100 (1 more in the ledger); by rule 0 of ${ALICE} the ledger has 71, and ${HOLDER} has 70 (1 more in the ledger); by rule 0 of ${BOB} the ledger has 25, and ${HOLDER} has 30 (5 more on the chain).`,
    );
    const code = { account: HOLDER, isSlot: true, slot: toWord(0n), expected: toWord(0x65n) } as const;
    const expected = ledger(70n, 30n, 100n);
    expect(await failure(agrees({ ...expected, book: { ...BOOK, codes: [code] } }))).to.equal(
      `${start()}of 4 comparisons 1 differ: by rule 0 about code slot ${toWord(0n)} of ${HOLDER} is 0x64, and should be 0x65.`,
    );
  });

  it("lists the first five, and counts the rest", async () => {
    const owners = Array.from({ length: 8 }, (_, i): Hex => `0x${(i + 1).toString(16).padStart(40, "0")}`);
    const tree = new LedgerTree();
    tree.update(owners.map((owner) => [comparedPlace(BALANCES, owner).key, 5n]));
    const message = await failure(agrees({ tree, owners, book: { ...BOOK, rules: [BALANCES] } }));
    expect(message.match(/the ledger has 5, and/g)).to.have.length(5);
    expect(message).to.match(/; and 3 more\.$/);
  });

  it("fails where an owner was forgotten, and, negated or not, where nothing was compared", async () => {
    const forgotten = { ...ledger(70n, 30n, 100n), owners: [ALICE] };
    expect(await failure(agrees(forgotten))).to.equal(
      `${start()}of 2 comparisons 0 differ: of the ledger 1 more were compared with nothing: an owner or a rule is missing.`,
    );
    const nothing = { tree: new LedgerTree(), owners: [], book: { ...BOOK, rules: [BALANCES] } };
    const ending = "nothing was compared: ledger, owners and rules about code are all empty.";
    expect(await failure(agrees(nothing))).to.equal(`${start()}${ending}`);
    expect(await failure(agreesNot(nothing))).to.equal(`${start("not ")}${ending}`);
  });

  it("throws, negated or not, what is no matter of the ledger", async () => {
    const expected = ledger(70n, 30n, 100n);
    const offline = () => Promise.reject(new Error("offline"));
    await rejected("RPC_FAILED", assertReconciles.not(offline, expected));
    await rejected("INVALID_OPTION", assertReconciles.not(chain, { tree: expected.tree, book: BOOK }));
  });
});
