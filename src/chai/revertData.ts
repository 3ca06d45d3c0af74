/** How a transaction or call ended, as far as what it returned or threw tells. */
export type Outcome =
  | { kind: "succeeded" }
  /** It reverted; `data` is undefined where the node keeps the revert data to itself. */
  | { kind: "reverted"; data: string | undefined }
  /** It failed before or beside its execution: a bad nonce, a lost connection, a mistake in the test. */
  | { kind: "failed"; reason: string };

// Where clients hide the error that they wrap: ethers v6 (info, error), viem and plain errors (cause), nodes (data).
const WRAPPERS = ["data", "error", "info", "cause", "originalError"] as const;

// Nodes that report a revert without its data say so only in words.
const REVERT_MESSAGE = /\brevert(?:ed)?\b/i;

/** More levels than any client wraps an error in; an error can be its own cause. */
const MAX_DEPTH = 8;

/** Finds the revert data in whatever a client threw: the first byte string under `data`, however nested. */
export function revertDataOf(error: unknown, depth = 0): string | undefined {
  if (typeof error !== "object" || error === null || depth > MAX_DEPTH) return undefined;
  const fields = error as { [field: string]: unknown };
  if (isBytes(fields["data"])) return fields["data"];
  for (const wrapper of WRAPPERS) {
    const found = revertDataOf(fields[wrapper], depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Reads an outcome from what was thrown. */
export function outcomeOfError(error: unknown): Outcome {
  const data = revertDataOf(error);
  if (data !== undefined) return { kind: "reverted", data };
  const reason = error instanceof Error ? error.message : String(error);
  const code = (error as { code?: unknown } | null)?.code;
  if (code === "CALL_EXCEPTION" || REVERT_MESSAGE.test(reason)) return { kind: "reverted", data: undefined };
  return { kind: "failed", reason };
}

/**
 * Waits for what a test hands to `expect`: a promise or a function of one, of a call's result or of a sent transaction. A sent
 * transaction is waited for.
 */
export async function outcomeOf(subject: unknown): Promise<Outcome> {
  try {
    const result = await (typeof subject === "function" ? (subject as () => unknown)() : subject);
    if (!isSentTransaction(result)) return { kind: "succeeded" };
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

/** Asks the node why a mined transaction reverted: exactly, by tracing it; where it cannot trace, by a call in the same block. */
async function replay({ hash, provider }: SentTransaction): Promise<Outcome> {
  const unknown: Outcome = { kind: "reverted", data: undefined };
  if (provider.send === undefined) return unknown;
  try {
    const quiet = { disableStorage: true, disableMemory: true, disableStack: true };
    const trace = (await provider.send("debug_traceTransaction", [hash, quiet])) as { returnValue?: string };
    const data = `0x${(trace.returnValue ?? "").replace(/^0x/, "")}`;
    if (trace.returnValue !== undefined && isBytes(data)) return { kind: "reverted", data };
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

function isBytes(value: unknown): value is string {
  return typeof value === "string" && /^0x(?:[0-9a-f]{2})*$/i.test(value);
}
