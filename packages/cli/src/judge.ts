import { keccak256, toHex, toQuantity, type Hex, type WitnessAccount } from "settlement-guard";

import type { Engine, Finding } from "./engine.js";
import type { AccountClaim, AnswerCase, Expectation, KeyCase, ProofCase, SlotCase } from "./proofCase.js";

export type CaseVerdict = "present" | "absent" | "invalid";

/** What is printed about one case; with `--json`, as it stands here. Numbers are JSON-RPC quantities. */
export interface CaseReport {
  id: string;
  /** The account's, or the key's; invalid if anything in the case is. */
  verdict: CaseVerdict;
  /** Why the first thing that is invalid is: a name, and behind a colon what is known about it. */
  reason?: string;
  /** A raw trie proof's leaf, as it stands in the trie. */
  value?: Hex;
  /** What the verdict rests on, and no proof shows: that a chain has such a block or root. Absent where nothing could be read. */
  unauthenticated?: Unauthenticated;
  /** Members of the case that describe it, and of which the verdict says nothing. */
  notJudged?: readonly string[];
  header?: { number: Hex; hash: Hex; stateRoot: Hex };
  account?: AccountReport;
  slots?: SlotReport[];
  evm?: EvmReport;
}

/** A block's hash where its header was given. Otherwise the root, and the block that the file names for it. */
export interface Unauthenticated {
  blockHash?: Hex;
  blockNumber?: Hex;
  stateRoot?: Hex;
  root?: Hex;
}

export interface AccountReport {
  address: Hex;
  verdict: CaseVerdict;
  reason?: string;
  nonce?: Hex;
  balance?: Hex;
  storageHash?: Hex;
  codeHash?: Hex;
}

export interface SlotReport {
  slot: string;
  verdict: CaseVerdict;
  value?: Hex;
  reason?: string;
}

/** What the Solidity verifier says of the same bytes, and its execution gas. */
export interface EvmReport {
  verdict: CaseVerdict;
  reason?: string;
  /** All that was executed: header, account and slots, or the key. */
  gas: number;
  header?: number;
  account?: number;
  slots?: { slot: string; verdict: CaseVerdict; reason?: string; value?: Hex; gas: number }[];
}

/** The reason of a case of which the two verifiers do not say the same. It is a fault of this library, whoever is right. */
export const DISAGREEMENT = "VerifiersDisagree";

/** One engine's findings about a case. */
interface Opinion {
  report: CaseReport;
  gas: { header?: number; account?: number; slots: number[]; total: number };
}

/** Judges a case; where a second engine is given, by both, whose words are then compared. */
export async function judge(item: ProofCase, engine: Engine, evm?: Engine): Promise<CaseReport> {
  const { report } = await opinion(item, engine);
  if (evm === undefined || item.kind === "malformed") return report;
  const other = await opinion(item, evm);
  const judged = { ...report, evm: evmReport(other) };
  if (words(report) === words(other.report)) return judged;
  return { ...judged, verdict: "invalid", reason: `${DISAGREEMENT}: ${difference(report, other.report)}` };
}

/** What both engines have to say alike: all but why a witness is refused where it is. */
function words(report: CaseReport): string {
  return JSON.stringify(report).replace(/(StateProofInvalid: byte \d+) \(\w+\)/g, "$1");
}

function evmReport({ report: { verdict, reason, slots }, gas }: Opinion): EvmReport {
  return {
    verdict,
    ...(reason === undefined ? {} : { reason }),
    gas: gas.total,
    ...(gas.header === undefined ? {} : { header: gas.header }),
    ...(gas.account === undefined ? {} : { account: gas.account }),
    ...(slots === undefined ? {} : { slots: slots.map((slot, i) => ({ ...slot, gas: gas.slots[i] ?? 0 })) }),
  };
}

async function opinion(item: ProofCase, engine: Engine): Promise<Opinion> {
  const gas: Opinion["gas"] = { slots: [], total: 0 };
  const spent = <Value>(finding: Finding<Value>): Finding<Value> => {
    gas.total += finding.gas ?? 0;
    return finding;
  };
  if (item.kind === "malformed") return { report: { id: item.id, verdict: "invalid", reason: item.reason }, gas };
  if (item.kind === "key") return { report: await judgeKey(item, engine, spent), gas };
  return { report: await judgeAnswer(item, engine, spent, gas), gas };
}

type Spent = <Value>(finding: Finding<Value>) => Finding<Value>;

/** Who judges, and what it spends. */
interface Judging {
  readonly engine: Engine;
  readonly spent: Spent;
  readonly gas: Opinion["gas"];
}

async function judgeKey(item: KeyCase, engine: Engine, spent: Spent): Promise<CaseReport> {
  const finding = spent(await engine.key(item.root, item.trieKey, item.proof));
  const report = { id: item.id, ...basis({ root: item.root }, item.notJudged) };
  const mismatch = keyMismatch(item, finding);
  if (mismatch !== undefined) return { ...report, verdict: "invalid", reason: mismatch };
  if (finding.status === "present") return { ...report, verdict: "present", value: finding.value };
  return { ...report, ...plain(finding) };
}

function keyMismatch({ value, expect }: KeyCase, finding: Finding<Hex>): string | undefined {
  if (finding.status === "invalid") return undefined;
  const proven = finding.status === "present" ? finding.value : undefined;
  if (value !== undefined && value.claimed !== proven)
    return claimMismatch("value", value.claimed ?? "absent", proven ?? "absent");
  if (expect === undefined || ALLOWED[expect].includes(finding.status)) return undefined;
  return claimMismatch("expect", expect, finding.status);
}

/** What a proof that is not invalid may show. */
const ALLOWED: Readonly<Record<Expectation, readonly CaseVerdict[]>> = {
  exists: ["present"],
  absent: ["absent"],
  "absent-or-reject": ["absent"],
  reject: [],
  "not-canonical": [],
};

function basis(
  unauthenticated: Unauthenticated,
  notJudged: readonly string[],
): Pick<CaseReport, "unauthenticated" | "notJudged"> {
  return { unauthenticated, ...(notJudged.length === 0 ? {} : { notJudged }) };
}

function answerBasis({ header, blockHash, blockNumber, stateRoot, notJudged }: AnswerCase): ReturnType<typeof basis> {
  if (header !== undefined) return basis({ blockHash: header.hash }, notJudged);
  return basis(
    {
      ...(stateRoot === undefined ? {} : { stateRoot }),
      ...(blockNumber === undefined ? {} : { blockNumber: toQuantity(blockNumber) }),
      ...(blockHash === undefined ? {} : { blockHash }),
    },
    notJudged,
  );
}

async function judgeAnswer(item: AnswerCase, engine: Engine, spent: Spent, gas: Opinion["gas"]): Promise<CaseReport> {
  const report: CaseReport = { id: item.id, verdict: "invalid", ...answerBasis(item) };
  let stateRoot = item.stateRoot as Hex;
  if (item.header !== undefined) {
    const { hash, rlp } = item.header;
    const header = spent(await engine.header(hash, rlp));
    gas.header = header.gas ?? 0;
    if (header.status !== "present") return { ...report, ...plain(header) };
    report.header = { number: toQuantity(header.value.number), hash, stateRoot: header.value.stateRoot };
    const mismatch = headerMismatch(item, header.value);
    if (mismatch !== undefined) return { ...report, reason: mismatch };
    stateRoot = header.value.stateRoot;
  }

  const { witness } = item;
  if (witness !== undefined) await judgeWitness({ ...item, witness }, stateRoot, { engine, spent, gas }, report);
  else await judgeNodes(item, stateRoot, { engine, spent, gas }, report);
  const fault = [report.account, ...(report.slots ?? [])].find((part) => part?.verdict === "invalid");
  return fault === undefined
    ? { ...report, verdict: report.account?.verdict ?? "invalid" }
    : { ...report, ...(fault.reason === undefined ? {} : { reason: fault.reason }) };
}

/** The nodes of the account, then those of each slot. */
async function judgeNodes(
  item: AnswerCase,
  stateRoot: Hex,
  { engine, spent, gas }: Judging,
  report: CaseReport,
): Promise<void> {
  const account = spent(await engine.account(stateRoot, item.address, item.accountProof));
  gas.account = account.gas ?? 0;
  report.account = accountReport(item, account);
  if (account.status === "invalid") return;
  const storageRoot = account.status === "present" ? account.value.storageRoot : NOTHING.storageRoot;
  report.slots = [];
  for (const slot of item.slots) {
    if ("malformed" in slot) {
      report.slots.push({ slot: slot.shown, verdict: "invalid", reason: slot.malformed });
      gas.slots.push(0);
      continue;
    }
    // In an absent account, as in one without storage, every slot is absent, and its proof is empty.
    const finding = spent(await engine.slot(storageRoot, slot.slot, slot.proof));
    gas.slots.push(finding.gas ?? 0);
    report.slots.push(slotReport(slot, finding));
  }
}

/** Account and slots in one witness, which is good as a whole or not at all. */
async function judgeWitness(
  item: AnswerCase & { readonly witness: Hex },
  stateRoot: Hex,
  { engine, spent, gas }: Judging,
  report: CaseReport,
): Promise<void> {
  const slots = item.slots.filter((slot): slot is Extract<SlotCase, { slot: Hex }> => !("malformed" in slot));
  const positions = slots.map(({ slot }) => slot);
  const finding = spent(await engine.witness(stateRoot, item.address, positions, item.witness));
  gas.account = finding.gas ?? 0;
  const fields = finding.status === "present" ? finding.value : undefined;
  const account: Finding<WitnessAccount> =
    finding.status === "invalid"
      ? finding
      : fields?.account === undefined
        ? { status: "absent" }
        : { status: "present", value: fields.account };
  report.account = accountReport(item, account);
  if (fields === undefined) return;
  const values = new Map(slots.map((slot, i): [SlotCase, bigint] => [slot, fields.values[i] ?? 0n]));
  report.slots = item.slots.map((slot) => {
    gas.slots.push(0);
    if ("malformed" in slot) return { slot: slot.shown, verdict: "invalid", reason: slot.malformed };
    const value = values.get(slot) ?? 0n;
    return slotReport(slot, value === 0n ? { status: "absent" } : { status: "present", value });
  });
}

function headerMismatch(item: AnswerCase, header: { number: bigint; stateRoot: Hex }): string | undefined {
  if (item.blockNumber !== undefined && item.blockNumber !== header.number) {
    return `HeaderNumberMismatch: the case names block ${item.blockNumber}, the header is that of block ${header.number}`;
  }
  const proven = header.stateRoot;
  if (item.stateRoot === undefined || item.stateRoot === proven) return undefined;
  return `StateRootMismatch: the case names ${item.stateRoot}, the header has ${proven}`;
}

function accountReport(item: AnswerCase, finding: Finding<WitnessAccount>): AccountReport {
  const { address } = item;
  const mismatch = finding.status === "invalid" ? undefined : accountMismatch(item.claims, finding);
  if (mismatch !== undefined) return { address, verdict: "invalid", reason: mismatch };
  if (finding.status !== "present") return { address, ...plain(finding) };
  const { nonce, balance, storageRoot, codeHash } = finding.value;
  return {
    address,
    verdict: "present",
    nonce: toQuantity(nonce),
    balance: toQuantity(balance),
    storageHash: storageRoot,
    codeHash,
  };
}

/** A file that contradicts its own proof is not to be relied on, whichever of the two is right. */
function accountMismatch(claims: readonly AccountClaim[], finding: Finding<WitnessAccount>): string | undefined {
  const { nonce, balance, storageRoot, codeHash } = finding.status === "present" ? finding.value : NOTHING;
  const proven = {
    accountExists: finding.status === "present",
    nonce,
    balance,
    storageHash: BigInt(storageRoot),
    codeHash: BigInt(codeHash),
  };
  for (const { field, claimed } of claims) {
    const truth = proven[field];
    if (claimed === truth) continue;
    if (field === "accountExists") return claimMismatch(field, claimed, truth);
    // Clients give the hash of nothing, or zero.
    if (claimed === 0n && truth === HASH_OF_NOTHING[field]) continue;
    return claimMismatch(field, toQuantity(claimed), toQuantity(truth as bigint));
  }
  return undefined;
}

/** An account that is not there: its trie of storage holds nothing, its code has no byte. */
const NOTHING: WitnessAccount = {
  nonce: 0n,
  balance: 0n,
  storageRoot: toHex(keccak256(Uint8Array.of(0x80))),
  codeHash: toHex(keccak256(new Uint8Array())),
};
const HASH_OF_NOTHING: Readonly<Record<string, bigint>> = {
  storageHash: BigInt(NOTHING.storageRoot),
  codeHash: BigInt(NOTHING.codeHash),
};

function slotReport(slot: Extract<SlotCase, { slot: Hex }>, finding: Finding<bigint>): SlotReport {
  if (finding.status === "invalid") return { slot: slot.shown, ...plain(finding) };
  const proven = finding.status === "present" ? finding.value : 0n;
  if (slot.value !== undefined && slot.value !== proven) {
    const reason = claimMismatch("value", toQuantity(slot.value), toQuantity(proven));
    return { slot: slot.shown, verdict: "invalid", reason };
  }
  if (finding.status === "absent") return { slot: slot.shown, verdict: "absent" };
  return { slot: slot.shown, verdict: "present", value: toQuantity(proven) };
}

function claimMismatch(field: string, claimed: unknown, proven: unknown): string {
  return `ClaimMismatch: ${field} is given as ${String(claimed)}, the proof shows ${String(proven)}`;
}

function plain(finding: Finding<unknown>): { verdict: CaseVerdict; reason?: string } {
  return finding.status === "invalid" ? { verdict: "invalid", reason: finding.reason } : { verdict: finding.status };
}

function difference(ours: CaseReport, evm: CaseReport): string {
  const parts = (report: CaseReport): string[] =>
    [report, report.account, ...(report.slots ?? [])].map((part) => {
      if (part === undefined) return "nothing";
      const { verdict, reason } = part;
      const value = "value" in part ? part.value : undefined;
      return [verdict, reason, value].filter((text) => text !== undefined).join(" ");
    });
  const [mine, its] = [parts(ours), parts(evm)];
  const at = mine.findIndex((text, i) => text !== its[i]);
  const which = at < 0 ? 0 : at;
  return `TypeScript says ${mine[which] ?? "nothing"}, the EVM says ${its[which] ?? "nothing"}`;
}
