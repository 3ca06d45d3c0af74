/** A small generator (mulberry32), so that a failing run can be repeated from the seed that it printed. */
export interface Random {
  readonly seed: number;
  /** An integer in [0, below). */
  next(below: number): number;
  bytes(length: number): Uint8Array;
}

export function createRandom(seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 32))): Random {
  let state = seed >>> 0;
  const word = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    seed,
    next: (below) => word() % below,
    bytes: (length) => Uint8Array.from({ length }, () => word() & 0xff),
  };
}
