import type { ContractTransactionResponse } from "ethers";

import { fetchHeader } from "../src/actions/fetchHeader.js";
import { prove } from "../src/actions/prove.js";
import type { BeaconForks } from "../src/anchor/beacon.js";
import type { Hex } from "../src/core/bytes.js";
import type { HashedHeader } from "../src/header/fields.js";
import type { HardhatChain } from "../src/hardhat/index.js";
import { random } from "../tools/random.js";
import { growFinality, keepBeaconRoot } from "../tools/sources/beacon.js";
import {
  FinalizedHashes__factory,
  GuardedExpiryOptions__factory,
  PriceFeed__factory,
  UnguardedExpiryOptions__factory,
  type ExpiryOptions,
} from "../typechain-types/index.js";
import { timeOf } from "./continuity.js";
import type { Event, Outcome, ScenarioResult, Step } from "./types.js";
import { TWINS, UNIT, attempt, ether, signersOf, type Role, type Twin } from "./world.js";

/** Slots of a made-up beacon chain: only that they lie in one fork matters. */
const BEACON_FORKS: BeaconForks = { electra: 1_000n, gloas: 2_000n, until: 3_000n };
const ATTESTED_SLOT = 1_500n;
const FINALIZED_SLOT = 1_436n;

export const STRIKE = 2_000n * UNIT;
export const COLLATERAL = 10n * UNIT;
export const PREMIUM = UNIT;

/** What both sides of an option agree upon. The contract's `Terms`. */
export interface Terms {
  writer: string;
  strike: bigint;
  collateral: bigint;
  premium: bigint;
  expiry: bigint;
  salt: bigint;
}

/** What shows the price at an expiry. The contract's `FixingProof`. */
export interface FixingProof {
  next: bigint;
  nextHeader: Hex;
  header: Hex;
  witness: Hex;
}

/** A feed, what knows which blocks are final, and the two markets, on one chain. */
export interface OptionMarkets {
  chain: HardhatChain;
  feed: Hex;
  source: string;
  markets: Record<Twin, string>;
}

/** Deploys the feed with a price, the source, which knows no block yet, and both markets. */
export async function deployOptions(chain: HardhatChain, price: bigint): Promise<OptionMarkets> {
  const { deployer, feed: publisher } = await signersOf(chain);
  const feed = await new PriceFeed__factory(publisher).deploy();
  await feed.publish(price);
  const source = await new FinalizedHashes__factory(deployer).deploy(BEACON_FORKS, 1_000n);
  const markets = {
    unguarded: await (await new UnguardedExpiryOptions__factory(deployer).deploy(feed)).getAddress(),
    guarded: await (await new GuardedExpiryOptions__factory(deployer).deploy(feed, source)).getAddress(),
  };
  return { chain, feed: (await feed.getAddress()) as Hex, source: await source.getAddress(), markets };
}

/** One twin's market, called by `role`. Both twins have the same interface but for the guarded one's errors. */
export async function optionsOf({ chain, markets }: OptionMarkets, twin: Twin, role: Role): Promise<ExpiryOptions> {
  return GuardedExpiryOptions__factory.connect(markets[twin], (await signersOf(chain))[role]);
}

/** The feed publishes a price, in a block of its own. */
export async function publish({ chain, feed }: OptionMarkets, price: bigint): Promise<void> {
  const { feed: publisher } = await signersOf(chain);
  await PriceFeed__factory.connect(feed, publisher).publish(price);
}

/** What the feed says in the state after a block: the scenario's own account. */
export async function priceAt({ chain, feed }: OptionMarkets, number: bigint): Promise<bigint> {
  return PriceFeed__factory.connect(feed, chain.tools.ethers.provider).price({ blockTag: Number(number) });
}

/** Bob writes an option and `holder` buys it, on both markets. */
export async function sellOnBoth(on: OptionMarkets, holder: Role, expiry: bigint, salt = 0n): Promise<Terms> {
  const writer = await (await signersOf(on.chain)).bob.getAddress();
  const terms = { writer, strike: STRIKE, collateral: COLLATERAL, premium: PREMIUM, expiry, salt };
  for (const twin of TWINS) {
    await (await optionsOf(on, twin, "bob")).offer(terms, { value: COLLATERAL });
    await (await optionsOf(on, twin, holder)).buy(terms, { value: PREMIUM });
  }
  return terms;
}

/** The last block whose time is at or before `expiry`, read from the times of the blocks. */
export async function blockOfExpiry(chain: HardhatChain, expiry: bigint): Promise<bigint> {
  let number = chain.head.number;
  while (BigInt(await timeOf(chain, number)) > expiry) number--;
  return number;
}

/** What shows the price in the state of block `number`, and the block after it. */
export async function fixingProof({ chain, feed }: OptionMarkets, number: bigint): Promise<FixingProof> {
  const { header, witness } = await prove(chain.request, { anchor: { number }, account: feed, slots: [0n] });
  const next = await fetchHeader(chain.request, { block: { number: number + 1n } });
  return { next: number + 1n, nextHeader: next.rlp, header, witness };
}

/**
 * The beacon chain finalizes block `checkpoint`, and somebody shows the source that and its ancestor `number`. The beacon blocks are
 * made up, and the root that the chain keeps of them is written there.
 */
export async function finalize(on: OptionMarkets, number: bigint, checkpoint = number): Promise<void> {
  const { chain } = on;
  const headers = [];
  for (let height = checkpoint; height >= number; height--)
    headers.push(await fetchHeader(chain.request, { block: { number: height } }));
  const [{ rlp: header, hash }] = headers as [HashedHeader, ...HashedHeader[]];
  const timestamp = BigInt(await timeOf(chain));
  const slots = { attestedSlot: ATTESTED_SLOT, finalizedSlot: FINALIZED_SLOT };
  const { root, proof } = growFinality(random(1), { forks: BEACON_FORKS, timestamp, ...slots, header, hash });
  await keepBeaconRoot(chain, timestamp, root);
  const source = FinalizedHashes__factory.connect(on.source, (await signersOf(chain)).keeper);
  const branches = { checkpointBranch: [...proof.checkpointBranch], blockHashBranch: [...proof.blockHashBranch] };
  await source.record({ ...proof, ...branches });
  await source.recordAncestor(
    checkpoint,
    headers.map(({ rlp }) => rlp),
  );
}

/** Somebody ends an option by the price at its expiry, and the holder takes out what it pays. One step on each market. */
export async function exerciseOnBoth(
  on: OptionMarkets,
  role: Role,
  terms: Terms,
  proof: FixingProof,
): Promise<Record<Twin, Outcome>> {
  const exercise = async (twin: Twin): Promise<Outcome> => {
    const market = await optionsOf(on, twin, role);
    const outcome = await attempt(
      market.interface,
      () => market.fix(terms.expiry, proof),
      () => "",
    );
    if (!outcome.executed) return outcome;
    await market.settle(terms);
    const { price, number } = await market.fixings(terms.expiry);
    const { toHolder } = await endOf(on, twin, terms);
    await market.collect();
    const says = `Fixed at ${ether(price)}, the price in block ${number}. The holder got ${ether(toHolder)} ether.`;
    return { executed: true, says };
  };
  return { unguarded: await exercise("unguarded"), guarded: await exercise("guarded") };
}

/** Both markets are asked to do something with an option. */
export async function onBoth(
  on: OptionMarkets,
  role: Role,
  call: (market: ExpiryOptions) => Promise<ContractTransactionResponse>,
  says: string,
): Promise<Record<Twin, Outcome>> {
  const of = async (twin: Twin): Promise<Outcome> => {
    const market = await optionsOf(on, twin, role);
    return attempt(
      market.interface,
      () => call(market),
      () => says,
    );
  };
  return { unguarded: await of("unguarded"), guarded: await of("guarded") };
}

/** How an option ended. */
export async function endOf(
  on: OptionMarkets,
  twin: Twin,
  terms: Terms,
): Promise<{ toHolder: bigint; toWriter: bigint }> {
  const market = await optionsOf(on, twin, "deployer");
  const [ended] = await market.queryFilter(market.filters.Ended(await market.idOf(terms)));
  return { toHolder: ended?.args.toHolder ?? 0n, toWriter: ended?.args.toWriter ?? 0n };
}

/** What the price at the expiry gives the holder. */
export function owed(price: bigint): bigint {
  return price >= STRIKE ? COLLATERAL : 0n;
}

/** Tells what happens to both markets, in order. */
export class OptionStory {
  readonly steps: Step[] = [];
  readonly events: Event[] = [];

  constructor(readonly on: OptionMarkets) {}

  event(text: string): void {
    this.events.push({ at: this.on.chain.head, text });
  }

  async step(
    told: Pick<Step, "name" | "legal" | "because"> & { presentedOn?: string },
    act: () => Promise<Record<Twin, Outcome>>,
  ): Promise<void> {
    const { chain } = this.on;
    this.steps.push({ presentedOn: chain.name, presentedAt: chain.head, ...told, ...(await act()) });
  }

  /** Where each market stands: what it gave the holder beyond what the price at the expiry does. */
  async told(terms: Terms, price: bigint): Promise<Pick<ScenarioResult, "actions" | "events" | "badDebt">> {
    const overpaid = async (twin: Twin): Promise<bigint> => (await endOf(this.on, twin, terms)).toHolder - owed(price);
    const badDebt = { unguarded: await overpaid("unguarded"), guarded: await overpaid("guarded") };
    const caption = "What was paid beyond what the price at the expiry owed";
    return {
      actions: this.steps,
      events: this.events,
      badDebt: { ...badDebt, unit: "ETH", decimals: 18, caption },
    };
  }
}
