import { layersOf, memberOf, revertDataOf, revertEvidenceOf } from "../explain/revertData.js";
import { describeValue } from "../core/text.js";

/** How a transaction or call ended, as far as what it returned or threw tells. */
export type Outcome =
  | { kind: "succeeded" }
  /**
   * It reverted. `data` is undefined where the node keeps the revert data to itself. `unread` is what the node says in
   * their place in a form that is not read here.
   */
  | { kind: "reverted"; data: string | undefined; unread?: string }
  /** It failed before or beside its execution: a bad nonce, a lost connection, a mistake in the test. */
  | { kind: "failed"; reason: string };

// Nodes that report a revert without its data say so only in words.
const REVERT_MESSAGE = /\brevert(?:ed)?\b/i;

/** Codes of a revert whose words may not say so: of ethers, of Nethermind and OpenEthereum, of geth. */
const REVERT_CODES: readonly unknown[] = ["CALL_EXCEPTION", -32015, 3];

/** Reads an outcome from what was thrown. */
export function outcomeOfError(error: unknown): Outcome {
  const { data, unread } = revertEvidenceOf(error);
  if (data !== undefined) return { kind: "reverted", data };
  const reverted = layersOf(error).some(
    ({ value }) => REVERT_CODES.includes(memberOf(value, "code")) || REVERT_MESSAGE.test(messageOf(value) ?? ""),
  );
  if (reverted || REVERT_MESSAGE.test(unread ?? ""))
    return { kind: "reverted", data, ...(unread === undefined ? {} : { unread }) };
  return { kind: "failed", reason: messageOf(error) ?? describeValue(error) };
}

function messageOf(error: unknown): string | undefined {
  const message = typeof error === "string" ? error : memberOf(error, "message");
  return typeof message === "string" ? message : undefined;
}

/**
 * Waits for what a test hands to `expect`: a promise or a function of one. It is of a call's result or of a sent
 * transaction. A sent transaction is waited for.
 */
export async function outcomeOf(subject: unknown): Promise<Outcome> {
  try {
    const result = await (typeof subject === "function" ? (subject as () => unknown)() : subject);
    if (!isSentTransaction(result))
      return isFailedReceipt(result) ? { kind: "reverted", data: undefined } : { kind: "succeeded" };
    try {
      const receipt = await result.wait();
      if (receipt === null || receipt.status !== 0) return { kind: "succeeded" };
    } catch (error) {
      const outcome = outcomeOfError(error);
      if (outcome.kind !== "reverted" || outcome.data !== undefined) return outcome;
    }
    return await replay(result);
  } catch (error) {
    return outcomeOfError(error);
  }
}

/** The part of an ethers v6 `TransactionResponse` that is needed here. */
interface SentTransaction {
  hash: string;
  wait(): Promise<{ status: number | null } | null>;
  provider: {
    send?(method: string, params: unknown[]): Promise<unknown>;
  };
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

/** A receipt of viem (`status: "reverted"`), web3 (false) or JSON-RPC (`0x0`), which is no error to its client. */
function isFailedReceipt(value: unknown): boolean {
  if (typeof memberOf(value, "transactionHash") !== "string") return false;
  return ["reverted", false, 0, 0n, "0x0"].includes(memberOf(value, "status") as string);
}

/**
 * Asks the node why a mined transaction reverted. A trace says it exactly. Where the node cannot trace, a call in the
 * same block is asked.
 */
async function replay({ hash, provider }: SentTransaction): Promise<Outcome> {
  const unknown: Outcome = { kind: "reverted", data: undefined };
  if (provider.send === undefined) return unknown;
  try {
    const quiet = { disableStorage: true, disableMemory: true, disableStack: true };
    const trace = (await provider.send("debug_traceTransaction", [hash, quiet])) as { returnValue?: string };
    if (trace.returnValue !== undefined) {
      const data = revertDataOf(`0x${trace.returnValue.replace(/^0x/, "")}`);
      if (data !== undefined) return { kind: "reverted", data };
    }
  } catch {
    // Many nodes do not trace.
  }
  try {
    const { from, to, value, input, gas, blockNumber } = (await provider.send("eth_getTransactionByHash", [hash])) as {
      [field: string]: string | null;
    };
    await provider.send("eth_call", [{ from, ...(to ? { to } : {}), value, data: input, gas }, blockNumber]);
    return unknown;
  } catch (error) {
    const outcome = outcomeOfError(error);
    return outcome.kind === "reverted" ? outcome : unknown;
  }
}
