import { SettlementGuardError } from "../core/errors.js";
import { describeValue } from "../core/text.js";
import { layersOf, memberOf } from "../explain/revertData.js";
import type { BranchChange, ReorgOptions, SimulatedChain } from "../forks/index.js";
import { rawTransactionHash } from "../forks/transactions.js";
import { toRequest, type Connection } from "../rpc/request.js";
import { describe } from "./byGuard.js";
import { differencesOf, ranOutOfGas, readMined, type Facts } from "./effect.js";
import { firstOf, type Finding } from "./finding.js";
import { isRevert, noEvidence, outcomeOfError, revertOf, type Outcome, type Send } from "./outcome.js";

/** Sends one transaction on a chain. It returns what its client does: a hash, a response, or a receipt. */
export type Act<Chain> = (chain: Chain) => Promise<unknown>;

/** Reads on a chain what a transaction did there, as plain data. Read after it was mined, and before anything else happens. */
export type EffectReader<Chain> = (chain: Chain, hash: string) => Promise<unknown>;

/** The reorg that a transaction must survive. */
export interface ReorgTrial<Tools = unknown> extends ReorgOptions {
  /** The chain on which it is sent. It is as after the act afterwards: the reorg is undone. */
  readonly on: SimulatedChain<Tools>;
  /** What is compared. Default: logs and changes of the state, which the node must trace. */
  readonly effect?: EffectReader<SimulatedChain<Tools>>;
}

/** Two chains on which a transaction must do the same. */
export interface EffectComparison<Chain> {
  readonly on: readonly [Chain, Chain];
  /** What is compared. Default: logs and changes of the state, which the nodes must trace. */
  readonly effect?: EffectReader<Chain>;
}

/** Of the branches that are tried where the test names none. A coin toss is alike in all of them once in 256 times. */
const SEEDS = ["", "1", "2", "3", "4", "5", "6", "7"] as const;

const NO_EFFECT = "nothing was logged, and nothing changed but fees and the sender's nonce.";

/** A transaction that took effect, or how it did not. A chain refuses it by a revert, or its node does not take it. */
type Performed =
  | { readonly hash: string; readonly number: bigint; readonly facts: Facts }
  | { readonly outcome: Outcome; readonly isRefused: boolean };

export async function findSurvival<Tools>(
  act: Act<SimulatedChain<Tools>> | string,
  { on: chain, effect, ...reorg }: ReorgTrial<Tools>,
): Promise<Finding> {
  requireSimulated(chain);
  const about = { subject: "the transaction", claim: `survive a reorg of depth ${reorg.depth}` };
  const first = await perform(act, chain, effect);
  if (!("facts" in first))
    return { ...about, holds: undefined, found: `it had no effect that could be lost: ${describe(first.outcome)}` };
  const seeds = reorg.seed === undefined ? SEEDS : [reorg.seed];
  let finding: Finding = { ...about, holds: true, found: "" };
  for (const seed of seeds) {
    if (finding.holds !== true) break;
    finding = await elsewhere(chain, { ...reorg, seed }, async (change) => {
      const missed = whyNotTried(first, change);
      if (missed !== undefined) return { ...about, holds: undefined, found: missed };
      return { ...about, ...(await compareBranches(first, change, { chain, effect })) };
    });
  }
  return finding;
}

/** @throws INVALID_MATCHER for what is no chain of the simulator */
export function requireSimulated(chain: unknown): void {
  if (typeof memberOf(chain, "viewAt") === "function") return;
  const reason = "A reorg needs a chain of the simulator: `await forks.chain()`, or what `forks.create()` makes";
  throw new SettlementGuardError("INVALID_MATCHER", { reason }, `${reason}.`);
}

/** Reads something on another branch, and comes back. */
export async function elsewhere<Tools, T>(
  chain: SimulatedChain<Tools>,
  reorg: ReorgOptions,
  read: (change: BranchChange) => Promise<T>,
): Promise<T> {
  const snapshot = await chain.request({ method: "evm_snapshot" });
  try {
    return await read(await chain.reorg(reorg));
  } finally {
    await chain.request({ method: "evm_revert", params: [snapshot] });
  }
}

/** Why a reorg shows nothing about a transaction; undefined where it was tried on the new branch. */
function whyNotTried({ hash, number }: { hash: string; number: bigint }, change: BranchChange): string | undefined {
  if (change.orphanedTransactions.every((orphaned) => orphaned.hash !== hash))
    return `the reorg replaced the blocks after ${change.commonAncestor.number}, and it is in block ${number}: take a greater depth.`;
  return undefined;
}

const NOT_SENT = "nobody sent it again: it is not among the transactions that come back";

/** Why a transaction is in the pool, and in no block; undefined where the node does not have it. */
async function whyWaiting(send: Send, hash: string): Promise<string | undefined> {
  const sent = (await send("eth_getTransactionByHash", [hash])) as { [field: string]: string } | null;
  if (sent === null) return undefined;
  const next = BigInt((await send("eth_getTransactionCount", [sent["from"], "latest"])) as string);
  const nonce = BigInt(sent["nonce"]!);
  if (nonce > next) return `it waits in the pool: its nonce is ${nonce}, and its sender's next one is ${next}`;
  const { baseFeePerGas } = (await send("eth_getBlockByNumber", ["latest", false])) as { baseFeePerGas?: string };
  const [fee, most] = [BigInt(baseFeePerGas ?? 0), BigInt(sent["maxFeePerGas"] ?? sent["gasPrice"]!)];
  if (most < fee) return `it waits in the pool: it pays at most ${most} wei a gas, and the base fee is ${fee}`;
  return "it waits in the pool";
}

async function compareBranches<Tools>(
  { hash, facts }: { hash: string; facts: Facts },
  { rejected, orphanedTransactions }: BranchChange,
  { chain, effect }: { chain: SimulatedChain<Tools>; effect: EffectReader<SimulatedChain<Tools>> | undefined },
): Promise<Pick<Finding, "holds" | "found">> {
  const send = senderOf(chain);
  const mined = await readMined(send, hash, effect && ((mined) => effect(chain, mined)));
  const refusal = rejected.find((refused) => refused.hash === hash);
  if (mined === undefined && refusal === undefined)
    return { holds: undefined, found: `${(await whyWaiting(send, hash)) ?? NOT_SENT}.` };
  if (mined === undefined) return { holds: true, found: `the node does not take it there: ${refusal?.reason}.` };
  if (
    ranOutOfGas(
      mined,
      orphanedTransactions.find((orphaned) => orphaned.hash === hash)!,
    )
  )
    return { holds: undefined, found: `there it ran out of gas, of which it had ${mined.gasUsed}: send it with more.` };
  if (mined.facts === undefined) return { holds: true, found: `there ${describe(await revertOf(send, hash))}` };
  const differences = differencesOf(facts, mined.facts, ["on the old branch", "on the new one"]);
  if (facts.size === 0 && mined.facts.size === 0)
    return { holds: undefined, found: `it had no effect that could be lost: ${NO_EFFECT}` };
  if (differences.length === 0) return { holds: true, found: "it has the same effect there." };
  return { holds: false, found: `it has another effect there: ${firstOf(differences)}` };
}

export async function findSameEffect<Chain extends Connection>(
  act: Act<Chain> | string,
  { on, effect }: EffectComparison<Chain>,
): Promise<Finding> {
  const about = { subject: "the transaction", claim: "have the same effect on both chains" };
  const [a, b] = [await perform(act, on[0], effect), await perform(act, on[1], effect)];
  const names = on.map((chain, i) => nameOf(chain, i)) as [string, string];
  if ("facts" in a && "facts" in b) {
    if (a.facts.size === 0 && b.facts.size === 0)
      return { ...about, holds: undefined, found: `it has none on ${names.join(" and ")}: ${NO_EFFECT}` };
    const differences = differencesOf(a.facts, b.facts, [`on ${names[0]}`, `on ${names[1]}`]);
    if (differences.length === 0) return { ...about, holds: true, found: `it has the same on ${names.join(" and ")}.` };
    return { ...about, holds: false, found: firstOf(differences) };
  }
  const told = [a, b].map(
    (each, i) => `on ${names[i]} ${"facts" in each ? "it took effect." : describe(each.outcome)}`,
  );
  const isOneSided =
    [a, b].some((each) => "facts" in each) && [a, b].some((each) => "outcome" in each && each.isRefused);
  return { ...about, holds: isOneSided ? false : undefined, found: told.join(" And ") };
}

async function perform<Chain extends Connection>(
  act: Act<Chain> | string,
  chain: Chain,
  effect: EffectReader<Chain> | undefined,
): Promise<Performed> {
  checkAct(act);
  const send = senderOf(chain);
  let hash: string;
  try {
    hash = hashOf(typeof act === "string" ? await send("eth_sendRawTransaction", [act]) : await act(chain));
  } catch (error) {
    if (SettlementGuardError.is(error, "INVALID_MATCHER")) throw error;
    const outcome = outcomeOfError(error);
    return {
      outcome,
      isRefused: isRevert(outcome) || (typeof act === "string" && (await isRefusal(send, act, error))),
    };
  }
  const mined = await readMined(send, hash, effect && ((sent) => effect(chain, sent)));
  if (mined === undefined) {
    const why = await whyWaiting(send, hash);
    const outcome = noEvidence(
      `never ran: the transaction ${hash} is in no block${why === undefined ? "" : `, for ${why}`}`,
    );
    return { outcome, isRefused: false };
  }
  const { number, facts } = mined;
  return facts === undefined ? { outcome: await revertOf(send, hash), isRefused: true } : { hash, number, facts };
}

/** A promise has sent its transaction on one chain already. */
function checkAct(act: unknown): void {
  if (typeof act === "string" || typeof act === "function") return;
  // Nobody else waits for it.
  Promise.resolve(act).catch(() => undefined);
  const reason = `An act is a function that sends the transaction, or a signed transaction, and this is ${describeValue(act)}`;
  throw new SettlementGuardError("INVALID_MATCHER", { reason }, `${reason}.`);
}

/** Codes of JSON-RPC by which nodes refuse a transaction: for its input, its parameters, or as such. */
const REFUSALS: readonly unknown[] = [-32000, -32602, -32003, -32010];

/** Whether a node refused a signed transaction. A lost connection is no refusal, nor is one that the node has already. */
async function isRefusal(send: Send, raw: string, error: unknown): Promise<boolean> {
  const isAnswer = layersOf(error).some(({ value }) => REFUSALS.includes(memberOf(value, "code")));
  return isAnswer && (await send("eth_getTransactionByHash", [rawTransactionHash(raw)])) === null;
}

/** @throws INVALID_MATCHER for what names no transaction */
function hashOf(sent: unknown): string {
  for (const hash of [sent, memberOf(sent, "hash"), memberOf(sent, "transactionHash")])
    if (typeof hash === "string" && /^0x[\da-f]{64}$/i.test(hash)) return hash.toLowerCase();
  const reason = "An act returns the transaction that it sent: its hash, its response or its receipt";
  throw new SettlementGuardError("INVALID_MATCHER", { reason }, `${reason}.`);
}

function senderOf(connection: Connection): Send {
  const request = toRequest(connection);
  return (method, params) => request({ method, params });
}

function nameOf(chain: unknown, position: number): string {
  const name = memberOf(chain, "name");
  return typeof name === "string" ? name : position === 0 ? "the first" : "the second";
}
