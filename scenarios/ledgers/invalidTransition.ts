import { firstDivergence } from "../../src/actions/firstDivergence.js";
import type { Scenario } from "../types.js";
import { UNIT, forks } from "../world.js";
import { begin, type Beginning } from "./begin.js";
import type { SignedLedger } from "./kept.js";
import type { Balances } from "./markets.js";

const START = { bob: 600n * UNIT, erin: 400n * UNIT } satisfies Balances;
type State = Record<keyof typeof START, bigint>;
const BATCHES = 12;
/** In which batch Erin was paid on the chain, and which one began from the state before it. */
const PAID_IN = 6;
const STALE = 7;
const PAID = 200n * UNIT;

/** A batch begins from a state that is one batch too old. Every later one looks right by itself. */
export const invalidTransition: Scenario = {
  id: "invalid-transition",
  title: "A batch from a stale journal",
  incident:
    "On 25 June 2026 a sequencer of Base began from stale journal state and produced an invalid state transition, which validators rejected; its restart did so again. Here the seventh of twelve batches forgets the sixth.",

  async run(progress) {
    const beginning = await begin(await forks.create({ name: "ethereum" }), { balances: START });
    const { markets, story, ledger, beside, chain } = beginning;
    const from = chain.head.number;
    progress("twelve batches, of which the seventh begins from the state before the sixth");
    const { signed, last } = await runBatches(beginning);

    progress("the first batch that diverges is found, and disputed");
    let compared = 0;
    const states = {
      length: signed.length,
      at: (i: number) => {
        compared++;
        return { tree: signed[i]!.tree, anchor: signed[i]!.commitment.anchor };
      },
    };
    const question = { states, book: markets.books["ETH-PERP"], owners: await ledger.owners() };
    const found = (await firstDivergence(chain.request, question))!;
    await beside.commit();
    for (const batch of [STALE - 1, STALE]) {
      const after = signed[batch - 1]!;
      await story.compare(`The ledger after batch ${batch}`, after, await story.balances(after, ["bob", "erin"]));
    }
    const newest = signed.at(-1)!;
    await story.claim({
      name: "Erin is paid again what the seventh batch gave back to her",
      ...{ role: "erin", signed: newest, ...(await story.judge("erin", newest)) },
      meanwhile: () => story.refute(ledger, signed[found.index]!),
    });
    await story.claimBeside(beside);

    progress("the ledger is made from the chain, and heals");
    ledger.tree = await markets.treeOf(last);
    await story.heal([ledger, beside]);
    await story.recover([ledger, beside]);
    const bob = { role: "bob", signed: ledger.last, ...(await story.judge("bob", ledger.last)) } as const;
    await story.claim({ name: "Bob is paid all of his", ...bob });

    const badDebt = await markets.overpaid(last);
    const result = story.result(from);
    await chain.close();
    return {
      ...result,
      badDebt: { ...badDebt, unit: "TUSD", decimals: 18, caption: "Paid beyond what the chain holds" },
      measured: { batch: BigInt(found.index + 1), batches: BigInt(BATCHES), compared: BigInt(compared) },
      notes: [
        `Of ${BATCHES} batches ${compared} were compared to find batch ${found.index + 1}, the first that diverges.`,
        "Each later batch follows from the one before it. Only the chain knows that the first of them does not.",
      ],
    };
  },
};

/** What a batch does to a state: Bob wins 10 from Erin, and in one batch she is paid. */
function apply({ bob, erin }: State, batch: number): State {
  const won = 10n * UNIT;
  return { bob: bob + won, erin: erin - won - (batch === PAID_IN ? PAID : 0n) };
}

/** The chain follows every batch. The sequencer's state is one batch too old once. */
async function runBatches({
  markets,
  ledger,
  beside,
  story,
}: Beginning): Promise<{ signed: SignedLedger[]; last: State }> {
  const signed: SignedLedger[] = [];
  let [onChain, before, own]: State[] = [START, START, START] as never;
  for (let batch = 1; batch <= BATCHES; batch++) {
    onChain = apply(onChain!, batch);
    await markets.hold(onChain);
    const begun = batch === STALE ? before! : own!;
    [before, own] = [own, apply(begun, batch)];
    ledger.tree = await markets.treeOf(own);
    if (batch === STALE) await story.refused("A signer compares the ledger after batch 7", ledger.prepare());
    signed.push(batch < STALE ? await ledger.commit() : await ledger.commitUnchecked());
    if (batch === PAID_IN || batch === STALE) story.event(`batch ${batch}`);
  }
  await beside.commit();
  return { signed, last: onChain! };
}
