/**
 * Records the vectors in vectors/, by hand: `npx tsx scripts/recordVectors.ts`. Every run writes the same bytes.
 *
 * No expectation comes from this library. Hashes, roots and proofs are anvil's, or those of `@ethereumjs/mpt`. Values
 * are what was written, and headers are encoded by `ethers`.
 */
import { createMerkleProof, createMPT, ExtensionMPTNode, LeafMPTNode, verifyMerkleProof } from "@ethereumjs/mpt";
import { encodeRlp, getAddress, JsonRpcProvider, keccak256, toBeHex, toQuantity, zeroPadValue } from "ethers";
import { strict as assert } from "node:assert";
import { writeFileSync } from "node:fs";

import type { Hex } from "../src/core/bytes.js";
import { ANVIL_PACKAGE, findAnvil, startAnvil } from "../src/anvil/program.js";
import type { RealVector, TrieCase } from "../tools/vectors.js";

const START = 1_700_000_000; // seconds since 1970
const SEED = 2_935;

/** The forks that changed a header's fields, with the number of fields. Anvil makes no difficulty before the merge. */
const FORKS = { istanbul: 15, london: 16, paris: 16, shanghai: 17, cancun: 20, prague: 21, osaka: 21 };

/** A header's fields in their order. A fork's headers end where its JSON has no further one. */
const FIELDS = [
  ...["parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom"],
  ...["difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce"],
  ...["baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot", "requestsHash"],
];
const QUANTITIES = new Set([
  ...["difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "blobGasUsed", "excessBlobGas"],
]);

/** Creation code that logs one topic and leaves no contract. It runs under every fork. */
const LOGGING = `0x7f${"11".repeat(32)}60006000a1`;

type Block = Record<string, Hex>;
type Entry = readonly [key: Uint8Array, value: Uint8Array];

await recordHeaders();
await recordProofs();
await recordTries();
// Anvil's pipes would keep the process alive.
process.exit(0);

async function recordHeaders(): Promise<void> {
  const cases: unknown[] = [];
  for (const [fork, fields] of Object.entries(FORKS)) {
    await onAnvil(fork, async (provider) => {
      const [from] = (await provider.send("eth_accounts", [])) as string[];
      await mineAt(provider, START + 12);
      // Its bloom and its receipts root are not the empty ones.
      await provider.send("eth_sendTransaction", [{ from, data: LOGGING, gasPrice: "0x77359400", gas: "0x30d40" }]);
      await mineAt(provider, START + 24);
      // Anvil's genesis has fields of later forks.
      for (let number = 1; number <= 2; number++) {
        const block = await blockAt(provider, number);
        const items = FIELDS.filter((field) => field in block);
        assert(items.length === fields, `${fork} has ${items.length} fields`);
        const { hash, number: height, parentHash, stateRoot, timestamp } = block;
        const known = { hash, fields, number: height, parentHash, stateRoot, timestamp };
        cases.push({ id: `${fork} block ${number}`, rlp: headerRlp(block), ...known, rpc: block });
      }
    });
  }
  write("headers.json", { about: "Blocks of anvil 1.7.1", cases });
}

async function recordProofs(): Promise<void> {
  await onAnvil("prague", async (provider) => {
    for (let i = 0; i < 600; i++) await provider.send("anvil_setBalance", [address(`filler ${i}`), toQuantity(i + 1)]);
    const [payer] = (await provider.send("eth_accounts", [])) as string[];
    const many = address("many slots");
    const single = address("one slot");
    const bare = address("code without storage");
    const values = Array.from({ length: 300 }, (_, i) => valueOfSlot(i));
    for (const contract of [many, single, bare]) await provider.send("anvil_setCode", [contract, "0x5f5ff3"]);
    for (const [i, value] of values.entries()) await setSlot(provider, many, i, value);
    await setSlot(provider, single, 7, 2_935n);
    await mineAt(provider, START + 12);
    await provider.send("eth_sendTransaction", [{ from: payer, to: address("filler 0"), value: "0x1" }]);
    await mineAt(provider, START + 24);

    const block = await blockAt(provider, 2);
    const several = [0, 1, 2, 3, 4, 5, 6, 7, 150, 299, 300, 1_000, 2n ** 255n, 2n ** 256n - 1n];
    const ask = async (
      id: string,
      of: string,
      exists: boolean,
      slots: readonly (number | bigint)[],
      wanted: bigint[],
    ) => {
      const answer = (await provider.send("eth_getProof", [of, slots.map(word), block["number"]])) as GetProof;
      return { id, ...recorded(of, exists, answer, wanted) };
    };
    const cases = [
      await ask("an account that paid", getAddress(payer!), true, [], []),
      await ask("an account that was paid", address("filler 0"), true, [0], [0n]),
      await ask("an account with a balance alone", address("filler 599"), true, [], []),
      ...(await Promise.all(
        [0, 1, 2, 3, 4, 5].map((i) => ask(`absent account ${i}`, address(`nobody ${i}`), false, [0], [0n])),
      )),
      await ask("code without storage", bare, true, [0, 1], [0n, 0n]),
      await ask("one slot", single, true, [7, 8], [2_935n, 0n]),
      await ask(
        "several slots at once",
        many,
        true,
        several,
        several.map((slot) => (slot < 300 ? values[Number(slot)]! : 0n)),
      ),
    ];
    const { hash: blockHash, stateRoot } = block;
    const recording = { headerRlp: headerRlp(block), blockHash, stateRoot };
    write("proofs.json", { about: "eth_getProof of anvil 1.7.1", block: recording, cases });
  });
}

interface GetProof {
  nonce: string;
  balance: string;
  storageHash: string;
  codeHash: string;
  accountProof: string[];
  storageProof: { key: string; value: string; proof: string[] }[];
}

type Recorded = Omit<RealVector, "id" | "headerRlp" | "blockHash" | "stateRoot">;

function recorded(of: string, accountExists: boolean, answer: GetProof, wanted: readonly bigint[]): Recorded {
  const { nonce, balance, storageHash, codeHash, accountProof, storageProof } = answer;
  for (const [i, { value }] of storageProof.entries()) assert(BigInt(value) === wanted[i], `slot ${i} of ${of}`);
  return {
    address: of.toLowerCase(),
    accountExists,
    account: accountExists ? { nonce, balance, storageHash, codeHash } : null,
    accountProof,
    // Anvil lists the empty trie's node, 0x80, where geth lists none.
    storage: storageProof.map(({ key, value, proof }) => ({
      slot: word(BigInt(key)),
      value,
      proof: proof.filter((node) => node !== "0x80"),
    })),
  };
}

/** Every width that a slot's value has in RLP: a byte below 0x80, one above, and 2 to 32 bytes. */
function valueOfSlot(slot: number): bigint {
  if (slot === 0) return 1n;
  if (slot === 1) return 0x7fn;
  if (slot === 2) return 0x80n;
  return 2n ** BigInt((slot * 37) % 257) - 1n || 1n;
}

async function recordTries(): Promise<void> {
  const random = generator(SEED);
  const tries = [
    await recordTrie("empty", [], [random(32)]),
    await recordTrie("one leaf", [[random(32), random(40)]], [random(32)]),
    await recordTrie("4,096 random keys", entriesOf(random, 4_096), keys(random, 16), 12),
    await recordTrie("embedded leaves", embeddedLeaves(random), embeddedAbsences()),
    await recordTrie("a branch at every depth", deepEntries(random), deepAbsences(random)),
    await recordTrie("shared prefixes of every length", prefixEntries(random), prefixAbsences()),
  ];
  const found = new Set(tries.flatMap(({ cases }) => cases.map(({ absent }) => absent)));
  for (const kind of ["empty trie", "empty child", "other leaf", "other extension"] as const)
    assert(found.has(kind), `no absence by ${kind}`);
  write("tries.json", { about: "Tries of @ethereumjs/mpt 10.1.3", seed: SEED, tries });
}

/** Asks a trie about the first `limit` of its keys, and about absent ones. */
async function recordTrie(
  id: string,
  entries: readonly Entry[],
  absent: readonly Uint8Array[],
  limit = entries.length,
) {
  const trie = await createMPT({ useKeyHashing: false });
  for (const [key, value] of entries) await trie.put(key, value);
  const nodes: Hex[] = [];
  const cases: (Pick<TrieCase, "key" | "value" | "absent"> & { proof: number[] })[] = [];
  for (const [key, value] of [
    ...entries.slice(0, limit),
    ...absent.map((key): [Uint8Array, undefined] => [key, undefined]),
  ]) {
    // What stands in its parent is no element of a proof: geth lists what has a hash of its own.
    const listed = entries.length === 0 ? [] : await createMerkleProof(trie, key);
    const proof = listed.filter((node, i) => i === 0 || node.length >= 32);
    if (proof.length > 0) {
      const found = await verifyMerkleProof(key, proof, { root: trie.root(), useKeyHashing: false });
      assert(hex(found ?? []) === hex(value ?? []), `mpt disagrees about ${hex(key)} in ${id}`);
    }
    for (const node of proof) if (!nodes.includes(hex(node))) nodes.push(hex(node));
    const verdict = value === undefined ? { absent: await absenceOf(trie, key) } : { value: hex(value) };
    cases.push({ key: hex(key), ...verdict, proof: proof.map((node) => nodes.indexOf(hex(node))) });
  }
  return { id, root: hex(trie.root()), nodes, cases };
}

/** What mpt finds where the key would be. */
async function absenceOf(
  trie: Awaited<ReturnType<typeof createMPT>>,
  key: Uint8Array,
): Promise<NonNullable<TrieCase["absent"]>> {
  if (hex(trie.root()) === hex(trie.EMPTY_TRIE_ROOT)) return "empty trie";
  const { node, stack } = await trie.findPath(key);
  assert(node === null, `${hex(key)} is present`);
  const last = stack.at(-1);
  if (last instanceof LeafMPTNode) return "other leaf";
  return last instanceof ExtensionMPTNode ? "other extension" : "empty child";
}

/** Random keys, with values of 1 to 110 bytes: an account's leaf has up to 110. */
function entriesOf(random: (length: number) => Uint8Array, count: number): Entry[] {
  return Array.from({ length: count }, (_, i) => [random(32), random(1 + (i % 110))]);
}

/** Pairs and full groups that differ in their last nibbles, with values of one byte: leaves of 3 bytes. */
function embeddedLeaves(random: (length: number) => Uint8Array): Entry[] {
  const ends = {
    1: [..."0123456789abcdef"].map((nibble) => `0${nibble}`),
    2: ["00", "08"],
    3: ["00", "07", "0e"],
    4: ["00", "10", "30"],
  };
  return Object.entries(ends).flatMap(([group, members]) =>
    members.map((end): Entry => [Buffer.from(group.repeat(62) + end, "hex"), random(1)]),
  );
}

function embeddedAbsences(): Uint8Array[] {
  const ends = ["20", "05", "f0", "f1"];
  return ["2", "3", "4"].flatMap((group) => ends.map((end) => Buffer.from(group.repeat(62) + end, "hex")));
}

/** Key n shares n nibbles with key 0: the proof of key 0 has 64 branches. */
function deepEntries(random: (length: number) => Uint8Array): Entry[] {
  return [[nibbles(""), random(33)], ...depths().map((depth): Entry => [nibbles("0".repeat(depth) + "7"), random(33)])];
}

function deepAbsences(random: (length: number) => Uint8Array): Uint8Array[] {
  const leaves = depths().filter((depth) => depth % 7 === 0 && depth < 60);
  const besideLeaf = leaves.map((depth) => nibbles(`${"0".repeat(depth)}7${hex(random(32)).slice(2, 65 - depth)}`));
  return [
    ...besideLeaf,
    ...depths()
      .filter((depth) => depth % 9 === 0)
      .map((depth) => nibbles("0".repeat(depth) + "9")),
  ];
}

/** Two keys a group, under an extension that ends before nibble 2, 5, 8 and so on. */
function prefixEntries(random: (length: number) => Uint8Array): Entry[] {
  return groups().flatMap(({ head, end }) =>
    ["3", "c"].map((nibble): Entry => [nibbles(head + "a".repeat(end - head.length) + nibble), random(20)]),
  );
}

/** Keys that leave the extension at its first, middle and last nibble, and at the branch below it. */
function prefixAbsences(): Uint8Array[] {
  return groups()
    .filter((_, i) => i % 3 === 0)
    .flatMap(({ head, end }) => {
      const places = [head.length, Math.floor((head.length + end) / 2), end - 1, end];
      return places.map((place) => nibbles(head + "a".repeat(place - head.length) + "5"));
    });
}

function groups(): { head: string; end: number }[] {
  return Array.from({ length: 16 }, (_, i) => ({ head: i.toString(16), end: Math.min(3 + 4 * i, 63) }));
}

function depths(): number[] {
  return Array.from({ length: 64 }, (_, depth) => depth);
}

/** A key of 64 nibbles that begins with these; zeros follow. */
function nibbles(prefix: string): Uint8Array {
  return Buffer.from(prefix.padEnd(64, "0"), "hex");
}

function keys(random: (length: number) => Uint8Array, count: number): Uint8Array[] {
  return Array.from({ length: count }, () => random(32));
}

/** Bytes that follow from the seed: keccak256 of the seed and a counter. No byte is zero, as some begin an integer. */
function generator(seed: number): (length: number) => Uint8Array {
  let counter = 0;
  return (length) => {
    const hashes = Array.from({ length: Math.ceil(length / 32) }, () => {
      counter += 1;
      return keccak256(`0x${word(seed).slice(2)}${word(counter).slice(2)}`).slice(2);
    });
    return Uint8Array.from(Buffer.from(hashes.join(""), "hex").subarray(0, length), (byte) => byte || 1);
  };
}

async function onAnvil(hardfork: string, record: (provider: JsonRpcProvider) => Promise<void>): Promise<void> {
  const binary = findAnvil();
  assert(binary, `${ANVIL_PACKAGE} is not installed`);
  const { stop, url } = await startAnvil(binary, ["--hardfork", hardfork, "--no-mining", "--timestamp", String(START)]);
  const provider = new JsonRpcProvider(url, 31_337, { staticNetwork: true, cacheTimeout: -1, batchMaxCount: 1 });
  try {
    await record(provider);
  } finally {
    provider.destroy();
    stop();
  }
}

async function mineAt(provider: JsonRpcProvider, time: number): Promise<void> {
  await provider.send("evm_setNextBlockTimestamp", [time]);
  await provider.send("evm_mine", []);
}

async function blockAt(provider: JsonRpcProvider, number: number): Promise<Block> {
  return (await provider.send("eth_getBlockByNumber", [toQuantity(number), false])) as Block;
}

async function setSlot(provider: JsonRpcProvider, of: string, slot: number, value: bigint): Promise<void> {
  await provider.send("anvil_setStorageAt", [of, word(slot), word(value)]);
}

/** The header by ethers' encoder. That it is the header is what anvil's hash says. */
function headerRlp(block: Block): Hex {
  const items = FIELDS.filter((field) => field in block).map((field) => {
    const value = block[field]!;
    if (!QUANTITIES.has(field)) return value;
    return BigInt(value) === 0n ? "0x" : toBeHex(value);
  });
  const rlp = encodeRlp(items) as Hex;
  assert(keccak256(rlp) === block["hash"], `block ${block["number"]} does not hash to its hash`);
  return rlp;
}

function address(name: string): string {
  return `0x${keccak256(Buffer.from(name)).slice(26)}`;
}

function word(value: number | bigint): Hex {
  return zeroPadValue(toBeHex(value), 32) as Hex;
}

function hex(bytes: ArrayLike<number>): Hex {
  return `0x${Buffer.from(Uint8Array.from(bytes)).toString("hex")}`;
}

function write(name: string, content: object): void {
  // One case a line: a difference shows which case changed.
  const text = JSON.stringify(content).replaceAll('},{"', '},\n{"');
  writeFileSync(`vectors/${name}`, `${text}\n`);
  console.log(`vectors/${name}: ${text.length.toLocaleString("en-US")} bytes`);
}
