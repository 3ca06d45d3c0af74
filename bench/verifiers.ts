import { toBytes, toHex, type Hex } from "../src/core/bytes.js";
import { packWitness } from "../src/proof/witness.js";
import type { Build } from "../tools/compile.js";
import { concat, rlpList } from "../tools/buildTrie.js";
import { join, type RealSlot } from "./realProofs.js";

/** How one library is measured: the contracts that call it, and how it wants its proofs. */
export interface Verifier {
  name: string;
  /** In bench/contracts. */
  file: string;
  /** What the names of its contracts begin with: `…Header`, `…Slot`, `…Full` and `…Many`, where it can do these. */
  prefix: string;
  builds: readonly Build[];
  /** The last arguments of `run` and `full`: the proofs as the library wants them. */
  proofs(slot: RealSlot): unknown[];
  /** For `many`: the slots in the order in which the library wants them, and the last arguments. */
  many?(set: SlotSet): { slots: readonly Hex[]; proofs: unknown[] };
  /** The greatest number of slots that is measured. */
  maxSlots: number;
}

/** Slots of one account, and the proofs as `eth_getProof` gives them. */
export interface SlotSet {
  stateRoot: Hex;
  account: Hex;
  accountProof: readonly Hex[];
  slots: readonly Hex[];
  storageProofs: readonly (readonly Hex[])[];
  values: readonly bigint[];
}

/** Both pipelines of the newest compiler, with the settings of a library that is called often. */
export const PIPELINES: readonly Build[] = [true, false].map((viaIR) => ({
  name: viaIR ? "viaIR" : "legacy",
  compiler: "solc",
  evmVersion: "cancun",
  runs: 1_000_000,
  viaIR,
}));

const FOREIGN = PIPELINES.map((build): Build => ({ ...build, foreign: true }));

const OLD: readonly Build[] = [
  {
    name: "solc 0.6.12",
    compiler: "solc-0.6.12",
    evmVersion: "istanbul",
    runs: 1_000_000,
    viaIR: false,
    foreign: true,
  },
];

/** This library. */
export const OURS: Verifier = {
  name: "**Settlement Guard**",
  ...{ file: "SettlementGuard.sol", prefix: "SettlementGuard", builds: PIPELINES, maxSlots: 64 },
  proofs: ({ stateRoot, account, slot, accountProof, storageProof }) => [
    packWitness(
      { stateRoot, account, slots: [slot] },
      { accountProof, storageProof: [{ key: slot, proof: storageProof }] },
    ).witness,
  ],
  many({ stateRoot, account, accountProof, slots, storageProofs }) {
    const storageProof = slots.map((key, index) => ({ key, proof: storageProofs[index]! }));
    const packed = packWitness({ stateRoot, account, slots }, { accountProof, storageProof });
    return { slots: packed.slots.map(({ slot }) => slot), proofs: [packed.witness] };
  },
};

/** Every verifier that the npm registry has, in its own encoding. */
export const PEERS: readonly Verifier[] = [
  {
    name: "OpenZeppelin 5.7.0 `TrieProof`",
    ...{ file: "OpenZeppelin.sol", prefix: "OpenZeppelin", builds: FOREIGN, maxSlots: 64 },
    proofs: ({ accountProof, storageProof }) => [accountProof, storageProof],
    many: ({ accountProof, slots, storageProofs }) => ({ slots, proofs: [accountProof, storageProofs] }),
  },
  {
    name: "Optimism 0.17.3 `SecureMerkleTrie`",
    ...{ file: "Optimism.sol", prefix: "Optimism", builds: FOREIGN, maxSlots: 64 },
    proofs: ({ accountProof, storageProof }) => [accountProof, storageProof],
    many: ({ accountProof, slots, storageProofs }) => ({ slots, proofs: [accountProof, storageProofs] }),
  },
  {
    name: "Polytope 1.1.0 `EthereumTrie`",
    // Its time and memory grow with the square of the number of slots.
    ...{ file: "Polytope.sol", prefix: "Polytope", builds: FOREIGN, maxSlots: 16 },
    proofs: ({ accountProof, storageProof }) => [accountProof, storageProof],
    many: ({ accountProof, slots, storageProofs }) => ({
      slots,
      proofs: [accountProof, [...new Set(storageProofs.flat())]],
    }),
  },
  {
    name: "Scroll 4.0.0 `PatriciaMerkleTrieVerifier`",
    ...{ file: "Scroll.sol", prefix: "Scroll", builds: FOREIGN, maxSlots: 0 },
    proofs: ({ accountProof, storageProof }) => [
      join([countOf(accountProof)], accountProof, [countOf(storageProof)], storageProof),
    ],
  },
  {
    name: "Keydonix 1.0.6 `MerklePatriciaVerifier`",
    ...{ file: "Keydonix.sol", prefix: "Keydonix", builds: OLD, maxSlots: 64 },
    proofs: ({ accountProof, storageProof }) => [listOf(accountProof), listOf(storageProof)],
    many: ({ accountProof, slots, storageProofs }) => ({
      slots,
      proofs: [listOf(accountProof), storageProofs.map(listOf)],
    }),
  },
];

/** The number of nodes as one byte. */
function countOf(proof: readonly Hex[]): Hex {
  return toHex(Uint8Array.of(proof.length));
}

/** The nodes as items of one RLP list, whose length may take two bytes. */
function listOf(proof: readonly Hex[]): Hex {
  return toHex(rlpList([concat(proof.map((node) => toBytes(node, "node")))]));
}
