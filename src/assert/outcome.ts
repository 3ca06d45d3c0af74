import { describeValue } from "../core/text.js";
import { layersOf, memberOf, revertDataOf, revertEvidenceOf, type RevertEvidence } from "../explain/revertData.js";

/** How a transaction, a call or a batch of calls ended: all that did not succeed. Empty where everything did. */
export type Outcome = readonly (Revert | NoEvidence)[];

/** One revert. `unread` is what a node says in place of the data. */
export interface Revert extends RevertEvidence {
  readonly kind: "reverted";
  /** What reverted, as the beginning of a sentence: "it", or a call of a batch. */
  readonly who: string;
  /** What keeps the data to itself, where there is none: "the node". */
  readonly silent: string;
}

/** What shows nothing about the guard: it never ran, or what came back does not tell how it ended. */
export interface NoEvidence {
  readonly kind: "no evidence";
  readonly who: string;
  /** After `who`, without the end of the sentence: "never ran: nonce too low". */
  readonly says: string;
}

/** Sends JSON-RPC. */
export type Send = (method: string, params: unknown[]) => Promise<unknown>;

// Nodes that report a revert without its data say so only in words.
const REVERT_MESSAGE = /\brevert(?:ed)?\b/i;

/** Codes of a revert whose words may not say so: of ethers, of Nethermind and OpenEthereum, of geth. */
const REVERT_CODES: readonly unknown[] = ["CALL_EXCEPTION", -32015, 3];

/** Reads an outcome from what was thrown. */
export function outcomeOfError(error: unknown): Outcome {
  const evidence = revertEvidenceOf(error);
  const says = layersOf(error).some(
    ({ value }) => REVERT_CODES.includes(memberOf(value, "code")) || REVERT_MESSAGE.test(messageOf(value) ?? ""),
  );
  if (evidence.data !== undefined || says || REVERT_MESSAGE.test(evidence.unread ?? ""))
    return reverted(evidence, "the error");
  return noEvidence(`never ran: ${messageOf(error) ?? describeValue(error)}`);
}

export function reverted(evidence: RevertEvidence, silent: string): Outcome {
  return [{ kind: "reverted", who: "it", silent, ...evidence }];
}

export function noEvidence(says: string): Outcome {
  return [{ kind: "no evidence", who: "it", says }];
}

/** Whether it ran and reverted, all of it that did not succeed. */
export function isRevert(outcome: Outcome): boolean {
  return outcome.length > 0 && outcome.every(({ kind }) => kind === "reverted");
}

/** Whether part of it reverted, and nobody tells with what. */
export function isSilent(outcome: Outcome): boolean {
  return outcome.some((failure) => failure.kind === "reverted" && failure.data === undefined);
}

function messageOf(error: unknown): string | undefined {
  const message = typeof error === "string" ? error : memberOf(error, "message");
  return typeof message === "string" ? message : undefined;
}

/**
 * Asks the node why a mined transaction reverted. A trace says it exactly. Where the node cannot trace, a call in the
 * same block is asked.
 */
export async function revertOf(send: Send, hash: string): Promise<Outcome> {
  const unknown = reverted({}, "the node");
  try {
    const quiet = { disableStorage: true, disableMemory: true, disableStack: true };
    const trace = (await send("debug_traceTransaction", [hash, quiet])) as { returnValue?: string };
    if (trace.returnValue !== undefined) {
      const data = revertDataOf(`0x${trace.returnValue.replace(/^0x/, "")}`);
      if (data !== undefined) return reverted({ data }, "the node");
    }
  } catch {
    // Many nodes do not trace.
  }
  try {
    const { from, to, value, input, gas, blockNumber } = (await send("eth_getTransactionByHash", [hash])) as {
      [field: string]: string | null;
    };
    await send("eth_call", [{ from, ...(to ? { to } : {}), value, data: input, gas }, blockNumber]);
    return unknown;
  } catch (error) {
    const outcome = outcomeOfError(error);
    return isRevert(outcome) && !isSilent(outcome) ? outcome : unknown;
  }
}
