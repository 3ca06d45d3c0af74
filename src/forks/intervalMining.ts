import { simulatorError } from "./backend.js";

/** Mines by the clock, as `evm_setIntervalMining` asks. The blocks' own times go on as ever: by the chain's `blockTime`. */
export class IntervalMining {
  #timer: NodeJS.Timeout | undefined;
  readonly #mine: () => Promise<unknown>;

  constructor(mine: () => Promise<unknown>) {
    this.#mine = mine;
  }

  /** @param interval milliseconds, or the least and the greatest; zero ends it */
  set(interval: unknown): void {
    const [least, greatest] = Array.isArray(interval) ? (interval as unknown[]) : [interval, interval];
    if (!isTime(least) || !isTime(greatest) || least > greatest)
      throw simulatorError(`${JSON.stringify(interval)} is not an interval in milliseconds`);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (greatest > 0) this.#wait(least, greatest);
  }

  #wait(least: number, greatest: number): void {
    const timer = setTimeout(
      () => {
        // What fails ends it, and is told once: nobody waits for it.
        void this.#mine().then(() => {
          if (this.#timer === timer) this.#wait(least, greatest);
        });
      },
      least + Math.random() * (greatest - least),
    );
    this.#timer = timer.unref();
  }
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
