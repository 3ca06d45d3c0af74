import { keccak256 } from "../src/core/keccak.js";
import { concat, hexPrefix, nibblesOf, rlpList, rlpString, type Entry } from "../tools/buildTrie.js";
import { random } from "../tools/random.js";

/** A trie with proofs of the entries that were asked for. */
export interface SyntheticTrie {
  root: Uint8Array;
  /** Of each entry, in the order given: nodes, root first. */
  proofs: Uint8Array[][];
}

/** Nibbles of the other keys that are drawn: of a million keys, no two agree in nearly as many. */
const DRAWN_NIBBLES = 12;

const EMPTY = Uint8Array.of(0x80);

/**
 * A trie in the shape of one of `size` random keys. Only the nodes on the way to `entries` are
 * real. What stands behind every other reference is nobody's preimage. No proof shows the
 * difference, and a million leaves need not be hashed.
 *
 * @param entries hashed keys, leaves of 32 bytes or more
 */
export function syntheticTrie(entries: readonly Entry[], size: number, seed: number): SyntheticTrie {
  const draw = random(seed);
  const others = Float64Array.from(
    { length: size - entries.length },
    () => draw.below(2 ** 24) * 2 ** 24 + draw.below(2 ** 24),
  ).sort();
  const chosen = entries
    .map(({ key, value }, index) => ({ nibbles: nibblesOf(key), prefix: prefixOf(key), value, index }))
    .sort((a, b) => a.prefix - b.prefix);
  const prefixes = Float64Array.from(chosen, ({ prefix }) => prefix);
  const proofs: Uint8Array[][] = entries.map(() => []);

  const count = (from: number, width: number): { own: number; all: number } => {
    const own = lowerBound(prefixes, from + width) - lowerBound(prefixes, from);
    return { own, all: own + lowerBound(others, from + width) - lowerBound(others, from) };
  };
  const reference = (rlp: Uint8Array, from: number, width: number): Uint8Array => {
    for (const { index } of chosen.slice(lowerBound(prefixes, from), lowerBound(prefixes, from + width))) {
      proofs[index]!.unshift(rlp);
    }
    return rlpString(keccak256(rlp));
  };

  // The node over the keys whose first `depth` nibbles are those of `from`, as its parent refers to it.
  const build = (from: number, depth: number): Uint8Array | undefined => {
    const width = 16 ** (DRAWN_NIBBLES - depth);
    const { own, all } = count(from, width);
    if (own === 0) return all === 0 ? undefined : rlpString(draw.bytes(32));
    const { nibbles, value } = chosen[lowerBound(prefixes, from)]!;
    if (all === 1) return reference(leaf(nibbles.slice(depth), value), from, width);

    let [at, top, step] = [from, depth, width / 16];
    while (count(from, width).all === count(at + nibbles[top]! * step, step).all) {
      at += nibbles[top]! * step;
      top += 1;
      step /= 16;
    }
    const children = Array.from({ length: 16 }, (_, nibble) => build(at + nibble * step, top + 1) ?? EMPTY);
    const branch = reference(rlpList([...children, EMPTY]), from, width);
    if (top === depth) return branch;
    return reference(rlpList([rlpString(hexPrefix(nibbles.slice(depth, top), false)), branch]), from, width);
  };
  const root = build(0, 0)!.subarray(1);
  return { root, proofs };
}

/** The slots of a Solidity mapping at slot 0, as wide as balances. */
export function balanceSlots(count: number, seed: number): { slot: Uint8Array; entry: Entry; value: bigint }[] {
  const draw = random(seed);
  return Array.from({ length: count }, () => {
    const slot = keccak256(concat([new Uint8Array(12), draw.bytes(20), new Uint8Array(32)]));
    const bytes = Uint8Array.of(0x80 | draw.below(127), ...draw.bytes(7));
    return {
      slot,
      entry: { key: keccak256(slot), value: rlpString(bytes) },
      value: BigInt(`0x${Buffer.from(bytes).toString("hex")}`),
    };
  });
}

function leaf(path: readonly number[], value: Uint8Array): Uint8Array {
  return rlpList([rlpString(hexPrefix(path, true)), rlpString(value)]);
}

function prefixOf(key: Uint8Array): number {
  return nibblesOf(key.subarray(0, DRAWN_NIBBLES / 2)).reduce((number, nibble) => number * 16 + nibble, 0);
}

/** The index of the first that is not below `bound`. */
function lowerBound(sorted: Float64Array, bound: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
