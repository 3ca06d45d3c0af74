import { sameHex } from "../core/bytes.js";
import {
  checkLogged,
  checkOrder,
  readValues,
  unknownEvent,
  type EventOf,
  type EventShapes,
  type LoggedEvent,
  type ReplayValue,
} from "./replayEvents.js";
import { Roots, type ReplayedLedger, type RootDivergence } from "./replayRoots.js";
import type { LedgerEntry, LedgerTree } from "./tree.js";

/** The rules of a protocol: what its events must say. */
export interface ReplayReducer<State, Shapes extends EventShapes> {
  /** The events that the rules speak of, by name. */
  readonly events: Shapes;
  /** Of these the events that come before the one which they belong to, in its transaction. Every other event ends a step. */
  readonly precedes?: readonly (keyof Shapes & string)[];
  /** Events that the rules do not speak of. Any name that is in neither list is refused. */
  readonly ignores?: readonly string[];
  /** What the rules make of a state and of a step's inputs. It must change nothing. */
  readonly step: (state: State, step: ReplayStep<Shapes>) => ReplayOutcome<State, Shapes>;
}

/** Events that are logged together: the one that ends the step, and those that precede it. */
export interface ReplayStep<Shapes extends EventShapes> {
  readonly before: readonly EventOf<Shapes>[];
  readonly last: EventOf<Shapes>;
}

/** What follows from a step by the rules. */
export interface ReplayOutcome<State, Shapes extends EventShapes> {
  /** All events of the step in their order, the last one included. */
  readonly expected: readonly ExpectedEvent<Shapes>[];
  /** The state after the step. Called at most once, and only where what was logged follows. It may write into the state that was given. */
  readonly next: () => State;
  /** What the step writes into the ledger, given the state after it. Called only where {@link ReplayOptions} has a ledger. */
  readonly entries?: (after: State) => Iterable<LedgerEntry>;
}

/** An event as the rules have it. */
export type ExpectedEvent<Shapes extends EventShapes> = {
  readonly [Name in keyof Shapes]: {
    readonly name: Name;
    /** What the members must be. A member that is left out is an input. */
    readonly values: Partial<Extract<EventOf<Shapes>, { readonly name: Name }>["values"]>;
    readonly bounds?: readonly ReplayBound[];
  };
}[keyof Shapes];

/** A number that nobody logged, which follows from a step, and must not lie outside of its bounds. */
export interface ReplayBound {
  /** Names it in the report. */
  readonly what: string;
  readonly value: bigint;
  readonly atLeast?: bigint;
  readonly atMost?: bigint;
}

/** What {@link replay} goes through. */
export interface ReplayOptions<State, Shapes extends EventShapes> {
  /** The oldest first. They are read once, and none is kept. */
  readonly events: Iterable<LoggedEvent> | AsyncIterable<LoggedEvent>;
  readonly reducer: ReplayReducer<State, Shapes>;
  /** The state before the first event. */
  readonly initial: State;
  /** Compares roots, too. */
  readonly ledger?: ReplayedLedger;
}

/** What {@link replay} found. */
export interface ReplayReport<State> {
  /** How many events follow, in whole steps, those included that the reducer ignores. */
  readonly events: number;
  /** The state after them. */
  readonly state: State;
  /** Undefined where everything follows. */
  readonly divergence: ReplayDivergence | undefined;
}

/** The first that does not follow. */
export type ReplayDivergence = EventDivergence | RootDivergence;

/** An event that does not follow from those before it. */
export interface EventDivergence {
  /** Unfinished: its transaction ends without the event that it must precede. */
  readonly kind: "event" | "unfinished";
  /** Counts the events from 0. */
  readonly at: number;
  readonly event: LoggedEvent;
  /** One at least, or none where it is unfinished. */
  readonly differences: readonly ReplayDifference[];
}

/** A value that does not follow. */
export interface ReplayDifference {
  /** A member of the event, `name` for the event itself, or what a {@link ReplayBound} names. */
  readonly member: string;
  /** As it was logged, or what follows for a bound. Undefined where no event was logged. */
  readonly found: ReplayValue | string | undefined;
  /** What `found` must be, or by which it is bound. Undefined where no event was expected. */
  readonly expected: ReplayValue | string | undefined;
  readonly relation: "equal" | "at least" | "at most";
}

/**
 * Computes again what a protocol logged, and finds the first event that does not follow from those before it.
 *
 * A reducer says by a protocol's rules what the outputs of a step must be. Logged outputs are compared with them. What is
 * altered in an input shows where an output, a bound or a committed root depends on it. All is computed in exact integers: `/` of two
 * bigints rounds toward zero, as in Solidity.
 *
 * One step is held in memory, and the reducer's state.
 *
 * @throws EVENT_ORDER for an event that comes twice, out of order, from another branch, or after one that is missing
 * @throws UNKNOWN_EVENT, INVALID_EVENT
 * @throws INVALID_OPTION for commitments that are not in the order of their anchors
 * @example
 * const { divergence } = await replay({ events, reducer: marginPerps, initial: marginPerpsStart() });
 * if (divergence?.kind === "event") console.log(divergence.at, divergence.event.name, divergence.differences);
 */
export async function replay<State, Shapes extends EventShapes>({
  events,
  reducer,
  initial,
  ledger,
}: ReplayOptions<State, Shapes>): Promise<ReplayReport<State>> {
  const steps = new Steps(reducer, initial, ledger?.tree);
  const roots = new Roots(ledger);
  try {
    let previous: LoggedEvent | undefined;
    let at = 0;
    for await (const event of events) {
      checkLogged(event, at);
      if (previous !== undefined) checkOrder(previous, event, at);
      const divergence = steps.begin(event) ?? (await roots.compareBefore(event.block.number)) ?? steps.take(event, at);
      if (divergence !== undefined) return steps.report(divergence);
      previous = event;
      at += 1;
    }
    return steps.report(steps.end() ?? (await roots.compareBefore(undefined)));
  } finally {
    await roots.close();
  }
}

/**
 * A reducer as it is given. It lets TypeScript find the types of the events' members.
 *
 * @example
 * const counter = defineReducer({
 *   events: { Counted: { total: "uint256" } },
 *   step: (n: bigint) => ({ expected: [{ name: "Counted", values: { total: n + 1n } }], next: () => n + 1n }),
 * });
 */
export function defineReducer<State, const Shapes extends EventShapes>(
  reducer: ReplayReducer<State, Shapes>,
): ReplayReducer<State, Shapes> {
  return reducer;
}

/** An event whose members were read, and its place in the stream. */
interface Pending<Shapes extends EventShapes> {
  readonly at: number;
  readonly logged: LoggedEvent;
  readonly read: EventOf<Shapes>;
}

class Steps<State, Shapes extends EventShapes> {
  readonly #precedes: ReadonlySet<string>;
  readonly #ignores: ReadonlySet<string>;
  #pending: Pending<Shapes>[] = [];
  #count = 0;

  constructor(
    private readonly reducer: ReplayReducer<State, Shapes>,
    private state: State,
    private readonly tree: LedgerTree | undefined,
  ) {
    this.#precedes = new Set(reducer.precedes);
    this.#ignores = new Set(reducer.ignores);
  }

  /** A step ends with its transaction, if not before. */
  begin({ transaction, block }: LoggedEvent): EventDivergence | undefined {
    const [first] = this.#pending;
    const isSame = first?.logged.transaction === transaction && first.logged.block.number === block.number;
    return isSame ? undefined : this.end();
  }

  end(): EventDivergence | undefined {
    const [first] = this.#pending;
    if (first === undefined) return undefined;
    return { kind: "unfinished", at: first.at, event: first.logged, differences: [] };
  }

  /** @throws UNKNOWN_EVENT, INVALID_EVENT */
  take(event: LoggedEvent, at: number): EventDivergence | undefined {
    const { name } = event;
    const shape = Object.hasOwn(this.reducer.events, name) ? this.reducer.events[name] : undefined;
    if (shape === undefined && !this.#ignores.has(name)) throw unknownEvent(name, at);
    if (shape !== undefined) {
      const read = { ...event, values: readValues(event, shape, at) } as unknown as EventOf<Shapes>;
      this.#pending.push({ at, logged: event, read });
      if (this.#precedes.has(name)) return undefined;
      const divergence = this.#finish();
      if (divergence !== undefined) return divergence;
    }
    if (this.#pending.length === 0) this.#count = at + 1;
    return undefined;
  }

  report(divergence: ReplayDivergence | undefined): ReplayReport<State> {
    return { events: this.#count, state: this.state, divergence };
  }

  #finish(): EventDivergence | undefined {
    const step = this.#pending;
    const read = step.map((event) => event.read);
    const outcome = this.reducer.step(this.state, { before: read.slice(0, -1), last: read.at(-1)! });
    for (let i = 0; i < Math.max(step.length, outcome.expected.length); i++) {
      const differences = differencesOf(read[i], outcome.expected[i]);
      const { at, logged } = step[i] ?? step.at(-1)!;
      if (differences.length > 0) return { kind: "event", at, event: logged, differences };
    }
    this.#pending = [];
    this.state = outcome.next();
    if (this.tree !== undefined) this.tree.update(outcome.entries?.(this.state) ?? []);
    return undefined;
  }
}

/** What an event says, against what the rules say. */
function differencesOf<Shapes extends EventShapes>(
  logged: EventOf<Shapes> | undefined,
  expected: ExpectedEvent<Shapes> | undefined,
): ReplayDifference[] {
  if (logged === undefined || expected === undefined || logged.name !== expected.name) {
    const [found, name] = [logged?.name, expected?.name] as (string | undefined)[];
    return [{ member: "name", found, expected: name, relation: "equal" }];
  }
  const differences: ReplayDifference[] = [];
  const found = logged.values as Readonly<Record<string, ReplayValue>>;
  for (const [member, value] of Object.entries(expected.values as Readonly<Record<string, ReplayValue | undefined>>)) {
    if (value === undefined || isSame(found[member], value)) continue;
    differences.push({ member, found: found[member], expected: value, relation: "equal" });
  }
  for (const { what: member, value, atLeast, atMost } of expected.bounds ?? []) {
    if (atLeast !== undefined && value < atLeast)
      differences.push({ member, found: value, expected: atLeast, relation: "at least" });
    if (atMost !== undefined && value > atMost)
      differences.push({ member, found: value, expected: atMost, relation: "at most" });
  }
  return differences;
}

function isSame(found: ReplayValue | undefined, expected: ReplayValue): boolean {
  return typeof found === "string" && typeof expected === "string" ? sameHex(found, expected) : found === expected;
}
