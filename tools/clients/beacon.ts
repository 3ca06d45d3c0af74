import { ProofType, createProof, type Node, type SingleProof } from "@chainsafe/persistent-merkle-tree";
import { ssz, type electra, type phase0 } from "@lodestar/types";

import type { BeaconHeader } from "../../src/anchor/beacon.js";
import { toBytes, toHex, type Hex } from "../../src/core/bytes.js";
import { GENESIS_TIME } from "./genesis.js";

/** Seconds a slot takes. */
export const SECONDS_PER_SLOT = 12;
const SLOTS_PER_EPOCH = 32;
const ZERO = new Uint8Array(32);

type BeaconState = ReturnType<typeof ssz.electra.BeaconState.defaultViewDU>;

/** Which execution block a beacon block carries. */
export interface CarriedBlock {
  readonly header: BeaconHeader;
  /** Of the execution block; zero in the genesis, which carries none. */
  readonly blockHash: Hex;
  /** From `executionPayload.blockHash` up to `header.bodyRoot`, the lowest sibling first. */
  readonly branch: readonly Hex[];
}

/** What a beacon block's state says of finality. */
export interface Finality {
  /** The SSZ root of the finalized beacon block. */
  readonly root: Hex;
  /** From `finalizedCheckpoint.root` up to the state root of the block that says so, the lowest sibling first. */
  readonly stateBranch: readonly Hex[];
}

/** The execution payload, as the Engine API has it. */
export interface Payload {
  readonly [field: string]: unknown;
  readonly blockNumber: Hex;
  readonly blockHash: Hex;
  readonly timestamp: Hex;
  readonly transactions: readonly Hex[];
}

/** Where in an Electra state the finalized block's root lies, as a generalized index. */
export const FINALIZED_ROOT_INDEX = ssz.electra.BeaconState.getPathInfo(["finalizedCheckpoint", "root"]).gindex;

/** Where in a block's body the execution block's hash lies, as a generalized index. */
export const BLOCK_HASH_INDEX = ssz.electra.BeaconBlockBody.getPathInfo(["executionPayload", "blockHash"]).gindex;

/** A beacon block of Electra, with the state after it. Signatures, votes and validators are left out: nobody here asks for them. */
export class BeaconBlock {
  /** The block's SSZ root. */
  readonly root: Hex;

  private constructor(
    private readonly fields: phase0.BeaconBlockHeader,
    private readonly body: electra.BeaconBlockBody,
    private readonly state: BeaconState,
  ) {
    this.root = toHex(ssz.phase0.BeaconBlockHeader.hashTreeRoot(fields));
  }

  /** The block of slot 0. Its state knows the execution chain's first block; its body has none. */
  static genesis(blockHash: Hex): BeaconBlock {
    const state = ssz.electra.BeaconState.defaultViewDU();
    state.genesisTime = GENESIS_TIME;
    state.latestExecutionPayloadHeader.blockHash = toBytes(blockHash, "block hash", 32);
    return BeaconBlock.seal(ZERO, ssz.electra.BeaconBlockBody.defaultValue(), state);
  }

  /** The block that carries a payload. The slot follows from the payload's time. */
  child(payload: Payload, finalized: BeaconBlock | undefined): BeaconBlock {
    const body = ssz.electra.BeaconBlockBody.defaultValue();
    body.executionPayload = toSsz(payload);
    const state = this.state.clone();
    advance(state, (body.executionPayload.timestamp - GENESIS_TIME) / SECONDS_PER_SLOT);
    state.latestExecutionPayloadHeader = ssz.electra.ExecutionPayloadHeader.toViewDU(headerOf(body.executionPayload));
    // An epoch's checkpoint is the last block at or before its first slot.
    if (finalized !== undefined) {
      const epoch = Math.ceil(finalized.slot / SLOTS_PER_EPOCH);
      state.finalizedCheckpoint = ssz.phase0.Checkpoint.toViewDU({ epoch, root: bytesOf(finalized.root) });
    }
    return BeaconBlock.seal(bytesOf(this.root), body, state);
  }

  get slot(): number {
    return this.fields.slot;
  }

  get header(): BeaconHeader {
    const { slot, proposerIndex, parentRoot, stateRoot, bodyRoot } = this.fields;
    return {
      slot: BigInt(slot),
      proposerIndex: BigInt(proposerIndex),
      parentRoot: toHex(parentRoot),
      stateRoot: toHex(stateRoot),
      bodyRoot: toHex(bodyRoot),
    };
  }

  /** Which execution block this one carries, and what shows it. */
  get carried(): CarriedBlock {
    const { node } = ssz.electra.BeaconBlockBody.toViewDU(this.body);
    const blockHash = toHex(this.body.executionPayload.blockHash);
    return { header: this.header, blockHash, branch: branchOf(node, BLOCK_HASH_INDEX) };
  }

  /** The root of the block that was final after this one, and what shows it. Zero where none was. */
  get finality(): Finality {
    const root = toHex(this.state.finalizedCheckpoint.root);
    return { root, stateBranch: branchOf(this.state.node, FINALIZED_ROOT_INDEX) };
  }

  /** Makes the block of a state that is complete but for the block's header. */
  private static seal(parentRoot: Uint8Array, body: electra.BeaconBlockBody, state: BeaconState): BeaconBlock {
    const bodyRoot = ssz.electra.BeaconBlockBody.hashTreeRoot(body);
    const fields = { slot: state.slot, proposerIndex: 0, parentRoot, stateRoot: ZERO, bodyRoot };
    // The state root is not known inside of the state: the next slot fills it in.
    state.latestBlockHeader = ssz.phase0.BeaconBlockHeader.toViewDU(fields);
    return new BeaconBlock({ ...fields, stateRoot: state.hashTreeRoot() }, body, state);
  }
}

/** Moves a state to a later slot, as the consensus rules do: every slot that passes leaves its roots behind. */
function advance(state: BeaconState, slot: number): void {
  for (; state.slot < slot; state.slot++) {
    const root = state.hashTreeRoot();
    const place = state.slot % state.stateRoots.length;
    state.stateRoots.set(place, root);
    if (toHex(state.latestBlockHeader.stateRoot) === toHex(ZERO)) state.latestBlockHeader.stateRoot = root;
    state.blockRoots.set(place, state.latestBlockHeader.hashTreeRoot());
  }
}

function branchOf(node: Node, gindex: bigint): Hex[] {
  const { witnesses } = createProof(node, { type: ProofType.single, gindex }) as SingleProof;
  return witnesses.map((witness) => toHex(witness));
}

/** Each field has the same name in both forms: bytes and numbers here, hexadecimal there. */
function toSsz(payload: Payload): electra.ExecutionPayload {
  const quantities = ["blockNumber", "gasLimit", "gasUsed", "timestamp"] as const;
  const large = ["baseFeePerGas", "blobGasUsed", "excessBlobGas"] as const;
  const value = ssz.electra.ExecutionPayload.defaultValue();
  for (const [name, initial] of Object.entries(value))
    if (initial instanceof Uint8Array) Object.assign(value, { [name]: bytesOf(payload[name]) });
  for (const name of quantities) value[name] = Number(payload[name]);
  for (const name of large) value[name] = BigInt(payload[name] as Hex);
  value.transactions = payload.transactions.map(bytesOf);
  return value;
}

function headerOf(payload: electra.ExecutionPayload): electra.ExecutionPayloadHeader {
  const { transactions, withdrawals, ...fields } = payload;
  const { transactions: transactionsType, withdrawals: withdrawalsType } = ssz.electra.ExecutionPayload.fields;
  return {
    ...fields,
    transactionsRoot: transactionsType.hashTreeRoot(transactions),
    withdrawalsRoot: withdrawalsType.hashTreeRoot(withdrawals),
  };
}

function bytesOf(value: unknown): Uint8Array {
  return toBytes(value, "a field of a payload");
}
