import { toHex, toWord, type Hex } from "../../src/core/bytes.js";
import {
  beaconIndicesAt,
  beaconRoot,
  type BeaconForks,
  type BeaconHeader,
  type FinalityProof,
} from "../../src/anchor/beacon.js";
import type { HardhatChain } from "../../src/hardhat/index.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { BEACON_ROOTS_ADDRESS, beaconSlots } from "../../src/forks/beaconRoots.js";
import type { Random } from "../random.js";

/** EIP-4788, HISTORY_BUFFER_LENGTH. */
export const BEACON_BUFFER = 8_191n;

/** Writes into the beacon roots contract what its system call of a block with this time would. */
export async function keepBeaconRoot(chain: HardhatChain, timestamp: bigint, root: Hex): Promise<void> {
  const slots = beaconSlots(Number(timestamp));
  for (const [at, value] of [
    [slots.time, toWord(timestamp)],
    [slots.root, root],
  ] as const)
    await chain.request({ method: "hardhat_setStorageAt", params: [BEACON_ROOTS_ADDRESS, at, value] });
}

/** A root under which `leaf` has this index, whatever else is there. */
export function growBranch(random: Random, leaf: Hex, index: bigint): { root: Hex; branch: Hex[] } {
  const branch: Hex[] = [];
  let node: Uint8Array = Buffer.from(leaf.slice(2), "hex");
  for (let place = index; place > 1n; place >>= 1n) {
    const sibling = random.bytes(32);
    branch.push(toHex(sibling));
    node = sha256(place & 1n ? Uint8Array.of(...sibling, ...node) : Uint8Array.of(...node, ...sibling));
  }
  return { root: toHex(node), branch };
}

/** What a finality proof is grown around. */
export interface Finality {
  readonly forks: BeaconForks;
  readonly timestamp: bigint;
  readonly attestedSlot: bigint;
  readonly finalizedSlot: bigint;
  /** Of the execution block. */
  readonly header: Hex;
  readonly hash: Hex;
}

/** Beacon blocks that vouch for an execution block as finalized, and the proof of it. */
export function growFinality(random: Random, finality: Finality): { root: Hex; proof: FinalityProof } {
  const { forks, timestamp, attestedSlot, finalizedSlot, header, hash } = finality;
  const indices = (slot: bigint) => beaconIndicesAt(forks, slot) ?? { finalizedRoot: 169n, blockHash: 812n };
  const block = (slot: bigint, roots: Partial<BeaconHeader>): BeaconHeader => ({
    slot,
    proposerIndex: BigInt(random.below(1_000_000)),
    parentRoot: toHex(random.bytes(32)),
    stateRoot: toHex(random.bytes(32)),
    bodyRoot: toHex(random.bytes(32)),
    ...roots,
  });
  const body = growBranch(random, hash, indices(finalizedSlot).blockHash);
  const finalized = block(finalizedSlot, { bodyRoot: body.root });
  const state = growBranch(random, beaconRoot(finalized), indices(attestedSlot).finalizedRoot);
  const attested = block(attestedSlot, { stateRoot: state.root });
  const proof = {
    timestamp,
    attested,
    checkpointBranch: state.branch,
    finalized,
    blockHashBranch: body.branch,
    header,
  };
  return { root: beaconRoot(attested), proof };
}
