import { expect } from "chai";

import { clientStateRoot } from "../../scenarios/ledgers/clientStateRoot.js";
import { lbMixedRpc } from "../../scenarios/ledgers/lbMixedRpc.js";
import { threeTruths } from "../../scenarios/ledgers/threeTruths.js";
import { DEPOSITS, WRONG, wrongConfigMajority } from "../../scenarios/ledgers/wrongConfigMajority.js";
import {
  UNIT,
  anchorsOf,
  balanceOf,
  expectEvents,
  expectLedgers,
  expectRefusals,
  expectRefused,
  totalOf,
} from "../../tools/ledger/scenarios.js";
import { expectAccepted, replay } from "./replay.js";

describe("scenario wrong-config-majority", () => {
  const { result, step, action } = replay(wrongConfigMajority);

  it("two endpoints of three do not outvote the third: the quorum names both blocks, and who said which", () => {
    const { signed, presented } = anchorsOf(result(), action(/Erin.*valid branch$/));
    expectRefusals(result(), [
      [
        "ENDPOINTS_DISAGREE",
        new RegExp(`endpoints 0, 1: block \\d+ is ${signed}; endpoint 2: block \\d+ is ${presented}`),
      ],
      ["LEDGER_DIVERGED", new RegExp(`${DEPOSITS.slice(2)} == 0x0+${WRONG.slice(2)} is not so`)],
      ["AnchorMismatch", new RegExp(`it claims ${signed}, and the executing chain has ${presented}`)],
    ]);
  });

  it("SG-23: the configuration stops the market on the majority's branch, the anchor on the valid one", async () => {
    expectRefused(step(/on the majority's branch/), "ActionDenied", { status: 3n });
    expectRefused(step(/Erin.* on the valid branch/), "NotOnRecord", {});
    expectEvents(result(), ["dispute: code, Diverged", "dispute: mismatch, Diverged"]);
    await expectLedgers(result(), [
      {
        entries: [balanceOf("bob", 500n), balanceOf("erin", 900n), totalOf(1_400n)],
        rows: [["contract that takes deposits", DEPOSITS, BigInt(WRONG), false]],
      },
    ]);
  });

  it("pays what both branches have, and the market beside; 900 only without the guard", () => {
    for (const name of [/Bob/, /other market/]) expectAccepted(step(name));
    expect(result().badDebt).to.deep.include({ unguarded: 900n * UNIT, guarded: 0n });
  });
});

describe("scenario three-truths", () => {
  const { result, step, action } = replay(threeTruths);

  it("three branches have three hashes at the anchor's height, and three commitments make no quorum", () => {
    const { anchor } = action(/Erin/);
    const hashes = result().branches.map(({ blocks }) => blocks.find(({ number }) => number === anchor.number)!.hash);
    expect(new Set(hashes).size).to.equal(3);
    expect(result().measured).to.deep.equal({ digests: 3n, agrees: 1n });
    const { signed, presented } = anchorsOf(result(), action(/Erin/));
    expectRefusals(result(), [
      ["QuorumMissing", /1 signed, and 2 must/],
      ["SignatureInvalid", /is not that signer's/],
      ["AnchorMismatch", new RegExp(`it claims ${signed}, and the executing chain has ${presented}`)],
    ]);
  });

  it("SG-23: what two of them signed is refuted on the branch that won, and stops the market there", async () => {
    expectRefused(step(/Erin/), "NotOnRecord", {});
    expectEvents(result(), ["dispute: mismatch, Diverged"]);
    await expectLedgers(result(), [
      {
        entries: [balanceOf("bob", 500n), balanceOf("erin", 900n), totalOf(1_400n)],
        rows: [
          ["balance of bob", "500", 500n * UNIT, true],
          ["balance of erin", "900", 0n, false],
        ],
      },
    ]);
  });

  it("pays what every branch has, and the market beside; 900 only without the guard", () => {
    for (const name of [/Bob/, /other market/]) expectAccepted(step(name));
    expect(result().badDebt).to.deep.include({ unguarded: 900n * UNIT, guarded: 0n });
  });
});

describe("scenario client-stateroot", () => {
  const { result, step, action } = replay(clientStateRoot);

  it("SG-15: who hashes the header signs nothing, with one client or with two", () => {
    expectRefusals(result(), [
      ["HEADER_HASH_MISMATCH", /the fields of block \d+ hash to 0x/],
      ["ENDPOINTS_DISAGREE", /endpoint 0: block (\d+) is 0x.*endpoint 1: block \1 is 0x/],
    ]);
  });

  it("SG-23: the header refutes a root under a true number and hash, and stops the market", async () => {
    const erin = action(/Erin/);
    expectRefused(erin, "ActionDenied", { status: 3n });
    const { signed } = anchorsOf(result(), erin);
    expect(signed, "the anchor's block is the chain's").to.equal(erin.anchor.hash);
    expectEvents(result(), ["dispute: state-root, Diverged", "healed: Stale"]);
    const [shown] = result().ledgers!;
    const [roots] = shown!.rows;
    expect(roots).to.include({ key: "state root", chain: shown!.stateRoot });
    expect(roots!.ledger).not.to.equal(shown!.stateRoot);
    await expectLedgers(result(), [
      {
        entries: [balanceOf("bob", 500n), balanceOf("erin", 400n), totalOf(900n)],
        rows: [
          ["state root", roots!.ledger, undefined, false],
          ["balance of bob", "500", 500n * UNIT, true],
          ["balance of erin", "400", 0n, false],
        ],
      },
    ]);
  });

  it("pays Bob, and the market beside; 400 only without the guard", () => {
    for (const name of [/Bob/, /other market/]) expectAccepted(step(name));
    expect(result().badDebt).to.deep.include({ unguarded: 400n * UNIT, guarded: 0n });
  });
});

describe("scenario lb-mixed-rpc", () => {
  const { result, step } = replay(lbMixedRpc);

  it("SG-23: a node that lags is never taken for a contradiction, and an ancestor is no evidence", async () => {
    const { lagged, prepared, alarms, synced } = result().measured as Record<string, bigint>;
    expect(alarms).to.equal(0n);
    expect(lagged! + prepared!).to.equal(12n);
    expect(lagged! > 0n && prepared! > 0n, `${lagged} and ${prepared}`).to.equal(true);
    expect(synced).to.equal(1n);
    expectRefusals(result(), [["ClaimHolds", /dispute 0 \(mismatch\) shows nothing/]]);
    expectEvents(result(), ["Synced"]);
    await expectLedgers(result(), [
      {
        entries: [balanceOf("bob", 1_000n), totalOf(1_000n)],
        rows: [
          ["balance of bob", "1000", 1_000n * UNIT, true],
          ["balance of erin", "0", 0n, true],
        ],
      },
    ]);
  });

  it("SG-24: pays by the newest commitment alone; without the guard the one before pays, too", () => {
    expectRefused(step(/Erin/), "NotOnRecord", {});
    for (const name of [/Bob/, /other market/]) expectAccepted(step(name));
    expect(result().badDebt).to.deep.include({ unguarded: 500n * UNIT, guarded: 0n });
  });
});
