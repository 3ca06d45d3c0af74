import { toBytes, toHex, type Hex } from "../src/bytes.js";
import { packCompact } from "../src/proof/compact.js";
import { packWitness } from "../src/proof/witness.js";
import type { Build } from "../test/helpers/compile.js";
import { concat, rlpList } from "../test/trie-helpers/buildTrie.js";
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

/** This library with the nodes end to end, as `eth_getProof` lists them, and with what can be computed left out. */
export const OURS: readonly Verifier[] = [
  {
    name: "**Settlement Guard**, `bytes`",
    ...{ file: "SettlementGuard.sol", prefix: "SettlementGuard", builds: PIPELINES, maxSlots: 64 },
    proofs: ({ accountProof, storageProof }) => [join(accountProof, storageProof)],
    many: packMany,
  },
  {
    name: "**Settlement Guard**, `bytes[]`",
    ...{ file: "SettlementGuard.sol", prefix: "SettlementGuardList", builds: PIPELINES, maxSlots: 0 },
    proofs: ({ accountProof, storageProof }) => [accountProof, storageProof],
  },
  {
    name: "**Settlement Guard**, compact",
    ...{ file: "SettlementGuardCompact.sol", prefix: "SettlementGuardCompact", builds: PIPELINES, maxSlots: 0 },
    proofs: (slot) => [compact(slot)],
  },
];

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

/** The nodes without what can be computed. */
function compact({ stateRoot, account, slot, accountProof, storageProof }: RealSlot): Hex {
  const request = {
    stateRoot: toBytes(stateRoot, "state root"),
    address: toBytes(account, "account"),
    slot: toBytes(slot, "slot"),
  };
  const { form, witness } = packCompact(request, { accountProof, storageProof: [{ key: slot, proof: storageProof }] });
  if (form !== "compact") throw new TypeError(`no compact witness for ${account}`);
  return toHex(witness);
}

/** One witness, in which no node comes twice. */
function packMany({
  stateRoot,
  account,
  accountProof,
  slots,
  storageProofs,
}: SlotSet): ReturnType<Required<Verifier>["many"]> {
  const request = {
    stateRoot: toBytes(stateRoot, "state root"),
    address: toBytes(account, "account"),
    slots: slots.map((slot) => toBytes(slot, "slot")),
  };
  const storageProof = slots.map((key, index) => ({ key, proof: [...storageProofs[index]!] }));
  const packed = packWitness(request, { accountProof: [...accountProof], storageProof });
  return { slots: packed.slots.map(({ slot }) => toHex(slot)), proofs: [toHex(packed.witness)] };
}

/** The number of nodes as one byte. */
function countOf(proof: readonly Hex[]): Hex {
  return toHex(Uint8Array.of(proof.length));
}

/** The nodes as items of one RLP list, whose length may take two bytes. */
function listOf(proof: readonly Hex[]): Hex {
  return toHex(rlpList([concat(proof.map((node) => toBytes(node, "node")))]));
}
