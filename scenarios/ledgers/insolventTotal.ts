import { disputeOf } from "../../src/actions/disputeOf.js";
import type { Hex } from "../../src/core/bytes.js";
import { abiBook } from "../../src/ledger/abi.js";
import { NOBODY } from "../../tools/ledger/inputs.js";
import type { Judgement } from "../continuity.js";
import type { Scenario } from "../types.js";
import { UNIT, ether, forks } from "../world.js";
import { begin, type Beginning } from "./begin.js";
import { evidenceOf, type SignedLedger } from "./kept.js";
import { TOTAL, type Balances, type LedgerMarkets } from "./markets.js";
import { row } from "./story.js";

const OWED = { bob: 300n * UNIT, erin: 500n * UNIT, dave: 200n * UNIT } satisfies Balances;
const OWNERS = Object.keys(OWED) as (keyof typeof OWED)[];
const ALL = 1_000n * UNIT;
const LEFT = 800n * UNIT;
/** The rule about the total, in the standard book. */
const TOTAL_RULE = 1;

/** More is owed than is held; then the total is made to fit. */
export const insolventTotal: Scenario = {
  id: "insolvent-total",
  title: "A total that custody does not cover",
  incident:
    "Synthetic, after the exchanges whose books owed more than they held: a fifth of the custody leaves, and the ledger still owes all of it. Then its keepers write a smaller total over the same balances.",

  async run(progress) {
    const beginning = await begin(await forks.create({ name: "ethereum" }), { balances: OWED });
    const { markets, story, ledger, beside, chain } = beginning;
    const from = chain.head.number;

    progress("a fifth of the custody leaves");
    await markets.holder().setCustody(LEFT);
    await story.refused("A signer compares the ledger with the chain", ledger.prepare());
    const signed = await ledger.commitUnchecked();
    await beside.commit();
    await story.compare("What is owed, and what is held", signed, [await story.total(signed)]);
    await story.claim({
      name: "Erin is paid all of hers before the others ask",
      ...{ role: "erin", signed, ...(await judge(markets)) },
      meanwhile: () => story.refute(ledger, signed),
    });
    await story.claimBeside(beside);

    progress("the total is made to fit");
    const understated = await understate(beginning);
    const evidence = evidenceOf(understated, ledger.relayed);
    const [book, proof] = [abiBook(markets.books["ETH-PERP"]), await sumProof(markets, understated)];
    await story.claim({
      name: "Dave is paid all of his by the ledger with the smaller total",
      ...{ role: "dave", signed: understated, ...(await judge(markets)) },
      meanwhile: () => story.contradict((desk) => desk.disputeTotal(evidence, book, proof)),
    });

    progress("the custody comes back, and the ledger heals");
    await markets.holder().setCustody(ALL);
    ledger.tree.update([[TOTAL, ALL]]);
    await story.heal([ledger, beside]);
    await story.recover([ledger, beside]);
    const bob = { role: "bob", signed: ledger.last, ...(await judge(markets)) } as const;
    await story.claim({ name: "Bob is paid all of his", ...bob });

    const shares = Object.fromEntries(OWNERS.map((role) => [role, (OWED[role] * LEFT) / ALL]));
    const badDebt = await markets.overpaid({ ...shares, bob: OWED.bob });
    const result = story.result(from);
    await chain.close();
    const caption = "Paid beyond an equal share of what was held";
    return {
      ...result,
      badDebt: { ...badDebt, unit: "TUSD", decimals: 18, caption },
      notes: [
        "The smaller total passes every rule that compares the ledger with the chain. Its own leaves refute it: they add up to more.",
        "Leaves fit into one transaction by the hundred. A total that is understated by more of them, reconcile finds.",
      ],
    };
  },
};

/** The oracle: whether the chain's custody covers what its contract owes. */
async function judge(markets: LedgerMarkets): Promise<Judgement> {
  const held = await markets.holder().custody();
  const owed = (await Promise.all(OWNERS.map((role) => markets.held(role)))).reduce((sum, amount) => sum + amount, 0n);
  const because = `${ether(held)} are held for ${ether(owed)} that are owed`;
  if (held >= owed) return { legal: true, because: `${because}.` };
  return { legal: false, because: `${because}: who is paid in full takes from the others.` };
}

/** The keepers write the total that custody covers. The balances stay. */
async function understate({ chain, markets, story, ledger }: Beginning): Promise<SignedLedger> {
  ledger.tree.update([[TOTAL, LEFT]]);
  const signed = await ledger.commit();
  const { commitment, tree } = signed;
  const held = await markets.holder().custody();
  const balances = await Promise.all(OWNERS.map(async (role) => tree.get(await markets.keyOf(role))));
  const sum = balances.reduce((total, balance) => total + balance, 0n);
  const rows = [await story.total(signed), { ...row("sum of the balances", sum, held), place: markets.placeOf() }];
  await story.compare("The smaller total, and what its balances add up to", signed, rows);
  const holder = markets.at.holders["ETH-PERP"];
  const difference = { of: "rule", holder, rule: TOTAL_RULE, kind: "differs", here: LEFT, there: held } as const;
  const question = { difference, desk: markets.at.desk, commitment, tree, book: markets.books["ETH-PERP"] };
  await story.refused("A watcher disputes the smaller total by what is held", disputeOf(chain.request, question));
  return signed;
}

/** The total and every balance in one witness. Owners stand in the order of their hashed keys, nobody for the total. */
async function sumProof(markets: LedgerMarkets, { tree }: SignedLedger) {
  const ownerOf = new Map<Hex, string>([[TOTAL, NOBODY]]);
  for (const role of OWNERS) ownerOf.set(await markets.keyOf(role), await markets.addressOf(role));
  const { witness, slots } = tree.prove([...ownerOf.keys()]);
  return { rule: TOTAL_RULE, owners: slots.map(({ slot }) => ownerOf.get(slot)!), witness };
}
