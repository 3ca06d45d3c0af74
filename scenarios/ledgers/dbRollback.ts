import { hashCommitment } from "../../src/ledger/commitment.js";
import { postgresJournal } from "../../src/ledger/postgresJournal.js";
import { signCommitment } from "../../src/ledger/signing.js";
import { LedgerTree } from "../../src/ledger/tree.js";
import { fakePostgres } from "../../tools/ledger/journalWorlds.js";
import type { Scenario } from "../types.js";
import { TWINS, UNIT, forks } from "../world.js";
import { begin, type Beginning } from "./begin.js";
import { evidenceOf, type SignedLedger } from "./kept.js";
import { SILENCE, WALLETS, scopeOf, type Balances } from "./markets.js";
import { row, type Row } from "./story.js";

const START = { bob: 500n * UNIT, erin: 500n * UNIT } satisfies Balances;
/** After Erin was paid. */
const SINCE = { bob: 500n * UNIT, erin: 0n } satisfies Balances;
/** What the restored database makes of its state: trading has gone on, and Erin was never paid. */
const RESTORED = { bob: 400n * UNIT, erin: 500n * UNIT, dave: 100n * UNIT } satisfies Balances;
const POSITION = 10n * UNIT;

/** A database is restored, and forgets a payment. The chain remembers the commitments that came after. */
export const dbRollback: Scenario = {
  id: "db-rollback",
  title: "A database that was restored",
  incident:
    "On 19 January 2026 a migration of its database made Paradex price Bitcoin at zero; after mass liquidations its chain was rolled back to block 1,604,710. Here an exchange restores the database of two commitments ago, and goes on from there.",

  async run(progress) {
    const beginning = await begin(await forks.create({ name: "ethereum" }), { balances: START });
    const { markets, story, ledger, beside, chain } = beginning;
    const from = chain.head.number;
    for (const twin of TWINS) await markets.twin(twin, "bob").open(scopeOf("ETH-PERP"), POSITION);

    progress("erin is paid, and two more commitments follow");
    const [backup] = ledger.relayed as [SignedLedger];
    const name = "Erin is paid her 500";
    await story.claim({ name, role: "erin", signed: backup, ...(await story.judge("erin", backup)) });
    await markets.hold(SINCE);
    ledger.tree = await markets.treeOf(SINCE);
    await ledger.commit();
    await ledger.commit();

    progress("the database is restored");
    const restored = await restore(beginning, backup);
    await story.claim({
      name: "Erin is paid her 500 by the restored ledger",
      ...{ role: "erin", signed: restored, ...(await story.judge("erin", restored)) },
    });
    await story.live(SILENCE, [beside]);
    story.event(await story.statusOf());
    const smaller = { legal: true, because: "a smaller position makes every account safer." };
    await story.reduce("Bob halves his position while no commitment comes", POSITION / 2n, smaller);

    progress("the restored ledger is signed under the next number, and disputed");
    const renumbered = await ledger.sign(await follow(beginning, backup, 4n));
    await story.refused("The restored ledger is relayed as commitment 4", ledger.relay(renumbered));
    const parent = evidenceOf(ledger.last, ledger.relayed);
    const shown = await story.contradict((desk) => desk.disputeChain(parent, evidenceOf(renumbered)));
    await beside.commit();
    await story.claimBeside(beside);

    progress("the ledger is made from the chain, and heals");
    ledger.tree = await markets.treeOf(SINCE);
    await ledger.openEpoch();
    await chain.mine(); // until the opening is safe
    await story.heal([ledger, beside]);
    await story.reduce("Bob closes his position after the healing, while the market is Stale", POSITION / 2n, smaller);
    const fourth = evidenceOf(ledger.relayed[3]!, ledger.relayed);
    const twice = story.contradict((desk) => desk.disputeEquivocation(fourth, evidenceOf(renumbered)));
    await story.refused("Both commitments with number 4 are shown, after the signers opened an epoch", twice);
    await story.recover([ledger, beside]);
    const bob = { role: "bob", signed: ledger.last, ...(await story.judge("bob", ledger.last)) } as const;
    await story.claim({ name: "Bob is paid his 500", ...bob });

    const badDebt = await markets.overpaid(START);
    const result = story.result(from);
    await chain.close();
    return {
      ...result,
      badDebt: { ...badDebt, unit: "TUSD", decimals: 18, caption: "Paid a second time" },
      measured: { claimed: shown.claimed, actual: shown.actual },
      notes: [
        "Number and predecessor of the newest commitment are on the chain, which no restore of a database reaches.",
        "What was signed under number 4 would be contradicted by another number 4: the signers open an epoch, which voids it.",
      ],
    };
  },
};

/** What a server makes that knows of nothing after `backup`. */
async function follow({ ledger }: Beginning, backup: SignedLedger, sequence: bigint) {
  return ledger.prepareUnchecked({ sequence, previous: hashCommitment(backup.commitment) });
}

/** The database is that of the first commitment again. What the restored server signs, nobody gets on record. */
async function restore(beginning: Beginning, backup: SignedLedger): Promise<SignedLedger> {
  const { markets, story, ledger } = beginning;
  const journal = postgresJournal(fakePostgres().query);
  const signing = {
    ...{ journal, desk: markets.at.desk, floor: { epoch: 1n, sequence: 1n } },
    sign: (digest: string) => Promise.resolve(WALLETS[0]!.signingKey.sign(digest).serialized),
  };
  await signCommitment({ ...signing, commitment: ledger.relayed[1]!.commitment });

  ledger.tree = LedgerTree.from(backup.tree.entries());
  ledger.tree.update([
    [await markets.keyOf("bob"), RESTORED.bob],
    [await markets.keyOf("dave"), RESTORED.dave],
  ]);
  const restored = await ledger.sign(await follow(beginning, backup, 2n));
  await story.compare("The restored ledger", restored, await rowsOf(beginning, restored));
  await story.refused("A signer compares the restored ledger with the chain", ledger.prepare());
  const again = signCommitment({ ...signing, commitment: restored.commitment });
  await story.refused("A signer's journal, which was not restored, is asked to sign it as commitment 2", again);
  await story.refused("The restored ledger is relayed as commitment 2", ledger.relay(restored));
  // Two commitments with number 2 are a dispute, too: this call shows it, and leaves nothing.
  const second = evidenceOf(ledger.relayed[1]!, ledger.relayed);
  await markets.desk.disputeEquivocation.staticCall(second, evidenceOf(restored));
  return restored;
}

async function rowsOf({ markets, story }: Beginning, restored: SignedLedger): Promise<Row[]> {
  const { sequence } = await markets.desk.ledgerOf(markets.at.twins.guarded, scopeOf("ETH-PERP"));
  const known = restored.commitment.sequence - 1n;
  const last = { ...row("last commitment", known, sequence, String), verdict: `${sequence - known} forgotten` };
  return [last, ...(await story.balances(restored, ["bob", "dave", "erin"])), await story.total(restored)];
}
