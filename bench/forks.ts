/**
 * What reorgs and partitions take, beside the same blocks mined by the simulator and by Hardhat alone. What a suite takes that has the
 * plugin and does not use it, beside the same suite without. All in one run, in milliseconds of the processors, of all threads.
 * Rounds are interleaved, so that a busy machine is as bad for all. Of times the median counts. Of ratios the median of those
 * within one round counts.
 *
 *     npm run bench:forks
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { network } from "hardhat";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";

import type { Hex } from "../src/core/bytes.js";
import type { HistoryMode } from "../src/forks/index.js";
import { hardhatForks } from "../src/hardhat/index.js";
import type { Request } from "../src/rpc/request.js";
import { cpuSeconds } from "./cpu.js";
import { median } from "./statistics.js";

const ROUNDS = 9;
const SUITE_ROUNDS = 12;
/** Blocks of a reorg, and its goal in milliseconds. */
const REORGS = [
  [7, 100],
  [157, 1_000],
] as const;
/** Blocks that the nodes of a partition share, and its goal. */
const [SHARED, PARTITION_GOAL] = [10, 500];
/** How much longer a suite may take that does not use the plugin. */
const SUITE_GOAL = 1.05;
const RECIPIENT: Hex = `0x${"5e".repeat(20)}`;
const SELF = fileURLToPath(import.meta.url);

/** Milliseconds of one round: what is measured, and what it is compared with. */
interface Round {
  readonly own: number;
  readonly simulator: number;
  readonly hardhat: number;
}

if (process.argv[2] === "suite") console.log(await suite(process.argv[3] === "with"));
else {
  for (const mode of ["transaction", "storage"] as const) await compareForks(mode);
  compareSuites();
}

async function compareForks(history: HistoryMode): Promise<void> {
  console.log(
    `\n${`history: "${history}"`.padEnd(34)}${"CPU ms".padStart(10)}${"× simulator".padStart(14)}${"× Hardhat".padStart(12)}`,
  );
  for (const [depth, goal] of REORGS) report(`reorg of ${depth}`, await rounds(() => reorgOf(depth, history)), goal);
  report(`partition at block ${SHARED}`, await rounds(() => partition(history)), PARTITION_GOAL);
}

async function rounds(measure: () => Promise<Round>): Promise<Round[]> {
  const all: Round[] = [];
  // The first round warms up.
  for (let round = 0; round <= ROUNDS; round++) all.push(await measure());
  return all.slice(1);
}

/** Each block has a transfer, which comes back. */
async function reorgOf(depth: number, history: HistoryMode): Promise<Round> {
  const chain = await hardhatForks(network).create({ history });
  const simulator = await timed(() => transfers(chain.request, depth));
  const own = await timed(() => chain.reorg({ depth }));
  await chain.close();
  return { own, simulator, hardhat: await onHardhat(depth) };
}

/** Two nodes, made from nothing, beside one chain of as many blocks. */
async function partition(history: HistoryMode): Promise<Round> {
  const forks = hardhatForks(network);
  const made: { close(): Promise<void> }[] = [];
  const own = await timed(async () => made.push(...(await forks.partition({ commonBlocks: SHARED, history }))));
  const simulator = await timed(async () => made.push(await forks.create({ blocks: SHARED, history })));
  for (const chain of made) await chain.close();
  const hardhat = await timed(async () => {
    const { provider, close } = await network.create();
    for (let i = 0; i < SHARED; i++) await provider.request({ method: "evm_mine" });
    await close();
  });
  return { own, simulator, hardhat };
}

/** The same transfers on a connection that the simulator has not. */
async function onHardhat(depth: number): Promise<number> {
  const connection = await network.create();
  const { provider } = connection;
  const spent = await timed(() => transfers((args) => provider.request(args as never), depth));
  await connection.close();
  return spent;
}

async function transfers(request: Request, count: number): Promise<void> {
  const [from] = (await request({ method: "eth_accounts" })) as Hex[];
  for (let i = 0; i < count; i++)
    await request({ method: "eth_sendTransaction", params: [{ from, to: RECIPIENT, value: "0x1" }] });
}

function report(name: string, all: readonly Round[], goal: number): void {
  const own = median(all.map((round) => round.own));
  const cells = [own.toFixed(0).padStart(10)];
  for (const [peer, width] of [
    ["simulator", 14],
    ["hardhat", 12],
  ] as const)
    cells.push(
      median(all.map((round) => round.own / round[peer]))
        .toFixed(1)
        .padStart(width),
    );
  console.log(`${name.padEnd(34)}${cells.join("")}  goal: ${goal} ms, ${own <= goal ? "reached" : "MISSED"}`);
}

function compareSuites(): void {
  const run = (how: "with" | "without"): number => {
    const { stdout } = spawnSync(process.execPath, ["--import", "tsx", SELF, "suite", how], { encoding: "utf8" });
    return Number(stdout);
  };
  const pairs = Array.from({ length: SUITE_ROUNDS }, () => ({ own: run("with"), without: run("without") }));
  const ratio = median(pairs.map(({ own, without }) => own / without));
  const [own, without] = [median(pairs.map((pair) => pair.own)), median(pairs.map((pair) => pair.without))];
  console.log(`\na suite with the plugin, unused: ${own.toFixed(0)} ms, ${without.toFixed(0)} ms without`);
  const verdict = ratio <= SUITE_GOAL ? "reached" : "MISSED";
  console.log(`goal: at most ${SUITE_GOAL} times as long: ${ratio.toFixed(3)}, ${verdict}`);
}

/** What a suite of five files does: a connection each, and transactions. */
async function suite(hasPlugin: boolean): Promise<number> {
  const plugins = hasPlugin ? [(await import("../src/hardhat/index.js")).default] : [];
  const hre = await createHardhatRuntimeEnvironment({ plugins });
  for (let file = 0; file < 5; file++) {
    const connection = await hre.network.create();
    await transfers((args) => connection.provider.request(args as never), 100);
    await connection.close();
  }
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  return 1_000 * (await cpuSeconds(run));
}
