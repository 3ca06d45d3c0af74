/**
 * Measures this library's proofs beside those of every peer that the npm registry has, in one run.
 * The tables go into docs/gas.md, this library's own figures into snapshots/proof-gas.json. `npm
 * run check:gas` compares the latter.
 */
import { readFileSync, writeFileSync } from "node:fs";

import { format } from "prettier";

import { transaction, tokens, SLOT_COUNTS, SYNTHETIC_SIZE, type Cost, type Figures } from "./measure.js";
import {
  byteRatios,
  gasPerByte,
  isInclusion,
  marginalSlot,
  measureProofs,
  oursIn,
  PROOF_SNAPSHOT,
  receiptName,
  snapshotText,
  type Measurements,
} from "./proofGas.js";
import { pinReceiptName, RULES, WAYS, type Way } from "./pinGas.js";
import { byteLength, proofBytes, QUOTED } from "./realProofs.js";

const PAGE = "docs/gas.md";
const START = "<!-- npm run bench:gas writes what follows -->";
const END = "<!-- npm run bench:gas wrote what precedes -->";

/** EIP-7825: no transaction has more gas. */
const TRANSACTION_GAS_CAP = 2 ** 24;

/** At most, under the rules of Prague and of Amsterdam. */
const PIN_GOALS: Partial<Record<Way, readonly [prague: number, amsterdam: number]>> = {
  underRoot: [135_000, 212_000],
  pinned: [25_000, 27_400],
};

const measurements = await measureProofs({ peers: true });
if (measurements === undefined) {
  console.error("the folder of vectors is missing: ../shared/vectors");
  process.exit(1);
}
const page = readFileSync(PAGE, "utf8");
const [before, rest] = page.split(START);
const [, after] = (rest ?? "").split(END);
if (before === undefined || after === undefined) {
  console.error(`${PAGE} has lost its markers`);
  process.exit(1);
}
const generated = [
  goals(measurements),
  quotedTable(measurements),
  transactionTable(measurements),
  pinTable(measurements),
  slotsTable(measurements),
  manyTable(measurements),
].join("\n\n");
const text = await format(`${before}${START}\n\n${generated}\n\n${END}${after}`, {
  parser: "markdown",
  printWidth: 120,
});
writeFileSync(PAGE, text);
writeFileSync(PROOF_SNAPSHOT, snapshotText(measurements.snapshot));
console.log(generated);

// --- tables ---

function goals(measurements: Measurements): string {
  const ours = oursIn(measurements.figures, measurements.figures[0]!.build);
  const snapshot = Object.values(measurements.snapshot)[0]!;
  const header = snapshot[`${QUOTED}: header check and state root, without dispatch and ABI`]!;
  const receipt = (rules: string): number => snapshot[receiptName(rules)]!;
  const rows: [goal: string, bound: number, figure: number, digits?: number][] = [
    ["receipt of header, account and slot, rules of prague", 289_540, receipt("prague")],
    ["receipt of header, account and slot, rules of amsterdam", 463_624, receipt("amsterdam")],
    ["execution: header, account and slot", 25_000, ours.full!.gas],
    [`execution: header and state root, net of dispatch and ABI (gross ${number(ours.header!.gas)})`, 800, header],
    ["execution: one more slot of a 64-slot witness", 7_500, marginalSlot(ours)!],
    ["bytes of code: account and slot", 5_000, ours.codeSize],
    ...byteRatios(measurements).map(([name, ratio], i): [string, number, number, number] => [
      name,
      i < 2 ? 0.885 : 1,
      ratio,
      3,
    ]),
  ];
  return `### Goals\n\n${table(
    ["goal (viaIR)", "at most", "measured", ""],
    rows.map(([goal, bound, figure, digits = 0]) => [
      goal,
      number(bound, bound < 2 ? 3 : 0),
      number(figure, digits),
      figure <= bound ? "reached" : "missed",
    ]),
  )}`;
}

function quotedTable({ figures, slots, quoted }: Measurements): string {
  const at = slots.indexOf(quoted);
  const ours = figures[0]!.slots[at]!.gas;
  const proofs = `${quoted.accountProof.length} + ${quoted.storageProof.length} nodes, ${number(proofBytes(quoted))} bytes`;
  const header = `a header of ${byteLength(quoted.header!.rlp)} bytes`;
  return `### ${QUOTED}: ${proofs}, ${header}\n\nExecution gas.\n\n${table(
    ["verifier", "build", "header", "account and slot", "× ours", "header, account and slot", "gas per proof byte"],
    figures.map((row) => [
      row.verifier.name,
      row.build.name,
      gas(row.header),
      gas(row.slots[at]),
      row.slots[at] === undefined ? "—" : number(row.slots[at].gas / ours, 1),
      gas(row.full),
      number(gasPerByte(row, slots), 2),
    ]),
  )}`;
}

function transactionTable({ figures, slots, quoted }: Measurements): string {
  const at = slots.indexOf(quoted);
  const rows = best(figures, at).map((row) => {
    const cost = row.slots[at]!;
    const { standard, floor, paid } = transaction(cost);
    return [
      `${row.verifier.name}, ${row.build.name}`,
      number(byteLength(cost.calldata)),
      number(4 * tokens(cost.calldata)),
      number(cost.gas),
      number(standard),
      number(floor),
      paid === floor ? `${number(paid)}, the floor` : number(paid),
      number(Math.max(0, floor - standard)),
    ];
  });
  return `### What a transaction pays that proves this account and slot and does nothing else\n\n${table(
    [
      "verifier, better build",
      "calldata, bytes",
      "calldata, gas",
      "execution",
      "before EIP-7623",
      "floor (EIP-7623)",
      "pays",
      "execution to spare below the floor",
    ],
    rows,
  )}`;
}

function pinTable({ snapshot }: Measurements): string {
  const figures = Object.values(snapshot)[0]!;
  const ways = Object.keys(WAYS) as Way[];
  const rows = ways.map((way) => [
    WAYS[way],
    ...RULES.map((rules) => number(figures[pinReceiptName(way, rules)]!)),
    PIN_GOALS[way] === undefined ? "—" : PIN_GOALS[way].map((goal) => number(goal)).join(" / "),
  ]);
  const others = [["a Groth16 proof of the same, estimated", "250,000 to 310,000", "the same", "—"]];
  return `### What a transaction pays that shows the slot to hold something\n\nReceipts of a contract that knows the account and the slot, viaIR. A pin's first write takes a new storage slot.\n\n${table(
    ["way", ...RULES, "goal"],
    [...rows, ...others],
  )}`;
}

function slotsTable({ figures, slots, quoted }: Measurements): string {
  const columns = best(figures, slots.indexOf(quoted));
  return `### Every real slot: account and slot, execution gas\n\n${table(
    ["slot", "nodes", "bytes", ...columns.map(({ verifier, build }) => `${verifier.name}, ${build.name}`)],
    slots.map((slot, i) => [
      isInclusion(slot) ? slot.name : `${slot.name} (absent)`,
      `${slot.accountProof.length} + ${slot.storageProof.length}`,
      number(proofBytes(slot)),
      ...columns.map((column) => gas(column.slots[i])),
    ]),
  )}`;
}

function manyTable({ figures, sets }: Measurements): string {
  const rows = figures.filter(({ many }) => many.size > 0);
  const { accountProof, storageProofs } = sets.at(-1)!;
  const nodes = storageProofs.reduce((sum, proof) => sum + proof.length, 0);
  const size = SYNTHETIC_SIZE.toLocaleString("en-US");
  const shape = `a synthetic storage trie of ${size} slots (${number(nodes / storageProofs.length, 2)} nodes a slot). It lies under a state trie of as many accounts (${accountProof.length} nodes)`;
  return `### Many slots of one account\n\nExecution gas, in ${shape}.\n\n${table(
    ["verifier", "build", ...SLOT_COUNTS.map((count) => `${count}`), "one more slot", "calldata of the largest, bytes"],
    rows.map((row) => [
      row.verifier.name,
      row.build.name,
      ...SLOT_COUNTS.map((count) => gas(row.many.get(count))),
      marginalSlot(row) === undefined ? "—" : number(marginalSlot(row)!),
      number(byteLength([...row.many.values()].at(-1)!.calldata)),
    ]),
  )}`;
}

/** Of each verifier, the build that proves the quoted slot for less. */
function best(figures: readonly Figures[], at: number): Figures[] {
  const cheapest = new Map<string, Figures>();
  for (const row of figures) {
    const other = cheapest.get(row.verifier.name);
    if (other === undefined || row.slots[at]!.gas < other.slots[at]!.gas) cheapest.set(row.verifier.name, row);
  }
  return [...cheapest.values()];
}

function gas(cost: Cost | undefined): string {
  if (cost === undefined) return "—";
  return cost.gas > TRANSACTION_GAS_CAP ? `${number(cost.gas)} †` : number(cost.gas);
}

function number(value: number, digits = 0): string {
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, i) => (i === 0 ? "---" : "--:"));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}
