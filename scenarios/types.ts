import type { Hex } from "../src/core/bytes.js";
import type { ProofAnswer } from "../src/proof/witness.js";

/** A block of a simulated chain. */
export interface BlockRef {
  number: bigint;
  hash: Hex;
  /** Seconds since 1970, in scenarios that are about time: the report then shows where the chain stood still. */
  time?: number;
}

/** One branch of a chain as the scenario left it, from a common ancestor to its head. */
export interface Branch {
  name: string;
  /**
   * What became of it: the network kept it, or left it. Or it goes on beside the other, after a
   * lasting split.
   */
  fate: "canonical" | "abandoned" | "sister";
  blocks: BlockRef[];
}

/** What a contract did with an action. */
export interface Outcome {
  /** Whether the action took effect. */
  executed: boolean;
  /** One sentence: what took effect, or why the contract refused. */
  says: string;
  /** The name of the guard's error, where it was the guard that refused. */
  error?: string;
  /** The values in the guard's error. */
  values?: Record<string, bigint | string>;
}

/** What somebody does on both twins. */
export interface Step {
  name: string;
  /** The head of the chain to which it was presented. */
  presentedAt: BlockRef;
  presentedOn: string;
  /** What an oracle that knows nothing of the guard says about it. */
  legal: boolean;
  /** Why, in one sentence, from that oracle. */
  because: string;
  unguarded: Outcome;
  guarded: Outcome;
}

/** A step that was prepared in one place and presented in another. */
export interface Action extends Step {
  /** The head of the chain that its author saw. */
  signedAt: BlockRef;
  signedOn: string;
  /** The block that it commits to. */
  anchor: BlockRef;
}

/** Something that happened on a chain and that nobody of the scenario did to the twins. */
export interface Event {
  at: BlockRef;
  /** A few words. */
  text: string;
}

/** One key of a ledger beside what the chain holds in its place, each as it is shown. */
export interface LedgerRow {
  key: string;
  ledger: string;
  chain: string;
  agrees: boolean;
  /** A few words: that they are the same, or by how much they differ. */
  verdict: string;
  /** Where the chain has it, in one slot, and what a node answers to `eth_getProof` about that slot. */
  proof?: { account: Hex; slot: Hex; answer: ProofAnswer };
}

/** A ledger beside the chain, at one block. What the chain holds was read from its contracts, and not from a dispute. */
export interface LedgerComparison {
  title: string;
  block: BlockRef;
  ledgerRoot: Hex;
  /** State root of the block, as its header has it. */
  stateRoot: Hex;
  rows: LedgerRow[];
}

/** What the library, or the desk, refused before anything was signed, relayed or believed. */
export interface Refusal {
  /** What was tried, in one sentence without its full stop. */
  attempt: string;
  /** Code of the library's error, or name of the contract's. */
  error: string;
  says: string;
}

/** What a scenario found: data for the tests to assert on, and for the report to draw. */
export interface ScenarioResult {
  branches: Branch[];
  actions: (Action | Step)[];
  events?: Event[];
  /** In scenarios about ledgers. */
  ledgers?: LedgerComparison[];
  refusals?: Refusal[];
  /**
   * What each twin was left with, in `unit`, by an account of the scenario's own. `caption` says
   * what it is where it is no bad debt.
   */
  badDebt: { unguarded: bigint; guarded: bigint; unit: string; decimals: number; caption?: string };
  /** Figures of the notes by name, for the tests. */
  measured?: Readonly<Record<string, bigint>>;
  /** Facts worth a line in the report. */
  notes: string[];
}

/** An incident, replayed in small. */
export interface Scenario {
  /** Its name in every test, document and report. */
  id: string;
  title: string;
  /** What happened in the world, with its date; a synthetic one says so. */
  incident: string;
  /** @param progress is told what is going on, a few words at a time */
  run(progress: (text: string) => void): Promise<ScenarioResult>;
}
