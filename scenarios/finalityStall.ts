import {
  OptionStory,
  blockOfExpiry,
  deployOptions,
  endOf,
  exerciseOnBoth,
  finalize,
  fixingProof,
  onBoth,
  priceAt,
  publish,
  sellOnBoth,
  type Terms,
} from "./expiry.js";
import { timeOf, timedBlocksOf } from "./continuity.js";
import type { Scenario } from "./types.js";
import { UNIT, ether, forks } from "./world.js";

const BEFORE = 1_950n * UNIT;
const AFTER = 2_050n * UNIT;
/** Seconds of slots that were missed in a row. */
const MISSED = 180;
/** Blocks of nine epochs. */
const NINE_EPOCHS = 288;
/** What Carol and Bob settle for. */
const AGREED = 2n * UNIT;
const MONTH = 30 * 86_400; // seconds

/** Nothing is final for an hour, and the expiry falls into slots that were missed. */
export const finalityStall: Scenario = {
  id: "finality-stall",
  title: "An expiry while nothing is final",
  incident:
    "On 11 and 12 May 2023 Ethereum went on and finalized nothing, first for four epochs and then for nine: most validators attested too late, and blocks were missing. Here an option expires in between, while no block comes for three minutes.",

  async run(progress) {
    const chain = await forks.create({ name: "ethereum" });
    const on = await deployOptions(chain, BEFORE);
    const story = new OptionStory(on);
    const start = BigInt(await timeOf(chain));
    const expiry = start + 300n;
    const terms = await sellOnBoth(on, "alice", expiry);
    const agreed = await sellOnBoth(on, "carol", expiry, 1n);
    const late = await sellOnBoth(on, "dave", start + 5_000n);
    while (BigInt(await timeOf(chain)) < expiry - 12n) await chain.mine();
    const from = chain.head.number - 3n;

    progress("no block for three minutes; the price rises meanwhile");
    await chain.stall({ seconds: MISSED });
    await publish(on, AFTER);
    story.event("price 2,050");
    const number = await blockOfExpiry(chain, expiry);
    const price = await priceAt(on, number);
    const proof = await fixingProof(on, number);
    const of = `block ${number}, the last before the expiry,`;
    let because = `in the state of ${of} the price was ${ether(price)}, and that block may still be replaced.`;
    const early = { name: "Alice takes the payoff in the first block after the expiry", legal: false, because };
    await story.step(early, () => exerciseOnBoth(on, "alice", terms, proof));
    await agree(story, agreed);

    progress("nine epochs later blocks are final again");
    await chain.mine(NINE_EPOCHS);
    await finalize(on, number + 1n, number + 31n);
    story.event(`block ${number + 1n} final`);
    because = `the price is that of ${of} and the one after it is final.`;
    const final = { name: "A keeper fixes by the block that is final", legal: true, because };
    await story.step(final, () => exerciseOnBoth(on, "keeper", terms, proof));
    const branches = [{ name: chain.name, fate: "canonical" as const, blocks: await timedBlocksOf(chain, from) }];

    progress("another expiry, and finality does not come back");
    await chain.mine(150);
    await takeBack(story, late);
    const told = await story.told(terms, price);
    const split = (await endOf(on, "guarded", agreed)).toHolder;
    const voided = (await endOf(on, "guarded", late)).toHolder;
    await chain.close();
    return { ...told, branches, measured: { split, voided }, notes: NOTES };
  },
};

const NOTES = [
  "While nothing is final the guarded market pays on no fact. It pays what both sides agree upon, and after 30 days it undoes the sale.",
  "Whoever would lose by the fixing gains by its absence. Anybody may fix, from the block's finality until those 30 days are over.",
];

async function agree(story: OptionStory, terms: Terms): Promise<void> {
  const { on } = story;
  await onBoth(on, "bob", (market) => market.agree(terms, AGREED), "Proposed it.");
  const name = `Carol and Bob do not wait: she gets ${ether(AGREED)} of the 11 that are held`;
  await story.step({ name, legal: true, because: "both want it, and it is about nobody else's ether." }, () =>
    onBoth(on, "carol", (market) => market.agree(terms, AGREED), "Both named the same amount."),
  );
}

async function takeBack(story: OptionStory, terms: Terms): Promise<void> {
  const { on } = story;
  const says = "Each side is due what it paid in.";
  const act = () => onBoth(on, "dave", (market) => market.void(terms), says);
  let because = "the chain may still finalize the block of the expiry.";
  await story.step({ name: "Dave wants his premium back at once", legal: false, because }, act);
  await on.chain.stall({ seconds: MONTH });
  await on.chain.mine();
  because = "nobody could show a final price, and nobody shall wait for ever.";
  await story.step({ name: "Dave gets his premium back after 30 days", legal: true, because }, act);
}
