import { expect } from "chai";

import { begin } from "../../scenarios/ledgers/begin.js";
import { dbRollback } from "../../scenarios/ledgers/dbRollback.js";
import { contentName, depositIdReuse, ID } from "../../scenarios/ledgers/depositIdReuse.js";
import { insolventTotal } from "../../scenarios/ledgers/insolventTotal.js";
import { invalidTransition } from "../../scenarios/ledgers/invalidTransition.js";
import { scopeOf } from "../../scenarios/ledgers/markets.js";
import { CHANNEL, phantomMessage } from "../../scenarios/ledgers/phantomMessage.js";
import { forks } from "../../scenarios/world.js";
import { keyByEthers } from "../../tools/ledger/oracle.js";
import {
  ACCOUNTS,
  UNIT,
  balanceOf,
  expectEvents,
  expectLedgers,
  expectRefusals,
  expectRefused,
  totalOf,
} from "../../tools/ledger/scenarios.js";
import { expectAccepted, replay } from "./replay.js";

describe("scenario phantom-message", () => {
  const { result, step } = replay(phantomMessage);

  it("SG-23: one proof of one slot stops the market: the ledger says 308, the source's slot holds 307", async () => {
    expectRefused(step(/message 308 is said/), "ActionDenied", { status: 3n });
    expectEvents(result(), ["dispute: leaf, Diverged", "healed: Stale", "Lagging"]);
    const nonce = [keyByEthers(CHANNEL, "nonce"), 308n] as const;
    const bob = balanceOf("bob", 10n);
    await expectLedgers(result(), [
      {
        entries: [nonce, bob, balanceOf("erin", 116_500n)],
        rows: [["last message", "308", 307n, false]],
      },
      { entries: [nonce, bob, balanceOf("alice", 10n)], rows: [["last message", "308", 308n, true]] },
    ]);
  });

  it("refuses signers who check: by the proof, by the endpoint's own contradiction, and by a quorum", () => {
    expectRefusals(result(), [
      ["LEDGER_DIVERGED", /308 == 307 is not so/],
      ["PROOF_FIELD_MISMATCH", /0x134, its own proof shows 0x133/],
      ["ENDPOINTS_DISAGREE", /endpoint 0: block (\d+) is 0x.*endpoint 1: block \1 is 0x/],
    ]);
  });

  it("SG-25: pays messages that were sent before and after, and the market beside, and 116,500 only without the guard", () => {
    for (const name of [/message 307/, /other market/, /true message 308/]) expectAccepted(step(name));
    expect(result().badDebt).to.deep.include({ unguarded: 116_500n * UNIT, guarded: 0n });
  });
});

describe("scenario db-rollback", () => {
  const { result, step } = replay(dbRollback);

  it("SG-24: neither number of the restored ledger gets on record, and each refusal names both", () => {
    const { claimed, actual } = result().measured as { claimed: bigint; actual: bigint };
    const hex = (word: bigint): string => `0x${word.toString(16).padStart(64, "0")}`;
    expect(claimed).not.to.equal(actual);
    expectRefusals(result(), [
      ["LEDGER_DIVERGED", /400000000000000000000 == 500000000000000000000 is not so/],
      ["ALREADY_SIGNED", /sequence 2 in epoch 1/],
      ["SequenceMismatch", /commitment 4 comes next, and not 2/],
      ["PreviousMismatch", new RegExp(`follows ${hex(claimed)}, and ${hex(actual)} is on record`)],
      ["EpochMismatch", /of epoch 1, and epoch 2 is open/],
    ]);
    expectRefused(step(/by the restored ledger/), "NotOnRecord", {});
  });

  it("SG-23: what follows another commitment stops the market, and the market beside goes on", async () => {
    expectEvents(result(), ["Stale", "dispute: broken-chain, Diverged", "healed: Stale", "Lagging"]);
    expectAccepted(step(/other market/));
    await expectLedgers(result(), [
      {
        entries: [balanceOf("bob", 400n), balanceOf("dave", 100n), balanceOf("erin", 500n), totalOf(1_000n)],
        rows: [
          ["last commitment", "1", undefined, false],
          ["balance of bob", "400", 500n * UNIT, false],
          ["balance of dave", "100", 0n, false],
          ["balance of erin", "500", 0n, false],
          ["total", "1000", 500n * UNIT, false],
        ],
      },
    ]);
  });

  it("SG-25: while no commitment comes, and after the healing, positions are reduced; then Bob is paid", () => {
    for (const name of [/^Erin is paid her 500$/, /halves/, /closes/, /Bob is paid/]) expectAccepted(step(name));
    // Erin's 500, twice.
    expect(result().badDebt).to.deep.include({ unguarded: 500n * UNIT, guarded: 0n });
  });
});

describe("scenario insolvent-total", () => {
  const { result, step } = replay(insolventTotal);
  const balances = [balanceOf("bob", 300n), balanceOf("erin", 500n), balanceOf("dave", 200n)];

  it("SG-23: a total above the custody stops the market, and so does one that its own leaves exceed", async () => {
    expectRefused(step(/before the others/), "ActionDenied", { status: 3n });
    expectRefused(step(/smaller total/), "ActionDenied", { status: 3n });
    expectEvents(result(), [
      "dispute: insolvent, Diverged",
      "dispute: understated, Diverged",
      "healed: Stale",
      "Lagging",
    ]);
    await expectLedgers(result(), [
      { entries: [...balances, totalOf(1_000n)], rows: [["total", "1000", 800n * UNIT, false]] },
      {
        entries: [...balances, totalOf(800n)],
        rows: [
          ["total", "800", 800n * UNIT, true],
          ["sum of the balances", "1000", 800n * UNIT, false],
        ],
      },
    ]);
  });

  it("the smaller total passes the comparison with the custody, which no dispute can be made of", () => {
    const both = "ledger 800000000000000000000, chain 800000000000000000000";
    expectRefusals(result(), [
      ["LEDGER_DIVERGED", /1000000000000000000000 <= 800000000000000000000 is not so/],
      ["INVALID_OPTION", new RegExp(`its rule holds at block .*${both}`)],
    ]);
  });

  it("SG-25: pays when the custody is whole again; without the guard the first took 140 from the others", () => {
    for (const name of [/other market/, /Bob/]) expectAccepted(step(name));
    // Four fifths of 500 and of 200 are 400 and 160.
    expect(result().badDebt).to.deep.include({ unguarded: 140n * UNIT, guarded: 0n });
  });
});

describe("scenario deposit-id-reuse", () => {
  const { result, step } = replay(depositIdReuse);
  const erins = contentName(ACCOUNTS.erin);
  const bobs = contentName(ACCOUNTS.bob);

  it("F8: by its number the dropped deposit is there, by its content it is not, and that stops the market", async () => {
    expectRefused(step(/Erin/), "ActionDenied", { status: 3n });
    expectEvents(result(), [
      "deposit 7: Erin's",
      "deposit 7: Bob's",
      "dispute: leaf, Diverged",
      "healed: Stale",
      "Lagging",
    ]);
    const credited = [keyByEthers(ID, "deposit by id"), keyByEthers(erins, "deposit by content")] as const;
    await expectLedgers(result(), [
      {
        entries: [
          balanceOf("alice", 50n),
          balanceOf("erin", 900n),
          ...credited.map((key) => [key, 900n * UNIT] as const),
        ],
        rows: [
          ["deposit 7", "900", 900n * UNIT, true],
          ["deposit of erin, 900, 7", "900", 0n, false],
          ["deposit of bob, 900, 7", "0", 900n * UNIT, false],
        ],
      },
    ]);
    expect(bobs).not.to.equal(erins);
    expectRefusals(result(), [
      ["LEDGER_DIVERGED", new RegExp(`rule 1 does not hold of owner ${erins}`)],
      ["INVALID_OPTION", /its rule holds/],
    ]);
  });

  it("the two branches share no block after the deposit's parent", () => {
    const [kept, dropped] = result().branches;
    const common = dropped!.blocks.filter(({ hash }) => kept!.blocks.some((block) => block.hash === hash));
    expect(dropped!.blocks.length - common.length).to.equal(3);
  });

  it("SG-25: credits Bob once, and leaves a debt only without the guard", () => {
    for (const name of [/Alice/, /other market/, /Bob/]) expectAccepted(step(name));
    expect(result().badDebt).to.deep.include({ unguarded: 900n * UNIT, guarded: 0n });
  });
});

describe("scenario invalid-transition", () => {
  const { result, step } = replay(invalidTransition);

  /** Every batch by itself: Bob wins 10 from Erin in each, and the sixth pays her 200. `forgotten` is left out. */
  const after = (batch: number, forgotten = 0): Record<"bob" | "erin", bigint> => {
    const won = 10n * BigInt(forgotten === 0 ? batch : batch - 1);
    const paid = batch >= 6 && forgotten !== 6 ? 200n : 0n;
    return { bob: 600n + won, erin: 400n - won - paid };
  };

  it("finds by bisection the batch that a comparison of every batch finds, too", () => {
    const ledgerAfter = (batch: number) => after(batch, batch < 7 ? 0 : 6);
    const batches = Array.from({ length: 12 }, (_, i) => i + 1);
    const first = batches.find((batch) => ledgerAfter(batch).erin !== after(batch).erin);
    const { batch, compared } = result().measured as Record<string, bigint>;
    expect(batch).to.equal(BigInt(first!));
    expect(Number(compared)).to.be.at.most(1 + Math.ceil(Math.log2(12)));
  });

  it("SG-23: one leaf of that batch stops the market, five commitments later", async () => {
    expectRefused(step(/seventh batch/), "ActionDenied", { status: 3n });
    expectEvents(result(), ["batch 6", "batch 7", "dispute: leaf, Diverged", "healed: Stale", "Lagging"]);
    const shown = [6, 7].map((batch) => {
      const [here, there] = [after(batch, batch < 7 ? 0 : 6), after(batch)];
      const roles = ["bob", "erin"] as const;
      return {
        entries: [...roles.map((role) => balanceOf(role, here[role])), totalOf(here.bob + here.erin)],
        rows: roles.map((role) => {
          return [`balance of ${role}`, String(here[role]), there[role] * UNIT, here[role] === there[role]] as const;
        }),
      };
    });
    await expectLedgers(result(), shown);
    expectRefusals(result(), [["LEDGER_DIVERGED", /660000000000000000000 == 670000000000000000000 is not so/]]);
  });

  it("SG-25: pays Bob from the healed ledger; without the guard Erin takes 200 again, and 10 that she lost", () => {
    for (const name of [/other market/, /Bob/]) expectAccepted(step(name));
    expect(result().badDebt).to.deep.include({ unguarded: 210n * UNIT, guarded: 0n });
  });
});

describe("the scenarios' market", () => {
  it("SG-23: pays after a healing nothing that was asked for before the contradiction", async () => {
    const { chain, markets, story, ledger, beside } = await begin(await forks.create(), { balances: { bob: 100n * UNIT } }); // prettier-ignore
    const [scope, key] = [scopeOf("ETH-PERP"), await markets.keyOf("erin")];
    ledger.tree.update([[key, 50n * UNIT]]);
    const signed = await ledger.commitUnchecked();
    const asked = await story.claim({
      ...{ name: "Erin asks", role: "erin", signed, ...(await story.judge("erin", signed)) },
      meanwhile: () => story.refute(ledger, signed),
    });
    expectRefused(asked, "ActionDenied", { status: 3n });
    ledger.tree.update([[key, 0n]]);
    await story.heal([ledger, beside]);
    await story.recover([ledger, beside]);
    const market = markets.twin("guarded", "erin");
    const { evidence } = await markets.desk.ledgerOf(market, scope);
    await expect(market.take(scope)).to.be.revertedWithCustomError(market, "PaymentDisputed").withArgs(evidence);
    expect(await market.paid(scope, markets.signers.erin)).to.equal(0n);
    await chain.close();
  });
});
