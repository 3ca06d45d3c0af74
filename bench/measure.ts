import { toHex, type Hex } from "../src/core/bytes.js";
import { keccak256 } from "../src/core/keccak.js";
import { compile, type Build } from "../tools/compile.js";
import { rlpInteger, rlpList, rlpString } from "../tools/buildTrie.js";
import type { Bench, Measured, Measurement } from "./evm.js";
import type { RealSlot } from "./realProofs.js";
import { balanceSlots, syntheticTrie } from "./syntheticTrie.js";
import type { SlotSet, Verifier } from "./verifiers.js";

/** Execution gas, and the calldata that the same call needs. */
export interface Cost {
  gas: number;
  calldata: Hex;
}

/** One library in one build. What it cannot do is undefined. */
export interface Figures {
  verifier: Verifier;
  build: Build;
  /** Hash, number and state root of the quoted vector's header. */
  header: Cost | undefined;
  /** Header, account and slot of the quoted vector in one call. */
  full: Cost | undefined;
  /** Account and slot, in the order of the vectors. */
  slots: (Cost | undefined)[];
  /** Bytes of the code that answers for an account and a slot. */
  codeSize: number;
  /** The account and some of its slots, by their number. */
  many: Map<number, Cost>;
}

/** Slots and accounts of the synthetic tries. */
export const SYNTHETIC_SIZE = 1_000_000;
export const SLOT_COUNTS: readonly number[] = [1, 4, 16, 64];

const SEED = 2935;

/**
 * Measures one library in one build.
 *
 * @param quoted the slot whose header is measured
 * @throws TypeError where an answer is wrong: then its gas would mean nothing
 */
export async function measure(
  bench: Bench,
  verifier: Verifier,
  build: Build,
  slots: readonly RealSlot[],
  quoted: RealSlot,
  sets: readonly SlotSet[],
): Promise<Figures> {
  const artifacts = await compile([`bench/contracts/${verifier.file}`], build);
  const deployed = async (what: string): Promise<Measured | undefined> => {
    const artifact = artifacts[`${verifier.prefix}${what}`];
    return artifact === undefined ? undefined : bench.deploy(artifact);
  };
  const { header } = quoted;
  if (header === undefined) throw new TypeError(`${quoted.name} has no header`);
  bench.setParent(header.number, header.hash);
  const figures: Figures = {
    verifier,
    build,
    header: undefined,
    full: undefined,
    slots: [],
    codeSize: 0,
    many: new Map(),
  };

  const reader = await deployed("Header");
  figures.header = await cost(reader, [header.rlp, header.number, header.hash], ([root]) => root === quoted.stateRoot);

  const full = await deployed("Full");
  figures.full = await cost(
    full,
    [header.rlp, header.number, header.hash, quoted.account, quoted.slot, ...verifier.proofs(quoted)],
    (result) => result.at(-1) === quoted.value,
  );

  const run = await deployed("Slot");
  figures.codeSize = run?.codeSize ?? 0;
  for (const slot of slots) {
    const args = [slot.stateRoot, slot.account, slot.slot, ...verifier.proofs(slot)];
    figures.slots.push(await cost(run, args, (result) => result.at(-1) === slot.value));
  }

  const many = await deployed("Many");
  for (const set of sets) {
    if (set.slots.length > verifier.maxSlots || verifier.many === undefined) continue;
    const { slots: ordered, proofs } = verifier.many(set);
    const values = ordered.map((slot) => set.values[set.slots.indexOf(slot)]);
    const measured = await cost(many, [set.stateRoot, set.account, ordered, ...proofs], (result) =>
      values.every((value, index) => (result.at(-1) as bigint[])[index] === value),
    );
    if (measured !== undefined) figures.many.set(set.slots.length, measured);
  }
  return figures;
}

/** The first slots of a token's balances, {@link SLOT_COUNTS} of them, in tries of {@link SYNTHETIC_SIZE} entries. */
export function syntheticSets(): SlotSet[] {
  const slots = balanceSlots(Math.max(...SLOT_COUNTS), SEED);
  const storage = syntheticTrie(
    slots.map(({ entry }) => entry),
    SYNTHETIC_SIZE,
    SEED,
  );
  const account = toHex(keccak256(storage.root).subarray(12));
  const leaf = rlpList([
    rlpInteger(1n),
    rlpInteger(0n),
    rlpString(storage.root),
    rlpString(keccak256(new Uint8Array())),
  ]);
  const key = keccak256(Buffer.from(account.slice(2), "hex"));
  const state = syntheticTrie([{ key, value: leaf }], SYNTHETIC_SIZE, SEED + 2);
  return SLOT_COUNTS.map((count) => ({
    stateRoot: toHex(state.root),
    account,
    accountProof: state.proofs[0]!.map(toHex),
    slots: slots.slice(0, count).map(({ slot }) => toHex(slot)),
    storageProofs: storage.proofs.slice(0, count).map((proof) => proof.map(toHex)),
    values: slots.slice(0, count).map(({ value }) => value),
  }));
}

/** The gas of a header check that does nothing but take its arguments. */
export async function measureNothing(bench: Bench, build: Build, { header }: RealSlot): Promise<number> {
  const artifacts = await compile(["bench/contracts/SettlementGuard.sol"], build);
  const nothing = await bench.deploy(artifacts["NothingHeader"]!);
  const measured = await nothing.call([header!.rlp, header!.number, header!.hash]);
  return measured!.gas;
}

async function cost(
  contract: Measured | undefined,
  args: readonly unknown[],
  isRight: (result: Measurement["result"]) => boolean,
): Promise<Cost | undefined> {
  const measured = await contract?.call(args);
  if (contract === undefined || measured === undefined) return undefined;
  if (!isRight(measured.result)) throw new TypeError(`a wrong answer: ${measured.result.join(", ")}`);
  return { gas: measured.gas, calldata: contract.encode(args) };
}

// --- what a transaction pays ---

/** EIP-7623: a zero byte is one token, any other is four. */
export function tokens(calldata: Hex): number {
  const bytes = Buffer.from(calldata.slice(2), "hex");
  return bytes.reduce((sum, byte) => sum + (byte === 0 ? 1 : 4), 0);
}

/** A transaction that does nothing but this call: as before EIP-7623, its floor, and what it pays. */
export function transaction({ gas, calldata }: Cost): { standard: number; floor: number; paid: number } {
  const standard = 21_000 + 4 * tokens(calldata) + gas;
  const floor = 21_000 + 10 * tokens(calldata);
  return { standard, floor, paid: Math.max(standard, floor) };
}
