/**
 * How many headers are hashed and proofs verified in a second of CPU time. What else the npm
 * registry has is measured beside this library.
 * Rounds are interleaved, so that a busy machine is as bad for all. Of rates the median counts. Of
 * ratios the median of those within one round counts. Prints a table.
 */
import { createBlockHeaderFromRPC } from "@ethereumjs/block";
import { Common, Hardfork, Sepolia } from "@ethereumjs/common";
import { verifyMerkleProof } from "@ethereumjs/mpt";
import { RLP } from "@ethereumjs/rlp";
import { hexToBytes } from "@ethereumjs/util";
import { encodeRlp, keccak256 as ethersKeccak } from "ethers";
import { createKeccak } from "hash-wasm";
import { keccak256 as viemKeccak, toRlp } from "viem";

import { toBytes, toBytesEach, toHex, type Hex } from "../src/core/bytes.js";
import { keccak256, setKeccak256, type Keccak256 } from "../src/core/keccak.js";
import { verifyAccount, verifySlot } from "../src/proof/account.js";
import { encodeHeader, headerFromRpc } from "../src/header/fromRpc.js";
import { decodeHeader, hashHeader } from "../src/header/header.js";
import { packWitness } from "../src/proof/witness.js";
import { QUOTED, readRealSlots, type RealSlot } from "./realProofs.js";
import { median } from "./statistics.js";

/** The fields of a header in JSON-RPC, in their order; integers end in #. */
const NAMES = (
  "parentHash sha3Uncles miner stateRoot transactionsRoot receiptsRoot logsBloom difficulty# number# gasLimit# gasUsed# timestamp# " +
  "extraData mixHash nonce baseFeePerGas# withdrawalsRoot blobGasUsed# excessBlobGas# parentBeaconBlockRoot requestsHash"
).split(" ");

/** Rounds of each contender, and CPU milliseconds of each round. */
const ROUNDS = 25;
const ROUND_MS = 100;
/** Calls between two looks at the clock. */
const BATCH = 32;

/** One way of doing the same work. */
interface Contender {
  name: string;
  /** Which engine this library uses meanwhile; the default where it is left out. */
  keccak?: Keccak256;
  run(): unknown;
}

interface Goal {
  contender: string;
  peer: string;
  times: number;
}

const slots = readRealSlots();
if (slots === undefined) {
  console.log("skipped: the folder of vectors is missing");
  process.exit(0);
}
const noble = setKeccak256(keccak256);
setKeccak256(noble);
const wasm = await wasmKeccak();

const hashed = slots.find(({ name }) => name === "sepolia-arbpointer-9574620")!;
await compare(
  `Headers: a JSON-RPC block of 21 fields to its hash (${bytes(hashed.header!.rlp)} bytes of RLP)`,
  headerContenders(hashed),
  [
    { contender: "Settlement Guard, hash-wasm", peer: "ethers", times: 20 },
    { contender: "Settlement Guard", peer: "ethers", times: 7 },
  ],
);
const quoted = slots.find(({ name, value }) => name.startsWith(QUOTED) && value !== 0n)!;
await compare(
  `Proofs: an eth_getProof answer to a slot's value (${quoted.accountProof.length} + ${quoted.storageProof.length} nodes)`,
  proofContenders(quoted),
  [
    { contender: "Settlement Guard, hash-wasm", peer: "@ethereumjs/mpt", times: 10 },
    { contender: "Settlement Guard", peer: "@ethereumjs/mpt", times: 2 },
  ],
);

/** Measures, checks that all agree, and prints a table and the goals. */
async function compare(title: string, contenders: readonly Contender[], goals: readonly Goal[]): Promise<void> {
  const expected = await contenders[0]!.run();
  const rates = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  // The first rounds warm up.
  for (let round = -3; round < ROUNDS; round++) {
    for (const contender of contenders) {
      setKeccak256(contender.keccak ?? noble);
      const answer = await contender.run();
      if (answer !== expected)
        throw new TypeError(`${contender.name} answers ${String(answer)}, not ${String(expected)}`);
      const rate = await rateOf(contender);
      if (round >= 0) rates.get(contender.name)!.push(rate);
    }
  }
  setKeccak256(noble);
  const ratio = (name: string, peer: string): number => {
    const theirs = rates.get(peer)!;
    return median(rates.get(name)!.map((rate, round) => rate / theirs[round]!));
  };
  const peers = [...rates.keys()].filter((name) => goals.some(({ peer }) => name.startsWith(peer)));
  console.log(`\n${title}\n`);
  console.log(`${"".padEnd(46)}${"per CPU s".padStart(12)}${peers.map((peer) => `× ${peer}`.padStart(32)).join("")}`);
  const sorted = [...rates].map(([name, all]): [string, number] => [name, median(all)]).sort(([, a], [, b]) => b - a);
  for (const [name, rate] of sorted) {
    const ratios = peers.map((peer) => ratio(name, peer).toFixed(1).padStart(32)).join("");
    console.log(`${name.padEnd(46)}${Math.round(rate).toLocaleString("en-US").padStart(12)}${ratios}`);
  }
  for (const { contender, peer, times } of goals) {
    const reached = ratio(contender, peer);
    const verdict = reached >= times ? "reached" : "MISSED";
    console.log(`goal: ${contender} at least ${times} times ${peer}: ${reached.toFixed(2)}, ${verdict}`);
  }
}

/** In CPU time of all threads of this process: what the garbage collector does counts. */
async function rateOf({ run }: Contender): Promise<number> {
  const start = process.cpuUsage();
  for (let done = 0; ;) {
    for (let i = 0; i < BATCH; i++) {
      const answer = run();
      if (answer instanceof Promise) await answer;
    }
    done += BATCH;
    const { user, system } = process.cpuUsage(start);
    const spent = (user + system) / 1_000;
    if (spent >= ROUND_MS) return (done / spent) * 1_000;
  }
}

function headerContenders({ header }: RealSlot): Contender[] {
  const { block, fields } = rpcBlock(header!.rlp);
  const common = new Common({ chain: Sepolia, hardfork: Hardfork.Prague });
  // Integers of RLP have no leading zero and an even number of digits.
  const values = (): Hex[] =>
    fields.map(([name, quantity]): Hex => {
      const value = block[name]!;
      if (!quantity) return value;
      if (value === "0x0") return "0x";
      return value.length % 2 === 0 ? value : `0x0${value.slice(2)}`;
    });
  const ours = (): Hex => hashHeader(encodeHeader(block));
  const checked = (): Hex => headerFromRpc(block).hash;
  return [
    { name: "ethers", run: () => ethersKeccak(encodeRlp(values())) },
    { name: "viem", run: () => viemKeccak(toRlp(values())) },
    {
      name: "@ethereumjs/block",
      run: () => toHex(createBlockHeaderFromRPC(block as never, { common, freeze: false }).hash()),
    },
    { name: "Settlement Guard", run: ours },
    { name: "Settlement Guard, hash-wasm", run: ours, keccak: wasm },
    { name: "Settlement Guard, headerFromRpc", run: checked },
    { name: "Settlement Guard, headerFromRpc, hash-wasm", run: checked, keccak: wasm },
    { name: "no encoder: the digest alone", run: digestOf(header!) },
    { name: "no encoder: the digest alone, hash-wasm", run: digestOf(header!), keccak: wasm },
  ];
}

function proofContenders(slot: RealSlot): Contender[] {
  const root = toBytes(slot.stateRoot, "state root");
  const address = toBytes(slot.account, "account");
  const key = toBytes(slot.slot, "slot");
  const nodes = (proof: readonly Hex[]): Uint8Array[] => toBytesEach(proof, () => "node");
  const answer = {
    accountProof: [...slot.accountProof],
    storageProof: [{ key: slot.slot, proof: [...slot.storageProof] }],
  };
  const ours = (): bigint | undefined => {
    const account = verifyAccount(root, address, nodes(slot.accountProof));
    if (account.status !== "present") return undefined;
    const value = verifySlot(account.value.storageRoot, key, nodes(slot.storageProof));
    return value.status === "present" ? value.value : undefined;
  };
  const packed = (): bigint | undefined =>
    packWitness({ stateRoot: slot.stateRoot, account: slot.account, slots: [slot.slot] }, answer).slots[0]?.value;
  const mpt = async (decode: (proof: readonly Hex[]) => Uint8Array[]): Promise<bigint | undefined> => {
    const account = await verifyMerkleProof(address, decode(slot.accountProof), { root, useKeyHashing: true });
    const fields = RLP.decode(account!) as Uint8Array[];
    const options = { root: fields[2]!, useKeyHashing: true };
    const value = await verifyMerkleProof(key, decode(slot.storageProof), options);
    return BigInt(toHex(RLP.decode(value!) as Uint8Array));
  };
  return [
    { name: "@ethereumjs/mpt", run: () => mpt((proof) => proof.map((node) => hexToBytes(node))) },
    // What of the difference is not due to how hexadecimal is read.
    { name: "@ethereumjs/mpt, our decoder", run: () => mpt(nodes) },
    { name: "Settlement Guard", run: ours },
    { name: "Settlement Guard, hash-wasm", run: ours, keccak: wasm },
    { name: "Settlement Guard, packWitness", run: packed },
    { name: "Settlement Guard, packWitness, hash-wasm", run: packed, keccak: wasm },
    { name: "no verifier: the nodes' digests alone", run: digestsOf(slot) },
    { name: "no verifier: the digests alone, hash-wasm", run: digestsOf(slot), keccak: wasm },
  ];
}

/** What hashing alone takes: no encoder can be faster. */
function digestOf({ rlp, hash }: NonNullable<RealSlot["header"]>): () => Hex {
  const encoded = toBytes(rlp, "header");
  return () => {
    keccak256(encoded);
    return hash;
  };
}

/** What hashing the nodes alone takes: no verifier can be faster. */
function digestsOf(slot: RealSlot): () => bigint {
  const nodes = [...slot.accountProof, ...slot.storageProof].map((node) => toBytes(node, "node"));
  return () => {
    for (const node of nodes) keccak256(node);
    return slot.value;
  };
}

/** The block as JSON-RPC gives it, with the names of its fields in their order and whether they are integers. */
function rpcBlock(rlp: Hex): { block: Record<string, Hex>; fields: [name: string, quantity: boolean][] } {
  const header = decodeHeader(rlp);
  const block: Record<string, Hex> = { hash: hashHeader(rlp) };
  const fields = NAMES.slice(0, header.fields.length).map((text): [string, boolean] => [
    text.replace("#", ""),
    text.endsWith("#"),
  ]);
  fields.forEach(([name, quantity], i) => {
    const value = header.fields[i]!;
    block[name] = quantity ? `0x${BigInt(value === "0x" ? 0 : value).toString(16)}` : value;
  });
  return { block, fields };
}

async function wasmKeccak(): Promise<Keccak256> {
  const hasher = await createKeccak(256);
  return (input) => hasher.init().update(input).digest("binary");
}

function bytes(hex: Hex): number {
  return (hex.length - 2) / 2;
}
