import type { Hex } from "../src/bytes.js";
import { createBench } from "./evm.js";
import {
  geometricMean,
  measure,
  measureNothing,
  syntheticSets,
  SYNTHETIC_SIZE,
  tokens,
  type Figures,
} from "./measure.js";
import { byteLength, join, proofBytes, QUOTED, readRealSlots, type RealSlot } from "./realProofs.js";
import type { Build } from "../test/helpers/compile.js";
import { OURS, PEERS, PIPELINES, type SlotSet } from "./verifiers.js";

/** Where this library's own figures are kept. */
export const PROOF_SNAPSHOT = "snapshots/proof-gas.json";

/** Figures by a name that says what they are, by build. */
export type Snapshot = Record<string, Record<string, number>>;

export interface Measurements {
  slots: readonly RealSlot[];
  quoted: RealSlot;
  sets: readonly SlotSet[];
  /** By verifier, then by build. */
  figures: readonly Figures[];
  /** This library's alone, to be compared with what is committed. */
  snapshot: Snapshot;
}

/**
 * Measures this library, and its peers where they are asked for.
 *
 * @returns undefined where the folder of vectors is missing
 */
export async function measureProofs({ peers }: { peers: boolean }): Promise<Measurements | undefined> {
  const slots = readRealSlots();
  if (slots === undefined) return undefined;
  const quoted = slots.find(({ name, value }) => name.startsWith(QUOTED) && value !== 0n)!;
  const sets = syntheticSets();
  const bench = await createBench();
  const figures: Figures[] = [];
  for (const verifier of peers ? [...OURS, ...PEERS] : OURS) {
    for (const build of verifier.builds) figures.push(await measure(bench, verifier, build, slots, quoted, sets));
  }

  const snapshot: Snapshot = {};
  for (const build of PIPELINES) {
    const [packed, listed, compact] = oursIn(figures, build);
    const nothing = await measureNothing(bench, build, quoted);
    const name = `0.8.37, ${build.evmVersion}, ${build.name}, ${build.runs.toLocaleString("en-US")} runs`;
    snapshot[name] = summary(packed, listed, compact, nothing, { slots, quoted, sets });
  }
  return { slots, quoted, sets, figures, snapshot };
}

/** This library's figures in one build: nodes end to end, as a list, and compact. */
export function oursIn(
  figures: readonly Figures[],
  build: Build,
): [packed: Figures, listed: Figures, compact: Figures] {
  const [packed, listed, compact] = OURS.map((ours) =>
    figures.find((it) => it.verifier === ours && it.build === build),
  );
  return [packed!, listed!, compact!];
}

/** The text of a snapshot's file. */
export function snapshotText(snapshot: Snapshot): string {
  return `${JSON.stringify(snapshot, null, 2)}\n`;
}

/** Whether the slot holds a value. */
export function isInclusion({ value }: RealSlot): boolean {
  return value !== 0n;
}

/** Execution gas for each byte of account and storage nodes, geometric mean over the slots that are present and answered. */
export function gasPerByte({ slots: costs }: Figures, slots: readonly RealSlot[]): number {
  return geometricMean(
    slots.flatMap((slot, i) => (isInclusion(slot) && costs[i] !== undefined ? [costs[i].gas / proofBytes(slot)] : [])),
  );
}

/** What one more slot costs, between 16 slots and 64. */
export function marginalSlot({ many }: Figures): number | undefined {
  const [some, all] = [many.get(16), many.get(64)];
  return some === undefined || all === undefined ? undefined : Math.round((all.gas - some.gas) / 48);
}

function summary(
  packed: Figures,
  listed: Figures,
  compact: Figures,
  nothing: number,
  { slots, quoted, sets }: Pick<Measurements, "slots" | "quoted" | "sets">,
): Record<string, number> {
  const figures: Record<string, number> = {
    [`${QUOTED}: header, account and slot, bytes`]: packed.full!.gas,
    [`${QUOTED}: header, account and slot, bytes[]`]: listed.full!.gas,
    [`${QUOTED}: header, account and slot, compact`]: compact.full!.gas,
    [`${QUOTED}: header check and state root`]: packed.header!.gas,
    [`${QUOTED}: header check and state root, without dispatch and ABI`]: packed.header!.gas - nothing,
    "gas per proof byte, bytes, geometric mean of the slots that are present": rounded(gasPerByte(packed, slots)),
    "gas per proof byte, bytes[], geometric mean of the slots that are present": rounded(gasPerByte(listed, slots)),
  };
  for (const [count, { gas }] of packed.many) {
    figures[`${count} slots of ${SYNTHETIC_SIZE.toLocaleString("en-US")} in one witness`] = gas;
  }
  figures["one more slot, between 16 and 64"] = marginalSlot(packed)!;
  slots.forEach(({ name, value }, i) => {
    const what = `${name}: account and slot${value === 0n ? ", absent" : ""}`;
    figures[`${what}, bytes`] = packed.slots[i]!.gas;
    figures[`${what}, bytes[]`] = listed.slots[i]!.gas;
    figures[`${what}, compact`] = compact.slots[i]!.gas;
  });
  const calldata = calldataRatios(packed, listed, compact, slots.indexOf(quoted));
  for (const [name, ratio] of [...calldata, ...sharingRatios(packed, sets)]) figures[name] = rounded(ratio);
  return figures;
}

/**
 * What leaving out does to the calldata of the same call. It is given for the quoted slot, and as
 * the geometric mean of all real ones.
 */
export function calldataRatios(
  packed: Figures,
  listed: Figures,
  compact: Figures,
  quoted: number,
): [name: string, ratio: number][] {
  const units: [name: string, size: (calldata: Hex) => number][] = [
    ["bytes", byteLength],
    ["tokens (EIP-7623)", tokens],
  ];
  return units.flatMap(([unit, size]) => {
    const to = (raw: Figures): number[] =>
      compact.slots.map((cost, i) => size(cost!.calldata) / size(raw.slots[i]!.calldata));
    return [
      [`${QUOTED}: calldata ${unit}, compact to bytes[]`, to(listed)[quoted]!],
      [`${QUOTED}: calldata ${unit}, compact to nodes end to end`, to(packed)[quoted]!],
      [`every real slot, geometric mean: calldata ${unit}, compact to bytes[]`, geometricMean(to(listed))],
      [`every real slot, geometric mean: calldata ${unit}, compact to nodes end to end`, geometricMean(to(packed))],
    ] satisfies [string, number][];
  });
}

/** What sharing does to the nodes of many slots. */
export function sharingRatios(packed: Figures, sets: readonly SlotSet[]): [name: string, ratio: number][] {
  const set = sets.at(-1)!;
  const shared = packed.verifier.many!(set).proofs[0] as Hex;
  const separate = join(...set.storageProofs.map((proof) => [...set.accountProof, ...proof]));
  const nodesApart = join(set.accountProof, ...set.storageProofs);
  return [
    [
      "64 slots: node tokens, one witness to the account once and 64 storage proofs",
      tokens(shared) / tokens(nodesApart),
    ],
    ["64 slots: node tokens, one witness to 64 accounts and slots apart", tokens(shared) / tokens(separate)],
  ];
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
