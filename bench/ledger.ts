/**
 * What a ledger's tree takes: CPU seconds to build it, updates in a CPU second, and memory. The peer,
 * `@ethereumjs/mpt`, is measured beside it in the same run. The peer hashes at every change, and takes about a minute for 100,000 entries.
 * So it is given no more, and a tenth of the updates. Both hash with `hash-wasm`. Prints a table and the goals.
 */
import { createMPT, type MerklePatriciaTrie } from "@ethereumjs/mpt";

import { toBytes, toHex, toWord } from "../src/core/bytes.js";
import { keccak256 } from "../src/core/keccak.js";
import { useWasmKeccak } from "../src/keccak-wasm.js";
import { LedgerTree, type LedgerEntry } from "../src/ledger/tree.js";
import { rlpInteger } from "../tools/buildTrie.js";
import { random } from "../tools/random.js";
import { cpuSeconds } from "./cpu.js";

/** Sizes at which the peer is measured, too. The trees of the larger one are updated. */
const SHARED_SIZES = [10_000, 100_000];
const UPDATED_SIZE = 100_000;
const LARGEST = 1_000_000;
/** Builds of each size, of which the median counts. */
const ROUNDS = 5;
const UPDATES = 60_000;
/** Changes between two readings of the root. */
const BATCHES = [1, 1_000];
const SEED = 4_844;

const goals: string[] = [];
await useWasmKeccak();
console.log(`${"".padEnd(36)}${"ledger".padStart(10)}${"@ethereumjs/mpt".padStart(18)}${"ratio".padStart(8)}`);
let peer: MerklePatriciaTrie | undefined;
for (const size of SHARED_SIZES) peer = await measureBuild(size);
await measureUpdates(peer!);
await measureLargest();
for (const goal of goals) console.log(goal);

/** @returns the peer's trie */
async function measureBuild(size: number): Promise<MerklePatriciaTrie> {
  const entries = entriesOf(size, size);
  let tree = new LedgerTree();
  const build = (): void => {
    tree = LedgerTree.from(entries);
    void tree.root;
  };
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await cpuSeconds(build));
  const own = rounds.sort((a, b) => a - b)[ROUNDS >> 1]!;
  const trie = await createMPT({ useKeyHashing: true, useKeyHashingFunction: keccak256 });
  const theirs = await cpuSeconds(() => putAll(trie, entries));
  if (toHex(trie.root()) !== tree.root) throw new TypeError(`the roots of ${size} entries differ`);
  row(`${shown(size)} entries built, CPU s`, own, theirs, theirs / own);
  if (size === UPDATED_SIZE) judge(`CPU s for ${shown(size)} entries`, own, { most: 1 });
  return trie;
}

async function measureUpdates(trie: MerklePatriciaTrie): Promise<void> {
  const changes = entriesOf(UPDATES, UPDATED_SIZE);
  const few = changes.slice(0, UPDATES / 10);
  const theirs = few.length / (await cpuSeconds(() => putAll(trie, few)));
  for (const batch of BATCHES) {
    const tree = LedgerTree.from(entriesOf(UPDATED_SIZE, UPDATED_SIZE));
    void tree.root;
    const seconds = await cpuSeconds(() => {
      for (let at = 0; at < UPDATES; at += batch) {
        tree.update(changes.slice(at, at + batch));
        void tree.root;
      }
    });
    row(`updates a CPU s, batches of ${shown(batch)}`, UPDATES / seconds, theirs, UPDATES / seconds / theirs);
    judge(`updates a CPU s in batches of ${shown(batch)}`, UPDATES / seconds, { least: 30_000 });
  }
}

async function measureLargest(): Promise<void> {
  const entries = entriesOf(LARGEST, LARGEST);
  const before = process.memoryUsage.rss();
  let size = 0;
  const seconds = await cpuSeconds(() => {
    const tree = LedgerTree.from(entries);
    void tree.root;
    size = tree.size;
  });
  const megabytes = (bytes: number): number => bytes / 2 ** 20;
  const rss = process.memoryUsage.rss();
  row(`${shown(size)} entries built, CPU s`, seconds);
  row("RSS of the tree alone, MB", megabytes(rss - before));
  judge(`CPU s for ${shown(size)} entries`, seconds, { most: 20 });
  judge("MB of RSS, the peer's tries and the inputs included", megabytes(rss), { most: 2_048 });
}

/** Random values of 1 to 16 bytes; keys in their order as long as there are enough, else random ones. */
function entriesOf(count: number, keys: number): LedgerEntry[] {
  const draw = random(SEED + count);
  return Array.from({ length: count }, (_, i) => [
    toWord(BigInt(count === keys ? i : draw.below(keys))),
    BigInt(toHex(draw.bytes(1 + draw.below(16)))) + 1n,
  ]);
}

async function putAll(trie: MerklePatriciaTrie, some: readonly LedgerEntry[]): Promise<void> {
  for (const [key, value] of some) await trie.put(toBytes(key, "key"), rlpInteger(value));
}

function row(name: string, ...[own, theirs, ratio]: [own: number, theirs?: number, ratio?: number]): void {
  const cells = [shown(own).padStart(10), shown(theirs).padStart(18), shown(ratio).padStart(8)];
  console.log(`${name.padEnd(36)}${cells.join("")}`);
}

function shown(value: number | undefined): string {
  return value?.toLocaleString("en-US", { maximumFractionDigits: value < 100 ? 2 : 0 }) ?? "–";
}

function judge(name: string, value: number, { most, least }: { most?: number; least?: number }): void {
  const reached = value <= (most ?? Infinity) && value >= (least ?? -Infinity);
  const bound = most === undefined ? `at least ${shown(least)}` : `at most ${shown(most)}`;
  goals.push(`goal: ${name}, ${bound}: ${shown(value)}, ${reached ? "reached" : "MISSED"}`);
}
