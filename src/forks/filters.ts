import { toQuantity, type Hex } from "../core/bytes.js";
import { clientError, type Ask, type RpcCall } from "./backend.js";
import type { Blocks } from "./blocks.js";

/** What a filter of logs wants, as `eth_newFilter` takes it. */
interface Criteria {
  readonly fromBlock?: unknown;
  readonly toBlock?: unknown;
  readonly address?: unknown;
  readonly topics?: unknown;
}

interface Log {
  readonly blockNumber: Hex;
  readonly logIndex: Hex;
}

interface Filter {
  /** Undefined for a filter of blocks. */
  readonly criteria: Criteria | undefined;
  /** Above which block it tells anything at all. */
  since: number;
  /** Up to which block it has told what there is. */
  told: number;
  /** Logs that it has told and that are gone since. */
  removed: Log[];
  readonly isSubscription: boolean;
}

/** Ours are far above a backend's own, which it counts from 1. */
const FIRST_ID = 2n ** 64n;

/**
 * Filters and subscriptions that notice a change of branch, as a node's do. A log that they told and that is gone comes
 * once more, with `removed: true`, the newest first. Then comes what the new branch has. Backends forget what they roll
 * back.
 *
 * A filter costs nothing until it is asked, or its chain leaves a branch.
 */
export class Filters {
  readonly #ask: Ask;
  readonly #blocks: Blocks;
  readonly #filters = new Map<string, Filter>();
  #count = 0n;

  constructor(ask: Ask, blocks: Blocks) {
    this.#ask = ask;
    this.#blocks = blocks;
  }

  /** Undefined for what is the backend's: its own filters, what waits in its pool, and every other method. */
  async answer({ method, params: [first, second] = [] }: RpcCall): Promise<unknown> {
    const isOurs = this.#filters.has(String(first));
    switch (method) {
      case "eth_newFilter":
        return this.#add((first ?? {}) as Criteria, false);
      case "eth_newBlockFilter":
        return this.#add(undefined, false);
      case "eth_subscribe":
        if (first !== "logs" && first !== "newHeads") return undefined;
        return this.#add(first === "logs" ? ((second ?? {}) as Criteria) : undefined, true);
      case "eth_getFilterChanges":
        return isOurs ? this.#changes(String(first)) : undefined;
      case "eth_getFilterLogs":
        return isOurs ? this.#logsOf(String(first)) : undefined;
      case "eth_uninstallFilter":
      case "eth_unsubscribe":
        return this.#filters.delete(String(first)) || undefined;
      default:
        return undefined;
    }
  }

  /** The subscriptions, which are told of every change. */
  get subscriptions(): { id: Hex; kind: "logs" | "newHeads" }[] {
    return [...this.#filters]
      .filter(([, { isSubscription }]) => isSubscription)
      .map(([id, { criteria }]) => ({ id: id as Hex, kind: criteria === undefined ? "newHeads" : "logs" }));
  }

  clear(): void {
    this.#filters.clear();
  }

  /** The blocks above a height are about to be left for others. The backend still has them. */
  async leave(number: number): Promise<void> {
    for (const filter of this.#filters.values()) {
      const { criteria, since, told } = filter;
      [filter.since, filter.told] = [Math.min(since, number), Math.min(told, number)];
      if (criteria === undefined) continue;
      const gone = (await this.#within(criteria, Math.max(since, number) + 1, told)).map((log) => ({
        ...log,
        removed: true,
      }));
      filter.removed.push(...gone.sort((a, b) => orderOf(b) - orderOf(a)));
    }
  }

  /** The blocks above a height never were: a test went back to its snapshot. */
  forget(number: number): void {
    for (const filter of this.#filters.values()) {
      [filter.since, filter.told] = [Math.min(filter.since, number), Math.min(filter.told, number)];
    }
  }

  /** @param criteria undefined for a filter of blocks. @throws what the backend says of criteria that it does not take */
  async #add(criteria: Criteria | undefined, isSubscription: boolean): Promise<Hex> {
    const { number } = this.#blocks.head;
    if (criteria !== undefined) await this.#logs(criteria, number, number);
    const id = toQuantity(FIRST_ID + this.#count++);
    this.#filters.set(id, { criteria, since: number, told: number, removed: [], isSubscription });
    return id;
  }

  /** What there is to tell since the last time: logs, or hashes of blocks. */
  async #changes(id: string): Promise<unknown[]> {
    const filter = this.#filters.get(id)!;
    const { criteria, told, removed } = filter;
    const { number } = this.#blocks.head;
    [filter.told, filter.removed] = [number, []];
    if (criteria === undefined) return this.#blocks.above(told).map(({ hash }) => hash);
    return [...removed, ...(await this.#within(criteria, told + 1, number))];
  }

  /** All logs that a filter wants, on the canonical branch. */
  async #logsOf(id: string): Promise<unknown> {
    const { criteria } = this.#filters.get(id)!;
    if (criteria === undefined) throw clientError("filter not found", { code: -32_000 });
    return this.#ask("eth_getLogs", criteria);
  }

  /** What the filter wants of a range of blocks. */
  async #within(criteria: Criteria, from: number, to: number): Promise<Log[]> {
    const first = Math.max(from, heightOf(criteria.fromBlock) ?? 0);
    const last = Math.min(to, heightOf(criteria.toBlock) ?? to);
    return first > last ? [] : this.#logs(criteria, first, last);
  }

  async #logs(criteria: Criteria, from: number, to: number): Promise<Log[]> {
    const range = { fromBlock: toQuantity(from), toBlock: toQuantity(to) };
    return (await this.#ask("eth_getLogs", { ...criteria, ...range })) as Log[];
  }
}

/** Of a number. A tag bounds nothing here: what is told is newer than the filter. */
function heightOf(block: unknown): number | undefined {
  return typeof block === "string" && block.startsWith("0x") ? Number(block) : undefined;
}

/** In the order of the chain. No block has a million logs. */
function orderOf({ blockNumber, logIndex }: Log): number {
  return Number(blockNumber) * 1e6 + Number(logIndex);
}
