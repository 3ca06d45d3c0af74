import { network } from "hardhat";

import type { Hex } from "../src/core/bytes.js";
import { createBench } from "./evm.js";
import { measure, measureNothing, syntheticSets, SYNTHETIC_SIZE, type Figures } from "./measure.js";
import { byteLength, join, proofBytes, QUOTED, readRealSlots, type RealSlot } from "./realProofs.js";
import { pinReceipts } from "./pinGas.js";
import { compile, type Build } from "../tools/compile.js";
import { OURS, PEERS, PIPELINES, type SlotSet, type Verifier } from "./verifiers.js";
import { geometricMean } from "./statistics.js";

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
  for (const verifier of peers ? [OURS, ...PEERS] : [OURS]) {
    for (const build of verifier.builds) figures.push(await measure(bench, verifier, build, slots, quoted, sets));
  }

  const snapshot: Snapshot = {};
  for (const build of PIPELINES) {
    const ours = oursIn(figures, build);
    const nothing = await measureNothing(bench, build, quoted);
    const receipts = await receiptsOf(OURS, build, quoted);
    const name = `0.8.37, ${build.evmVersion}, ${build.name}, ${build.runs.toLocaleString("en-US")} runs`;
    snapshot[name] = { ...summary(ours, nothing, { slots, quoted, sets }), ...receipts };
    // Legacy code of the same contract takes more gas under Amsterdam than one transaction may have.
    if (build.viaIR) Object.assign(snapshot[name], await pinReceipts(build, quoted));
  }
  return { slots, quoted, sets, figures, snapshot };
}

/** This library's figures in one build. */
export function oursIn(figures: readonly Figures[], build: Build): Figures {
  return figures.find((it) => it.verifier === OURS && it.build === build)!;
}

/** The name of a receipt's figure in the snapshot. */
export function receiptName(rules: string): string {
  return `${QUOTED}: receipt of header, account and slot, rules of ${rules}`;
}

/** What a transaction pays that proves the quoted slot with its header alone. By its receipt, under two rules. */
async function receiptsOf(verifier: Verifier, build: Build, quoted: RealSlot): Promise<Record<string, number>> {
  const artifact = (await compile([`bench/contracts/${verifier.file}`], build))[`${verifier.prefix}Full`]!;
  const { rlp, number, hash } = quoted.header!;
  const args = [rlp, number, hash, quoted.account, quoted.slot, ...verifier.proofs(quoted)];
  const figures: Record<string, number> = {};
  for (const hardfork of ["prague", "amsterdam"]) {
    const { ethers } = await network.create({ network: "default", override: { hardfork } });
    const [signer] = await ethers.getSigners();
    const contract = await new ethers.ContractFactory(artifact.abi, artifact.bytecode, signer).deploy();
    const data = contract.interface.encodeFunctionData("full", args);
    const sent = await signer!.sendTransaction({ to: await contract.getAddress(), data });
    figures[receiptName(hardfork)] = Number((await sent.wait())!.gasUsed);
  }
  return figures;
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
  ours: Figures,
  nothing: number,
  { slots, quoted, sets }: Pick<Measurements, "slots" | "quoted" | "sets">,
): Record<string, number> {
  const figures: Record<string, number> = {
    "bytes of code: account and slot": ours.codeSize,
    [`${QUOTED}: header, account and slot`]: ours.full!.gas,
    [`${QUOTED}: header check and state root`]: ours.header!.gas,
    [`${QUOTED}: header check and state root, without dispatch and ABI`]: ours.header!.gas - nothing,
    "gas per byte of nodes, geometric mean of the slots that are present": rounded(gasPerByte(ours, slots)),
  };
  for (const [count, { gas }] of ours.many) {
    figures[`${count} slots of ${SYNTHETIC_SIZE.toLocaleString("en-US")} in one witness`] = gas;
  }
  figures["one more slot, between 16 and 64"] = marginalSlot(ours)!;
  slots.forEach(({ name, value }, i) => {
    figures[`${name}: account and slot${value === 0n ? ", absent" : ""}`] = ours.slots[i]!.gas;
  });
  for (const [name, ratio] of byteRatios({ slots, quoted, sets })) figures[name] = rounded(ratio);
  return figures;
}

/** Bytes of a witness to those of the nodes that it stands for, each once. */
export function byteRatios({
  slots,
  quoted,
  sets,
}: Pick<Measurements, "slots" | "quoted" | "sets">): [name: string, ratio: number][] {
  const ratioOf = (slot: RealSlot): number => byteLength(OURS.proofs(slot)[0] as Hex) / proofBytes(slot);
  return [
    [`${QUOTED}: bytes of the witness to those of the nodes`, ratioOf(quoted)],
    ["every real slot, geometric mean: bytes of the witness to those of the nodes", geometricMean(slots.map(ratioOf))],
    ...sets.map((set): [string, number] => {
      const nodes = join([...new Set([...set.accountProof, ...set.storageProofs.flat()])]);
      const witness = OURS.many!(set).proofs[0] as Hex;
      return [
        `${set.slots.length} slots: bytes of the witness to those of the nodes`,
        byteLength(witness) / byteLength(nodes),
      ];
    }),
  ];
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
