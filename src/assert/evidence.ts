import { describeValue } from "../core/text.js";
import { memberOf, revertEvidenceOf } from "../explain/revertData.js";
import { isSilent, noEvidence, outcomeOfError, reverted, revertOf, type Outcome } from "./outcome.js";

/**
 * Waits for what a test hands to an assertion, and reads how a transaction or a call ended. It is a promise, a function of
 * one, or what such a promise resolves to:
 *
 * - a sent transaction of ethers, which is waited for, or a receipt of any client;
 * - a call's result: a number, a boolean, bytes, a plain object, or a list;
 * - a list of all these, and what a multicall or `Promise.allSettled` makes of them.
 *
 * Everything else shows nothing. `undefined` is such a thing, even from a promise: a forgotten `return` gives it as well.
 */
export function outcomeOf(subject: unknown): Promise<Outcome> {
  return settled(async () => read(await (typeof subject === "function" ? (subject as () => unknown)() : subject)));
}

/** What is thrown is an outcome, too. */
async function settled(run: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await run();
  } catch (error) {
    return outcomeOfThrown(error);
  }
}

/** Where a transaction reverted when it was mined, ethers' error has its receipt, and no data. */
async function outcomeOfThrown(error: unknown): Promise<Outcome> {
  const outcome = outcomeOfError(error);
  const receipt = memberOf(error, "receipt");
  return isSilent(outcome) && isReceipt(receipt) ? whyReverted(receipt) : outcome;
}

async function read(value: unknown): Promise<Outcome> {
  const fault = typeof value === "string" ? textFault(value) : isList(value) ? listFault(value) : undefined;
  return fault === undefined ? readPart(value) : nothing(fault);
}

/** Reads a part of a list, too, where any text is a call's result. */
async function readPart(value: unknown): Promise<Outcome> {
  // Multicall3 and its like return a batch's calls with `success` and `returnData`, and viem's `multicall` with `status` and `error`.
  if (memberOf(value, "success") === false)
    return reverted(revertEvidenceOf(memberOf(value, "returnData")), "the result");
  if (isList(value)) return readList(value);
  if (isResponse(value)) return minedOutcomeOf(value);
  const status = memberOf(value, "status");
  if (isReceipt(value)) return outcomeOfStatus(status, value);
  if (value instanceof Error) return outcomeOfThrown(value);
  if (status === "failure" || isErrorAnswer(value)) return outcomeOfThrown(memberOf(value, "error"));
  if (status === "rejected") return outcomeOfThrown(memberOf(value, "reason"));
  if (status === "fulfilled") return read(memberOf(value, "value"));
  const fault = valueFault(value);
  return fault === undefined ? [] : nothing(fault);
}

/** Beside the calls of a batch there may be other results: tryBlockAndAggregate gives a block and its hash, too. */
async function readList(list: readonly unknown[]): Promise<Outcome> {
  // A list of its own: methods of ethers' `Result` make other results.
  const outcomes = Array.from(list, (item) => settled(async () => readPart(await item)));
  return (await Promise.all(outcomes)).flatMap((outcome, i) =>
    outcome.map((failure) => (failure.who === "it" ? { ...failure, who: `call ${i} of the batch` } : failure)),
  );
}

function nothing(fault: string): Outcome {
  return noEvidence(`shows nothing: what came back is ${fault}`);
}

const HASH = /^0x[\da-f]{64}$/i;

function textFault(text: string): string | undefined {
  // viem's `writeContract` gives no more than that, whatever becomes of the transaction.
  if (HASH.test(text))
    return `${text}, a transaction's hash or a call's bytes32: wait for the receipt, or give the call's whole result`;
  return /^0x[\da-f]*$/i.test(text) ? undefined : `the text ${describeValue(text)}`;
}

/** What a batch is that shows nothing: one without a call, and one of hashes. A list of ethers is a call's result. */
function listFault(list: readonly unknown[]): string | undefined {
  if (typeof memberOf(list, "toObject") === "function") return undefined;
  if (list.length === 0) return "an empty list, as of a batch without a call";
  return list.every((item) => typeof item === "string" && HASH.test(item))
    ? "a list of hashes of transactions, or of bytes32: wait for the receipts"
    : undefined;
}

/** Why a value is neither a call's result nor a transaction; undefined where it may be a result. */
function valueFault(value: unknown): string | undefined {
  if (value === undefined) return "undefined, which a forgotten return gives as well";
  if (value === null) return "null, as for the receipt of a transaction that is in no block";
  if (typeof value === "function" || typeof value === "symbol") return describeValue(value);
  if (typeof value !== "object" || ArrayBuffer.isView(value) || isBigNumber(value)) return undefined;
  if (isContract(value)) return "a contract: of its deployment, give the transaction";
  if (!isPlain(value)) return "an object with methods, which no call returns";
  if (isUnsent(value)) return "a transaction that was not sent";
  if (HASH.test(String(memberOf(value, "hash"))) && "from" in value && "nonce" in value)
    return "a transaction without its receipt: wait for that";
  return memberOf(value, "status") === "pending" ? "pending" : undefined;
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** An integer of ethers 5. */
function isBigNumber(value: object): boolean {
  return memberOf(value, "_isBigNumber") === true;
}

/** Of ethers and of viem. */
function isContract(value: object): boolean {
  return (
    typeof memberOf(memberOf(value, "interface"), "parseLog") === "function" || Array.isArray(memberOf(value, "abi"))
  );
}

/** Whether it is data alone, of whatever realm: jest has a realm for each file. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  const isObject = prototype === null || Object.getPrototypeOf(prototype) === null;
  return isObject && Object.values(value).every((member) => typeof member !== "function");
}

/** What ethers and viem call the fields of a transaction that is prepared, apart from its fees, lists and blobs. */
const FIELDS = ["account", "chain", "chainId", "data", "from", "gas", "gasLimit", "nonce", "to", "type", "value"];
const OTHER_FIELDS = /^(?:gasPrice|max\w*Gas|\w*List|blob\w*|sidecars|kzg)$/;

/** A struct that a contract returns may have some of these fields, and has others besides. */
function isUnsent(value: object): boolean {
  const names = Object.keys(value);
  return (
    names.includes("data") &&
    ["to", "from", "nonce"].some((name) => names.includes(name)) &&
    names.every((name) => FIELDS.includes(name) || OTHER_FIELDS.test(name))
  );
}

/** The part of an ethers v6 `TransactionResponse` that is needed here. */
interface Response {
  readonly hash: string;
  wait(confirms?: number, timeout?: number): Promise<{ status: number | null } | null>;
  readonly provider: unknown;
}

function isResponse(value: unknown): value is Response {
  return typeof memberOf(value, "hash") === "string" && typeof memberOf(value, "wait") === "function";
}

/** An answer of JSON-RPC, of which nobody looked whether it is an error. */
function isErrorAnswer(value: unknown): boolean {
  return memberOf(value, "jsonrpc") !== undefined && typeof memberOf(value, "error") === "object";
}

/** A receipt of any client. That of ethers has a `hash`, as has a struct that a contract returns. */
function isReceipt(value: unknown): boolean {
  if (memberOf(value, "status") === undefined) return false;
  const { hash, blockHash, transactionHash } = value as { [name: string]: unknown };
  return typeof transactionHash === "string" || (typeof hash === "string" && typeof blockHash === "string");
}

/** In milliseconds. */
const LOOK_AGAIN = 1_000;

/**
 * Waits for a receipt. Ethers looks for one, and then at new blocks alone. A block that comes between is not seen. A
 * node that mines on demand makes no other, and one wait has no end. Nor has it where the node has dropped the transaction.
 */
async function minedOutcomeOf(sent: Response): Promise<Outcome> {
  for (;;) {
    try {
      const receipt = await sent.wait(1, LOOK_AGAIN);
      return await outcomeOfStatus(receipt?.status, sent);
    } catch (error) {
      // A request that a node does not answer in time has the same code.
      if (memberOf(error, "shortMessage") !== "wait for transaction timeout") {
        const outcome = outcomeOfError(error);
        return isSilent(outcome) ? whyReverted(sent) : outcome;
      }
      if (!(await isKnown(sent)))
        return noEvidence(`shows nothing: the node does not know the transaction ${sent.hash} any more`);
    }
  }
}

/** Whether a node has a transaction in its pool or in a block. */
async function isKnown({ hash, provider }: Response): Promise<boolean> {
  const ask = memberOf(provider, "getTransaction");
  return typeof ask !== "function" || (await ask.call(provider, hash)) !== null;
}

/** @param source a receipt, or a response that was mined */
async function outcomeOfStatus(status: unknown, source: unknown): Promise<Outcome> {
  if (["success", true, 1, 1n, "0x1"].includes(status as string)) return [];
  if (["reverted", false, 0, 0n, "0x0"].includes(status as string)) return whyReverted(source);
  return nothing("a receipt without a status");
}

/** A receipt does not say why, and that of ethers knows a node to ask. */
async function whyReverted(source: unknown): Promise<Outcome> {
  const provider = memberOf(source, "provider") as { send?: (method: string, params: unknown[]) => Promise<unknown> };
  if (typeof memberOf(provider, "send") !== "function") return reverted({}, "its receipt");
  return revertOf((...args) => provider.send!(...args), String(memberOf(source, "hash")));
}
