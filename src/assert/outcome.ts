import { layersOf, memberOf, revertDataOf, revertEvidenceOf, type RevertEvidence } from "../explain/revertData.js";
import { describeValue } from "../core/text.js";

/** How a transaction or call ended, as far as what it returned or threw tells. */
export type Outcome =
  | { kind: "succeeded" }
  /** It reverted, or calls of a batch did whose reverts the batch collects. Never empty. */
  | { kind: "reverted"; reverts: readonly Revert[] }
  /** It failed before or beside its execution: a bad nonce, a lost connection, a mistake in the test. */
  | { kind: "failed"; reason: string };

/** One revert. It has no data where the node keeps them to itself. `unread` is what the node says in their place. */
export interface Revert extends RevertEvidence {
  /** What reverted, as the beginning of a sentence: "it", or a call of a batch. */
  readonly who: string;
}

/** Sends JSON-RPC. */
export type Send = (method: string, params: unknown[]) => Promise<unknown>;

// Nodes that report a revert without its data say so only in words.
const REVERT_MESSAGE = /\brevert(?:ed)?\b/i;

/** Codes of a revert whose words may not say so: of ethers, of Nethermind and OpenEthereum, of geth. */
const REVERT_CODES: readonly unknown[] = ["CALL_EXCEPTION", -32015, 3];

/** A revert of which the node tells nothing more. */
const SILENT: Outcome = { kind: "reverted", reverts: [{ who: "it" }] };

/** Reads an outcome from what was thrown. */
export function outcomeOfError(error: unknown): Outcome {
  const evidence = revertEvidenceOf(error);
  const reverted: Outcome = { kind: "reverted", reverts: [{ who: "it", ...evidence }] };
  if (evidence.data !== undefined) return reverted;
  const says = layersOf(error).some(
    ({ value }) => REVERT_CODES.includes(memberOf(value, "code")) || REVERT_MESSAGE.test(messageOf(value) ?? ""),
  );
  if (says || REVERT_MESSAGE.test(evidence.unread ?? "")) return reverted;
  return { kind: "failed", reason: messageOf(error) ?? describeValue(error) };
}

function messageOf(error: unknown): string | undefined {
  const message = typeof error === "string" ? error : memberOf(error, "message");
  return typeof message === "string" ? message : undefined;
}

/**
 * Waits for what a test hands to an assertion: a promise or a function of one. It is of a call's result or of a sent
 * transaction. A sent transaction is waited for. Of a batch of calls the result tells which reverted.
 */
export async function outcomeOf(subject: unknown): Promise<Outcome> {
  try {
    const result = await (typeof subject === "function" ? (subject as () => unknown)() : subject);
    return isSentTransaction(result) ? await minedOutcomeOf(result) : outcomeOfResult(result);
  } catch (error) {
    return outcomeOfError(error);
  }
}

function outcomeOfResult(result: unknown): Outcome {
  if (isFailedReceipt(result)) return SILENT;
  // viem's `writeContract` gives no more than that, whatever becomes of the transaction.
  if (typeof result === "string" && /^0x[\da-f]{64}$/i.test(result))
    return {
      kind: "failed",
      reason: `what came back is ${result}: of a transaction's hash, wait for the receipt first`,
    };
  const reverts = failedCallsIn(result);
  return reverts.length === 0 ? { kind: "succeeded" } : { kind: "reverted", reverts };
}

/**
 * The calls of a batch that reverted. Multicall3 and its like return them with `success` and `returnData`, and viem's
 * `multicall` with `status` and `error`.
 */
function failedCallsIn(result: unknown): Revert[] {
  if (!Array.isArray(result)) return [];
  // A list of its own: methods of ethers' `Result` make other results.
  return Array.from(result as unknown[]).flatMap((item, i): Revert[] => {
    const who = `call ${i} of the batch`;
    if (memberOf(item, "success") === false) return [{ who, ...revertEvidenceOf(memberOf(item, "returnData")) }];
    if (memberOf(item, "status") === "failure") return [{ who, ...revertEvidenceOf(memberOf(item, "error")) }];
    // Beside other results: tryBlockAndAggregate gives a block and its hash, too.
    return failedCallsIn(item);
  });
}

/** The part of an ethers v6 `TransactionResponse` that is needed here. */
interface SentTransaction {
  hash: string;
  wait(confirms?: number, timeout?: number): Promise<{ status: number | null } | null>;
  provider: { send?(method: string, params: unknown[]): Promise<unknown> };
}

function isSentTransaction(value: unknown): value is SentTransaction {
  return (
    typeof value === "object" &&
    value !== null &&
    "hash" in value &&
    "wait" in value &&
    typeof value.wait === "function"
  );
}

/** In milliseconds. */
const LOOK_AGAIN = 1_000;

/**
 * Waits for a receipt. Ethers looks for one, and then at new blocks alone. A block that comes between is not seen. A
 * node that mines on demand makes no other, and one wait has no end.
 */
async function receiptOf(sent: SentTransaction): Promise<{ status: number | null } | null> {
  for (;;) {
    try {
      return await sent.wait(1, LOOK_AGAIN);
    } catch (error) {
      // A request that a node does not answer in time has the same code.
      if (memberOf(error, "shortMessage") !== "wait for transaction timeout") throw error;
    }
  }
}

async function minedOutcomeOf(sent: SentTransaction): Promise<Outcome> {
  try {
    const receipt = await receiptOf(sent);
    if (receipt === null || receipt.status !== 0) return { kind: "succeeded" };
  } catch (error) {
    const outcome = outcomeOfError(error);
    if (outcome.kind !== "reverted" || outcome.reverts[0]?.data !== undefined) return outcome;
  }
  const { provider } = sent;
  return provider.send === undefined ? SILENT : revertOf((...args) => provider.send!(...args), sent.hash);
}

/** A receipt of viem (`status: "reverted"`), web3 (false) or JSON-RPC (`0x0`), which is no error to its client. */
function isFailedReceipt(value: unknown): boolean {
  if (typeof memberOf(value, "transactionHash") !== "string") return false;
  return ["reverted", false, 0, 0n, "0x0"].includes(memberOf(value, "status") as string);
}

/**
 * Asks the node why a mined transaction reverted. A trace says it exactly. Where the node cannot trace, a call in the
 * same block is asked.
 */
export async function revertOf(send: Send, hash: string): Promise<Outcome> {
  try {
    const quiet = { disableStorage: true, disableMemory: true, disableStack: true };
    const trace = (await send("debug_traceTransaction", [hash, quiet])) as { returnValue?: string };
    if (trace.returnValue !== undefined) {
      const data = revertDataOf(`0x${trace.returnValue.replace(/^0x/, "")}`);
      if (data !== undefined) return { kind: "reverted", reverts: [{ who: "it", data }] };
    }
  } catch {
    // Many nodes do not trace.
  }
  try {
    const { from, to, value, input, gas, blockNumber } = (await send("eth_getTransactionByHash", [hash])) as {
      [field: string]: string | null;
    };
    await send("eth_call", [{ from, ...(to ? { to } : {}), value, data: input, gas }, blockNumber]);
    return SILENT;
  } catch (error) {
    const outcome = outcomeOfError(error);
    return outcome.kind === "reverted" ? outcome : SILENT;
  }
}
