/** A seeded source of pseudo-random numbers (xorshift32), for campaigns that can be run again. */
export interface Random {
  seed: number;
  /** An integer from 0 to `bound - 1`. */
  below(bound: number): number;
  pick<T>(items: readonly T[]): T;
  bytes(length: number): Uint8Array;
}

/** A source whose seed is printed, so that a failure can be run again: `SEED` in the environment repeats it. */
export function announced(): Random {
  const source = random();
  console.log(`      SEED=${source.seed}`);
  return source;
}

/** The seed is `SEED` in the environment, or the clock's; a test prints it. */
export function random(seed: number = Number(process.env["SEED"] ?? Date.now() % 2 ** 31) | 1): Random {
  let state = seed;
  const below = (bound: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
  return {
    seed,
    below,
    pick: (items) => items[below(items.length)]!,
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
  };
}
