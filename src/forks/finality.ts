import { toQuantity } from "../core/bytes.js";
import { checkOptions } from "../rpc/options.js";
import { clientError, simulatorError, type RpcCall } from "./backend.js";
import type { Blocks } from "./blocks.js";

/** How far the tags lie behind the head, in blocks. */
export interface FinalityOptions {
  /** Default: 0, the head. */
  readonly safe?: number;
  /** At least `safe`, which is the default. */
  readonly finalized?: number;
}

type Tag = "safe" | "finalized";

/** Where the tags are, as far as it does not follow from the head. */
export interface FinalityState {
  readonly lags: FinalityOptions;
  /** Where the tags stand while nothing is finalized. */
  readonly stalled: Readonly<Record<Tag, number | undefined>> | undefined;
  /** The height that was finalized when the chain last changed its branch: it stays so on a shorter one. */
  readonly reached: number | undefined;
}

/** Nobody has said what the tags mean. */
export const NO_FINALITY: FinalityState = { lags: {}, stalled: undefined, reached: undefined };

/** What the tags `safe` and `finalized` mean. Development nodes take both for the head. */
export class Finality {
  state = NO_FINALITY;
  readonly #blocks: Blocks;

  constructor(blocks: Blocks) {
    this.#blocks = blocks;
  }

  /**
   * @throws INVALID_OPTION for another name
   * @throws FORK_SIMULATOR for a lag that is no number of blocks, or a finalized block above the safe one
   */
  set(options: FinalityOptions): void {
    checkOptions(options, ["safe", "finalized"]);
    const { safe, finalized } = options;
    for (const [name, lag] of Object.entries({ safe, finalized }))
      if (lag !== undefined && (!Number.isSafeInteger(lag) || lag < 0))
        throw simulatorError(`The ${name} block cannot lie ${lag} blocks behind the head`);
    if (finalized !== undefined && finalized < (safe ?? 0))
      throw simulatorError(`The finalized block cannot lie ${finalized} blocks behind the head, and the safe one ${safe}`); // prettier-ignore
    const lags = { ...(safe === undefined ? {} : { safe }), ...(finalized === undefined ? {} : { finalized }) };
    this.state = { ...NO_FINALITY, lags };
  }

  stall(): void {
    const stalled = { safe: this.#heightOf("safe"), finalized: this.#heightOf("finalized") };
    this.state = { ...this.state, stalled };
  }

  resume(): void {
    this.state = { ...this.state, stalled: undefined };
  }

  /** The chain is about to change its branch. What is finalized is so on the next one. */
  hold(): void {
    this.state = { ...this.state, reached: this.floor };
  }

  /** The height below which no reorg goes, or undefined where nothing says so. */
  get floor(): number | undefined {
    return this.#isSet ? this.#heightOf("finalized") : undefined;
  }

  /** A request whose tags are heights. Undefined where it asks for a block that is not there yet, and that is no error. */
  resolve({ method, params = [] }: RpcCall): RpcCall | undefined {
    if (!this.#isSet) return { method, params };
    let isMissing = false;
    const place = (value: unknown): unknown => {
      if (value !== "safe" && value !== "finalized") return value;
      const height = this.#heightOf(value);
      if (height !== undefined) return toQuantity(height);
      if (!/^eth_getBlock/.test(method)) throw clientError(`${value} block not found`, { code: -32_000 });
      isMissing = true;
      return value;
    };
    const resolved = params.map((param) => {
      if (typeof param !== "object" || param === null || !("fromBlock" in param || "toBlock" in param))
        return place(param);
      return Object.fromEntries(Object.entries(param).map(([name, value]) => [name, /Block$/.test(name) ? place(value) : value])); // prettier-ignore
    });
    return isMissing ? undefined : { method, params: resolved };
  }

  get #isSet(): boolean {
    return this.state.stalled !== undefined || Object.keys(this.state.lags).length > 0;
  }

  /** The height of a tag. Undefined where the chain is too short to have it. */
  #heightOf(tag: Tag): number | undefined {
    const head = this.#blocks.head.number;
    const { lags, stalled, reached } = this.state;
    if (stalled !== undefined) {
      const height = stalled[tag];
      return height === undefined ? undefined : Math.min(height, head);
    }
    const { safe = 0, finalized = safe } = lags;
    const lag = tag === "safe" ? safe : finalized;
    return lag > head ? reached : Math.max(head - lag, reached ?? 0);
  }
}
