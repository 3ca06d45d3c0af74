import { sha256 } from "@noble/hashes/sha2.js";

import { invalidHex, toBytes, toHex, type Hex } from "../core/bytes.js";

/** The header of a beacon block: what its root commits to (consensus specification, phase 0). */
export interface BeaconHeader {
  readonly slot: bigint;
  readonly proposerIndex: bigint;
  readonly parentRoot: Hex;
  readonly stateRoot: Hex;
  readonly bodyRoot: Hex;
}

/** From which slots on which fork's generalized indices hold: `BeaconForks` of the contract. docs/sources.md says where they are read. */
export interface BeaconForks {
  /** The first slot of Electra. Fulu has the same indices. */
  readonly electra: bigint;
  /** The first slot of Gloas (EIP-7732, EIP-7688). */
  readonly gloas: bigint;
  /** The first slot of a fork that is not known here. What lies there is refused. */
  readonly until: bigint;
}

/** What shows that an execution block is finalized: `FinalityProof` of `FinalizedHashes.sol`. */
export interface FinalityProof {
  /** The time of a block of the executing chain, whose parent beacon block is `attested` (EIP-4788), in seconds. */
  readonly timestamp: bigint;
  readonly attested: BeaconHeader;
  /** From `finalizedCheckpoint.root` up to the attested block's state root. */
  readonly checkpointBranch: readonly Hex[];
  readonly finalized: BeaconHeader;
  /** From the execution block's hash up to the finalized block's body root. */
  readonly blockHashBranch: readonly Hex[];
  /** RLP of the execution block's header. */
  readonly header: Hex;
}

/** A leaf, and the siblings that lead from it to a root. */
export interface BranchClaim {
  readonly root: Hex;
  /** The leaf's place below the root: 1 is the root, 2n and 2n + 1 are the children of n (SSZ). */
  readonly generalizedIndex: bigint;
  readonly leaf: Hex;
  /** From the leaf upward. */
  readonly branch: readonly Hex[];
}

/** A beacon fork's generalized indices, of the finalized root in the state and of the block hash in the body. */
export interface BeaconIndices {
  readonly finalizedRoot: bigint;
  readonly blockHash: bigint;
}

const ELECTRA: BeaconIndices = { finalizedRoot: 169n, blockHash: 812n };
const GLOAS: BeaconIndices = { finalizedRoot: 735n, blockHash: 2_856n };

/**
 * The generalized indices of the fork that a slot belongs to; undefined where they are not known.
 *
 * @example
 * const { blockHash } = beaconIndicesAt(forks, header.slot) ?? {};
 */
export function beaconIndicesAt(forks: BeaconForks, slot: bigint): BeaconIndices | undefined {
  if (slot < forks.electra || slot >= forks.until) return undefined;
  return slot < forks.gloas ? ELECTRA : GLOAS;
}

/**
 * The root of a beacon block header (SSZ).
 *
 * @throws INVALID_HEX for a number beyond 64 bits, or a root of another form
 * @example
 * beaconRoot(attested) === parentBeaconBlockRoot;
 */
export function beaconRoot({ slot, proposerIndex, parentRoot, stateRoot, bodyRoot }: BeaconHeader): Hex {
  const fields = [uint64(slot), uint64(proposerIndex), ...[parentRoot, stateRoot, bodyRoot].map(root)];
  const zero = new Uint8Array(32);
  let level = [...fields, zero, zero, zero];
  while (level.length > 1)
    level = level.flatMap((node, i) => (i % 2 === 0 ? [hash(node, level[i + 1] as Uint8Array)] : []));
  return toHex(level[0] as Uint8Array);
}

/**
 * Whether a branch leads from its leaf to its root, with as many siblings as the index has levels.
 *
 * @throws INVALID_HEX for a root, leaf or sibling of another form
 * @example
 * isBranch({ root: header.bodyRoot, generalizedIndex: 812n, leaf: block.hash, branch });
 */
export function isBranch({ root: top, generalizedIndex, leaf, branch }: BranchClaim): boolean {
  let place = generalizedIndex;
  let node = root(leaf);
  for (const sibling of branch.map(root)) {
    node = place & 1n ? hash(sibling, node) : hash(node, sibling);
    place >>= 1n;
  }
  return place === 1n && toHex(node) === toHex(root(top));
}

function uint64(value: bigint): Uint8Array {
  if (value < 0n || value >= 2n ** 64n) throw invalidHex("slot or index", String(value), "a number of 64 bits");
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}

function root(hex: Hex): Uint8Array {
  return toBytes(hex, "root", 32);
}

function hash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(Uint8Array.of(...left, ...right));
}
