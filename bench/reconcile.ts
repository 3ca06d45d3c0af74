/**
 * What it takes to compare a ledger of 100,000 accounts with a chain: seconds, requests, slots a second and memory. A plain loop of
 * `eth_getStorageAt`, which proves nothing, is measured beside it in the same run. anvil answers, on the same machine. It builds the
 * whole storage trie for every `eth_getProof`. So the seconds of both processes are told apart.
 *
 *     tsx bench/reconcile.ts [ACCOUNTS]
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { reconcileEach, type ReconcileOptions } from "../src/actions/reconcile.js";
import { toHex, toWord, type Hex } from "../src/core/bytes.js";
import { keccak256 } from "../src/core/keccak.js";
import { useWasmKeccak } from "../src/keccak-wasm.js";
import { comparedPlace, type Rule, type RuleBook } from "../src/ledger/rules.js";
import { LedgerTree, type LedgerEntry } from "../src/ledger/tree.js";
import type { Request } from "../src/rpc/request.js";
import { ANVIL_PACKAGE, findAnvil, startAnvil } from "../src/anvil/program.js";
import { random } from "../tools/random.js";

const ACCOUNTS = Number(process.argv[2] ?? 100_000);
/** Planted differences of each run. */
const PLANTED = [0, 1, 10, 1_000];
/** Slots that the plain loop reads. */
const SAMPLE = 5_000;
/** Slots that anvil is told in one request. */
const BATCH = 2_000;
const SEED = 7_411;
/** Owners in a chunk, and how often memory is looked at while they are read. */
const CHUNK = 4_096;
const QUARTERS = 4;
const HOLDER: Hex = `0x${"0a".repeat(20)}`;
const ZERO = toWord(0n);
const WHOLE = { kind: ZERO, asset: ZERO, holder: HOLDER, member: 0, offset: 0, bits: 256, comparator: "==" } as const;
const BY_OWNER: Rule = { ...WHOLE, slot: toWord(1n), derivation: "by-owner" };
const MIRROR: Rule = { ...WHOLE, slot: ZERO, derivation: "mirror" };

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
await useWasmKeccak();
const binary = findAnvil();
if (binary === undefined) throw new TypeError(`${ANVIL_PACKAGE} is not installed`);
const { stop, url } = await startAnvil(binary, ["--hardfork", "prague"]);
const counts = { requests: 0, megabytes: 0 };
const owners = Array.from({ length: ACCOUNTS }, (_, i) => toHex(keccak256(toBytes32(i)).slice(12)));
const balances = owners.map((_, i) => BigInt(i) * 10n ** 15n + 1n);
const places = owners.map((owner) => comparedPlace(BY_OWNER, owner));
await fund();
await measurePlainLoop();
for (const rule of [BY_OWNER, MIRROR]) for (const planted of PLANTED) await measure(rule, planted);
stop();

/** Puts all balances into the contract's storage, and mines. */
async function fund(): Promise<void> {
  await call("anvil_setCode", [HOLDER, "0x00"]);
  for (let at = 0; at < ACCOUNTS; at += BATCH) {
    const some = places.slice(at, at + BATCH);
    const body = some.map(({ slot }, i) => {
      const params = [HOLDER, slot, toWord(balances[at + i]!)];
      return { jsonrpc: "2.0", id: i, method: "anvil_setStorageAt", params };
    });
    await post(body);
  }
  // The header of the block that was edited does not know of it.
  await call("anvil_mine", ["0x1"]);
}

async function measurePlainLoop(): Promise<void> {
  const draw = random(SEED);
  const start = performance.now();
  for (let i = 0; i < SAMPLE; i++) {
    const at = draw.below(ACCOUNTS);
    const word = await call("eth_getStorageAt", [HOLDER, places[at]!.slot, "latest"]);
    if (BigInt(word as Hex) !== balances[at]) throw new TypeError(`slot ${places[at]!.slot} holds ${String(word)}`);
  }
  const seconds = (performance.now() - start) / 1_000;
  console.log(`a loop of eth_getStorageAt, without proofs: ${shown(SAMPLE / seconds)} slots a second`);
}

async function measure(rule: Rule, planted: number): Promise<void> {
  const isMirror = rule.derivation === "mirror";
  const book: RuleBook = { version: ZERO, rules: [rule], codes: [] };
  const entries = places.map(({ key, slot }, i): LedgerEntry => [isMirror ? slot : key, balances[i]!]);
  const tree = LedgerTree.from(entries);
  tree.update(someOf(entries, planted).map(([key, value]) => [key, value + 1n]));
  void tree.root;
  const memory: string[] = [];
  let chunks = 0;
  const onProgress = (): void => {
    if (++chunks % Math.ceil(ACCOUNTS / CHUNK / QUARTERS) === 0) memory.push(memoryNow());
  };
  const options: ReconcileOptions = {
    anchor: "latest",
    tree,
    book,
    chunkSize: CHUNK,
    onProgress,
    ...(isMirror ? {} : { owners }),
  };
  Object.assign(counts, { requests: 0, megabytes: 0 });
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const run = reconcileEach(request, options);
  let found = 0;
  let last = await run.next();
  for (; last.done !== true; last = await run.next()) found++;
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const { slots } = last.value.counts;
  if (found !== planted) throw new TypeError(`${found} differences, ${planted} were planted`);
  console.log(
    [
      `${isMirror ? "mirror" : "by rule"}, ${shown(planted)} differences: ${shown(slots)} slots`,
      `${counts.requests} requests of ${shown(counts.megabytes)} MB in all`,
      `${shown(seconds)} s, of which ${shown((user + system) / 1e6)} CPU s ours`,
      `${shown(slots / seconds)} slots a second, ${shown(slots / ((user + system) / 1e6))} a CPU second`,
      `MB live/RSS meanwhile: ${[...memory, memoryNow()].join(", ")}`,
    ].join("; "),
  );
}

function someOf(entries: readonly LedgerEntry[], count: number): LedgerEntry[] {
  const draw = random(SEED + count);
  const chosen = new Set<number>();
  while (chosen.size < count) chosen.add(draw.below(entries.length));
  return [...chosen].map((i) => entries[i]!);
}

function call(method: string, params: readonly unknown[]): Promise<unknown> {
  return request({ method, params });
}

async function request({ method, params }: Parameters<Request>[0]): Promise<unknown> {
  const { result, error } = (await post({ jsonrpc: "2.0", id: 1, method, params })) as Answer;
  if (error !== undefined) throw new TypeError(`${method}: ${error.message}`);
  return result;
}

interface Answer {
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

async function post(body: unknown): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await response.text();
  counts.requests++;
  counts.megabytes += text.length / 2 ** 20;
  return JSON.parse(text);
}

/** What is in use once garbage is collected, and what the process holds. */
function memoryNow(): string {
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  return `${shown((heapUsed + external) / 2 ** 20)}/${shown(rss / 2 ** 20)}`;
}

function toBytes32(value: number): Uint8Array {
  return Uint8Array.from(Buffer.from(toWord(BigInt(value)).slice(2), "hex"));
}

function shown(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: value < 100 ? 1 : 0 });
}
