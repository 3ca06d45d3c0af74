import { Contract } from "ethers";

import { disputeOf } from "../../src/actions/disputeOf.js";
import { fetchHeader } from "../../src/actions/fetchHeader.js";
import { reconcile, type ReconcileReport } from "../../src/actions/reconcile.js";
import { toQuantity, type Hex } from "../../src/core/bytes.js";
import { SettlementGuardError } from "../../src/core/errors.js";
import { abiCommitment } from "../../src/ledger/abi.js";
import { DISPUTES, decodeLibraryError, type Dispute } from "../../src/explain/guardErrors.js";
import { explain } from "../../src/explain/explain.js";
import { revertDataOf } from "../../src/explain/revertData.js";
import { STATUSES, type Status } from "../../src/policy/policy.js";
import type { ProofAnswer } from "../../src/proof/witness.js";
import { LedgerDesk__factory, type LedgerDesk } from "../../typechain-types/index.js";
import type { Judgement } from "../continuity.js";
import type { Action, Event, LedgerComparison, LedgerRow, Outcome, Refusal, ScenarioResult, Step } from "../types.js";
import { TWINS, attempt, blocksOf, ether, type Role, type Twin } from "../world.js";
import type { KeptLedger, SignedLedger } from "./kept.js";
import {
  HEAL_AFTER,
  HEAL_FOR,
  MARKETS,
  SIGNERS,
  TOTAL,
  WAY_BACK,
  scopeOf,
  type LedgerMarkets,
  type Market,
} from "./markets.js";

/** Seconds between asking for a payment and taking it: the contract's `DELAY`. */
const DELAY = 120;

/** What a dispute showed. */
export interface Contradiction {
  readonly kind: Dispute;
  readonly number: bigint;
  readonly claimed: bigint;
  readonly actual: bigint;
}

/** What somebody asks for on both twins. */
interface Claim extends Judgement {
  readonly name: string;
  readonly role: Role;
  readonly signed: SignedLedger;
  /** What happens while the payment waits. */
  readonly meanwhile?: () => Promise<unknown>;
}

/** Tells what happens to ledgers: what is asked for on both twins, and what happens besides. */
export class LedgerStory {
  readonly steps: (Action | Step)[] = [];
  readonly events: Event[] = [];
  readonly ledgers: LedgerComparison[] = [];
  readonly refusals: Refusal[] = [];

  constructor(readonly markets: LedgerMarkets) {}

  /** The same story, on another node. */
  on(markets: LedgerMarkets): LedgerStory {
    return Object.assign(new LedgerStory(markets), { ...this, markets });
  }

  event(text: string): void {
    this.events.push({ at: this.markets.chain.head, text });
  }

  /** Asks for what a ledger says, on both twins, and takes it once the delay has passed. */
  async claim({ name, role, signed, meanwhile, legal, because }: Claim): Promise<Action> {
    const { chain } = this.markets;
    const { commitment, tree } = signed;
    const presentedAt = chain.head;
    const { witness } = tree.prove([await this.markets.keyOf(role)]);
    const asked = await this.#onBoth(role, "Asked for.", (market) =>
      market.ask({
        ...signed,
        commitment: abiCommitment(commitment),
        set: SIGNERS,
        signatures: [...signed.signatures],
        witness,
      }),
    );
    await meanwhile?.();
    await chain.passTime(DELAY);
    const amount = ether(tree.get(await this.markets.keyOf(role)));
    const taken = await this.#onBoth(role, `Paid out ${amount}.`, (market) => market.take(commitment.scope));
    const outcomeOn = (twin: Twin): Outcome => (asked[twin].executed ? taken[twin] : asked[twin]);
    const { number, hash } = commitment.anchor;
    const action = {
      ...{ name, legal, because, presentedAt, presentedOn: chain.name },
      ...{ signedAt: signed.signedAt, signedOn: signed.signedOn, anchor: { number, hash } },
      ...{ unguarded: outcomeOn("unguarded"), guarded: outcomeOn("guarded") },
    };
    this.steps.push(action);
    return action;
  }

  /** Carol takes what she has of the other market: what happens to a ledger is none of that market's business. */
  claimBeside(beside: KeptLedger): Promise<Action> {
    return this.claim({
      name: "Carol is paid on the other market, whose ledger is sound",
      role: "carol",
      signed: beside.last,
      legal: true,
      because: "her balance there is the same in the ledger and on the chain.",
    });
  }

  /** Bob makes his position smaller. */
  async reduce(name: string, size: bigint, judgement: Judgement): Promise<Step> {
    const { chain } = this.markets;
    const place = { name, presentedAt: chain.head, presentedOn: chain.name };
    const says = `Made the position smaller by ${ether(size)}.`;
    const outcomes = await this.#onBoth("bob", says, (market) => market.reduce(scopeOf("ETH-PERP"), size));
    const step = { ...place, ...judgement, ...outcomes };
    this.steps.push(step);
    return step;
  }

  async #onBoth(
    role: Role,
    says: string,
    send: (market: ReturnType<LedgerMarkets["twin"]>) => ReturnType<LedgerDesk["heal"]>,
  ): Promise<Record<Twin, Outcome>> {
    const outcomes = {} as Record<Twin, Outcome>;
    for (const twin of TWINS) {
      const contract = this.markets.twin(twin, role);
      outcomes[twin] = await attempt(
        contract.interface,
        () => send(contract),
        () => says,
      );
    }
    return outcomes;
  }

  /** The oracle: what the chain's own contract holds of an owner, beside what the ledger says. */
  async judge(role: Role, { tree }: SignedLedger): Promise<Judgement> {
    const [held, claimed] = [await this.markets.held(role), tree.get(await this.markets.keyOf(role))];
    const because = `of ${ether(claimed)} that the ledger says, the chain's contract holds ${ether(held)}.`;
    return { legal: claimed <= held, because };
  }

  /* WHAT WATCHERS DO */

  /** Frank, whom nobody appointed, compares a ledger with the chain. He disputes a difference, of an owner where there is one. */
  async refute(ledger: KeptLedger, signed: SignedLedger): Promise<{ report: ReconcileReport; shown: Contradiction }> {
    const { chain, books, at } = this.markets;
    const book = books[ledger.market];
    const { tree, commitment } = signed;
    const question = { anchor: commitment.anchor, tree, book, owners: await ledger.owners() };
    const report = await reconcile(chain.request, question);
    const difference = report.differences.find(({ owner }) => owner !== undefined) ?? report.differences[0];
    if (difference === undefined) throw new RangeError("the ledger agrees with the chain");
    const later = ledger.relayed.slice(ledger.relayed.indexOf(signed) + 1);
    const descendants = later.map((other) => other.commitment);
    const options = { difference, desk: at.desk, commitment, tree, book, descendants };
    const dispute = await disputeOf(chain.request, options);
    const desk = new Contract(dispute.to, LedgerDesk__factory.abi, this.markets.signers.frank);
    const shown = await this.contradict(() => desk.getFunction(dispute.function)(...dispute.args) as never);
    return { report, shown };
  }

  /** Frank sends a dispute. */
  async contradict(send: (desk: LedgerDesk) => ReturnType<LedgerDesk["disputeAnchor"]>): Promise<Contradiction> {
    const desk = this.markets.desk.connect(this.markets.signers.frank);
    const receipt = await (await send(desk)).wait();
    const logs = receipt!.logs.map((log) => desk.interface.parseLog(log));
    const { kind, number, claimed, actual } = logs.find((log) => log?.name === "LedgerContradicted")!
      .args as unknown as {
      kind: bigint;
      number: bigint;
      claimed: string;
      actual: string;
    };
    const name = DISPUTES[Number(kind)]!;
    this.event(`dispute: ${name}, ${await this.statusOf()}`);
    return { kind: name, number, claimed: BigInt(claimed), actual: BigInt(actual) };
  }

  /** Records what the library or a contract refuses. */
  async refused(attempt: string, act: Promise<unknown>): Promise<Refusal> {
    const refusal = await act.then(
      () => ({ attempt, error: "", says: "It was not refused." }),
      (thrown: unknown) => ({ attempt, ...reasonOf(thrown) }),
    );
    this.refusals.push(refusal);
    return refusal;
  }

  /* TIME AND THE WAY BACK */

  /** Lets time pass, in which every ledger is committed to in time. */
  async live(seconds: number, ledgers: readonly KeptLedger[]): Promise<void> {
    for (let left = seconds; left > 0; left -= HEAL_FOR) {
      for (const ledger of ledgers) await ledger.commit();
      await this.markets.chain.passTime(Math.min(left, HEAL_FOR));
    }
  }

  /** Matching commitments heal the first ledger; what follows is Stale, and then Lagging. */
  async heal(ledgers: readonly [KeptLedger, ...KeptLedger[]]): Promise<void> {
    for (let i = 1; i < HEAL_AFTER; i++) await this.live(HEAL_FOR / HEAL_AFTER, ledgers);
    await this.live(HEAL_FOR, ledgers);
    await this.markets.desk.heal(this.markets.at.twins.guarded, scopeOf(ledgers[0].market));
    this.event(`healed: ${await this.statusOf()}`);
  }

  /** From Stale after a healing to Lagging. */
  async recover(ledgers: readonly KeptLedger[]): Promise<void> {
    await this.live(WAY_BACK, ledgers);
    for (const ledger of ledgers) await ledger.commit();
    this.event(await this.statusOf());
  }

  /** Status of a market, in the guard's own word. */
  async statusOf(market: Market = MARKETS[0]): Promise<Status> {
    const [status] = await this.markets.twin("guarded", "deployer").statusOf(scopeOf(market));
    return STATUSES[Number(status)]!;
  }

  /* WHAT IS SHOWN */

  /** Puts a ledger beside the chain at the block of its anchor. What has a slot is proven there. */
  async compare(title: string, { commitment, tree }: SignedLedger, rows: readonly Row[]): Promise<void> {
    const { number } = commitment.anchor;
    const { request } = this.markets.chain;
    const { hash, stateRoot } = await fetchHeader(request, { block: { number } });
    const shown: LedgerRow[] = [];
    for (const { place, ...rest } of rows) {
      if (place === undefined) shown.push(rest);
      else {
        const params = [place.account, [place.slot], toQuantity(number)];
        const answer = (await request({ method: "eth_getProof", params })) as ProofAnswer;
        shown.push({ ...rest, proof: { ...place, answer } });
      }
    }
    this.ledgers.push({ title, block: { number, hash }, ledgerRoot: tree.root, stateRoot, rows: shown });
  }

  /** The balances that a ledger has, beside those that the chain's own contract answers. */
  async balances({ commitment, tree }: SignedLedger, roles: readonly Role[]): Promise<Row[]> {
    const rows: Row[] = [];
    for (const role of roles) {
      const held = await this.markets.held(role, commitment.anchor.number);
      const key = await this.markets.keyOf(role);
      const place = this.markets.placeOf(await this.markets.addressOf(role));
      rows.push({ ...row(`balance of ${role}`, tree.get(key), held), place });
    }
    return rows;
  }

  /** The total, beside the custody. */
  async total({ commitment, tree }: SignedLedger): Promise<Row> {
    const held = await this.markets.holder().custody({ blockTag: toQuantity(commitment.anchor.number) });
    return { ...row("total", tree.get(TOTAL), held), place: this.markets.placeOf() };
  }

  /** The chain's branch from block `from` on, and what was told. */
  result(from: bigint): Pick<ScenarioResult, "branches" | "actions" | "events" | "ledgers" | "refusals"> {
    const { chain } = this.markets;
    const branches = [{ name: chain.name, fate: "canonical" as const, blocks: blocksOf(chain, from) }];
    const { steps: actions, events, ledgers, refusals } = this;
    return { branches, actions, events, ledgers, refusals };
  }
}

/** A row that is shown, and the slot in which the chain has it. */
export interface Row extends Omit<LedgerRow, "proof"> {
  readonly place?: { readonly account: Hex; readonly slot: Hex };
}

/** A row of amounts. */
export function row(key: string, ledger: bigint, chain: bigint, show: (value: bigint) => string = ether): Row {
  const verdict =
    ledger === chain
      ? "the same"
      : ledger > chain
        ? `${show(ledger - chain)} too much`
        : `${show(chain - ledger)} too little`;
  return { key, ledger: show(ledger), chain: show(chain), agrees: ledger === chain, verdict };
}

function reasonOf(thrown: unknown): Pick<Refusal, "error" | "says"> {
  if (SettlementGuardError.is(thrown)) return { error: thrown.code, says: `${thrown.message}.` };
  const revertData = revertDataOf(thrown);
  const error = revertData === undefined ? undefined : decodeLibraryError(revertData);
  if (error === undefined) throw thrown;
  return { error: error.name, says: explain(revertData).slice(error.name.length + 2) };
}
