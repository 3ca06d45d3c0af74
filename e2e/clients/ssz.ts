import { createHash } from "node:crypto";

import { concat, toBytes, toHex, toWord, type Hex } from "../../src/core/bytes.js";
import type { BeaconHeader } from "../../src/anchor/beacon.js";

/**
 * The root that a leaf and its siblings, the lowest first, hash up to. It is a second opinion on the library of the
 * containers.
 */
export function climb(leaf: Hex, branch: readonly Hex[], gindex: bigint): Hex {
  if (gindex >> BigInt(branch.length) !== 1n) throw new RangeError(`index ${gindex} lies not ${branch.length} deep`);
  return branch.reduce<Hex>((node, sibling, i) => {
    const isRight = (gindex >> BigInt(i)) % 2n === 1n;
    return isRight ? pair(sibling, node) : pair(node, sibling);
  }, leaf);
}

/** The SSZ root of a header: five leaves of eight. */
export function rootOf({ slot, proposerIndex, parentRoot, stateRoot, bodyRoot }: BeaconHeader): Hex {
  const zero = toWord(0n);
  const left = pair(pair(uint64(slot), uint64(proposerIndex)), pair(parentRoot, stateRoot));
  return pair(left, pair(pair(bodyRoot, zero), pair(zero, zero)));
}

function pair(left: Hex, right: Hex): Hex {
  const bytes = concat([toBytes(left, "left", 32), toBytes(right, "right", 32)]);
  return toHex(createHash("sha256").update(bytes).digest());
}

/** Little-endian, as SSZ has numbers. */
function uint64(value: bigint): Hex {
  return toHex(toBytes(toWord(value), "number").reverse());
}
