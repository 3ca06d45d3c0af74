import { toBigInt, toBytes, toHex, toQuantity, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { keccak256 } from "../core/keccak.js";
import { revertDataOf } from "../explain/revertData.js";
import { agreedHeight, blockByHash, blockByNumber, blockByTag } from "./blockVotes.js";
import { checkWhole } from "./options.js";
import {
  checkRequestOptions,
  toRequest,
  type Connection,
  type Eip1193Provider,
  type Request,
  type RequestOptions,
} from "./request.js";
import { agreedJson, askAll, askOne, canonical, missed, type Panel, type Question, type Vote } from "./votes.js";

/** How endpoints make one connection. */
export interface QuorumOptions extends RequestOptions {
  /**
   * How many endpoints must agree: from 1 to all of them, by default a strict majority. Those beyond may be silent, and
   * may not contradict. The number of endpoints itself is safest, and stops when one fails.
   */
  readonly agree?: number;
  /**
   * How long to wait for one answer of one endpoint, in milliseconds. By default 10,000: a tag takes two answers, and a
   * caller waits 30,000 by default.
   */
  readonly timeout?: number;
}

const DEFAULT_TIMEOUT = 10_000;
/** Proofs that are remembered as asked for. */
const MOST_PROOFS = 1000;

type Handler = (panel: Panel, question: Question) => Promise<unknown>;

/** Where a read names its block. */
export const BLOCK_PARAMETERS: Readonly<Record<string, number>> = {
  eth_call: 1,
  eth_getBalance: 1,
  eth_getCode: 1,
  eth_getTransactionCount: 1,
  eth_getStorageAt: 2,
};
/** What every client says of a log and of a receipt. Some say more. */
const LOG_MEMBERS = [
  ...["address", "topics", "data", "blockNumber", "blockHash"],
  ...["transactionHash", "transactionIndex", "logIndex", "removed"],
];
const RECEIPT_MEMBERS = [
  ...["type", "status", "root", "from", "to", "contractAddress", "blockHash", "blockNumber", "transactionHash"],
  ...["transactionIndex", "cumulativeGasUsed", "gasUsed", "effectiveGasPrice", "logsBloom", "logs"],
];
/** Types of transactions whose hash is that of the bytes that are sent. Those with blobs carry more than they hash. */
const HASHED_TYPES = [1, 2, 4];

const HANDLERS: Readonly<Record<string, Handler>> = {
  eth_blockNumber: async (panel) => toQuantity(await agreedHeight(panel)),
  eth_chainId: async (panel, question) =>
    agreedJson(
      panel,
      question.method,
      await askAll(panel, question, (answer) => toQuantity(toBigInt(answer, "chain id"))),
    ),
  eth_getBlockByNumber: getBlock,
  eth_getBlockByHash: (panel, { params: [hash, isFull = false] }) =>
    blockByHash(panel, toHex(toBytes(hash, "block hash", 32)), isFull),
  eth_getLogs: getLogs,
  eth_getTransactionReceipt: async (panel, question) =>
    agreedJson(panel, question.method, await askAll(panel, question, receiptOf)),
  eth_sendRawTransaction: sendRaw,
  ...Object.fromEntries(Object.keys(BLOCK_PARAMETERS).map((method) => [method, readState])),
};

/**
 * Makes one connection of several endpoints, none of which is trusted. It is for whatever asks an endpoint:
 * `latestAnchor`, `prove`, `fetchHeader`, viem's `custom` and ethers' `BrowserProvider`.
 *
 * - Blocks are compared by the hashes of their fields, which are computed here. Two hashes at one height are an error with
 *   both headers, whatever the majority says. A block has no members in which the endpoints differ beside its header.
 * - An endpoint that does not have a block yet lags, and contradicts nobody. The head is the greatest height that `agree`
 *   endpoints have reached.
 * - Silence is an error, a late answer, or one that cannot be read. Too much of it is an error that says what each said.
 * - `eth_getProof` is answered by one endpoint, the next where it fails: the caller checks a proof against its header. The
 *   same question again means that the answer was refused, and goes to the next endpoint.
 * - Other reads must be equal. `latest` and other tags are made a number first, so that all speak of one block.
 * - `eth_sendRawTransaction` goes to all; the first hash is the answer.
 *
 * What endpoints that lie alike agree on, nobody here can tell from the truth. Give endpoints of different operators.
 *
 * @throws INVALID_CONNECTION for fewer than two endpoints, for one that is there twice, or for what is none
 * @throws INVALID_OPTION; and from its `request`: ENDPOINTS_DISAGREE, QUORUM_MISSED, METHOD_REFUSED, RPC_FAILED
 * @example
 * const connection = quorum([ours, theirs, another]);
 * const anchor = await latestAnchor(connection, { depth: 3 });
 */
export function quorum(connections: readonly Connection[], options: QuorumOptions = {}): Eip1193Provider {
  const requests = readConnections(connections);
  checkRequestOptions(options, "agree");
  const { agree = Math.floor(requests.length / 2) + 1, timeout = DEFAULT_TIMEOUT } = options;
  checkWhole("agree", agree, requests.length);
  const panel = { requests, agree, timeout };
  const handlers: Readonly<Record<string, Handler>> = { ...HANDLERS, eth_getProof: proofs() };
  return {
    async request({ method, params }) {
      const handler = Object.hasOwn(handlers, method) ? handlers[method] : undefined;
      if (handler === undefined) throw refused(method, "a quorum does not know how to compare its answers");
      if (params !== undefined && !Array.isArray(params)) throw refused(method, "its parameters are no list");
      return handler(panel, { method, params: params ?? [] });
    },
  };
}

function readConnections(connections: readonly Connection[]): Request[] {
  const wrong = !Array.isArray(connections)
    ? "a quorum takes a list of connections"
    : connections.length < 2
      ? `a quorum takes two connections at least, not ${connections.length}`
      : new Set(connections).size < connections.length
        ? "one connection is there twice: it would agree with itself"
        : undefined;
  if (wrong === undefined) return connections.map(toRequest);
  throw new SettlementGuardError("INVALID_CONNECTION", { reason: wrong }, `not usable as a quorum: ${wrong}`);
}

// --- blocks ---

async function getBlock(panel: Panel, { method, params: [which, isFull = false] }: Question): Promise<unknown> {
  if (isTag(which)) return blockByTag(panel, which, isFull);
  return blockByNumber(panel, heightIn(method, which), isFull);
}

function isTag(which: unknown): which is string {
  return which === "latest" || which === "safe" || which === "finalized";
}

function heightIn(method: string, which: unknown): bigint {
  if (which === "earliest") return 0n;
  if (which === "pending") throw refused(method, "no two endpoints have the same pending block");
  return toBigInt(which, "block number");
}

// --- proofs ---

/** Asks one endpoint after the other. A question that was asked before begins with the next one. */
function proofs(): Handler {
  let first = 0;
  // A proof of many slots takes several questions. They go to one endpoint, so that it can be passed over as a whole.
  const asked = new Set<Hex>();
  return async (panel, question) => {
    const { requests } = panel;
    const key = toHex(keccak256(new TextEncoder().encode(canonical(question.params))));
    if (asked.has(key) || asked.size === MOST_PROOFS) {
      first = (first + 1) % requests.length;
      asked.clear();
    }
    asked.add(key);
    const votes: Vote<unknown>[] = [];
    for (let i = 0; i < requests.length; i++) {
      const vote = await askOne(panel, (first + i) % requests.length, question, (answer) => answer);
      if (vote.value !== undefined && vote.value !== null) return vote.value;
      votes.push(vote);
    }
    const wanting = votes.find(({ situation }) => situation === "number wanted");
    if (wanting !== undefined) throw failed(question.method, wanting.silence!, { code: -32602 });
    throw missed(question.method, 1, votes);
  };
}

// --- other reads ---

async function readState(panel: Panel, { method, params }: Question): Promise<unknown> {
  const at = BLOCK_PARAMETERS[method]!;
  const resolved = [...params];
  resolved[at] = await blockNamed(panel, method, params[at]);
  const question = { method, params: resolved };
  if (method !== "eth_call") return agreedJson(panel, method, await askAll(panel, question, (answer) => answer));

  const requests = panel.requests.map(withReverts);
  const votes = await askAll({ ...panel, requests }, question, (answer) => answer);
  const answer = agreedJson(panel, method, votes);
  if (!isRevert(answer)) return answer;
  throw failed(method, "execution reverted", { code: 3, message: "execution reverted", data: answer.revertData });
}

/** A tag as the number of the block that it names, so that no two endpoints speak of two blocks. */
async function blockNamed(panel: Panel, method: string, which: unknown): Promise<unknown> {
  if (which === undefined || which === "latest") return toQuantity(await agreedHeight(panel));
  if (!isTag(which)) return typeof which === "string" ? toQuantity(heightIn(method, which)) : which;
  const block = (await blockByTag(panel, which, false)) as { number: Hex } | null;
  if (block !== null) return block.number;
  throw new SettlementGuardError("BLOCK_NOT_FOUND", { block: which }, `the endpoints do not know block ${which}`);
}

/** Reverting is an answer, too. */
function withReverts(request: Request): Request {
  return async (args) => {
    try {
      return await request(args);
    } catch (thrown) {
      const revertData = revertDataOf(thrown);
      if (revertData === undefined) throw thrown;
      return { revertData };
    }
  };
}

function isRevert(answer: unknown): answer is { readonly revertData: string } {
  return typeof answer === "object" && answer !== null && "revertData" in answer;
}

/** Whoever has not reached the last block of the range would leave out logs, and say nothing of it. */
async function getLogs(panel: Panel, { method, params: [given] }: Question): Promise<unknown> {
  if (typeof given !== "object" || given === null) throw refused(method, "its filter is no object");
  const filter = given as Readonly<Record<string, unknown>>;
  if (filter["blockHash"] !== undefined)
    return agreedJson(panel, method, await askAll(panel, { method, params: [filter] }, logsOf));

  const toBlock = await blockNamed(panel, method, filter["toBlock"]);
  const fromBlock = await blockNamed(panel, method, filter["fromBlock"]);
  const last = toBigInt(toBlock, "toBlock");
  const heads = await askAll(panel, { method: "eth_blockNumber", params: [] }, (answer) => toBigInt(answer, "head"));
  const question = { method, params: [{ ...filter, fromBlock, toBlock }] };
  const votes = await Promise.all(
    heads.map(async (vote) => {
      const { endpoint, value } = vote;
      if (typeof value !== "bigint") return vote as Vote<never>;
      if (value < last) return { endpoint, silence: `it is at block ${value}, before ${last}` };
      return askOne(panel, endpoint, question, logsOf);
    }),
  );
  return agreedJson<unknown>(panel, method, votes);
}

function logsOf(answer: unknown): unknown {
  if (!Array.isArray(answer)) throw failed("eth_getLogs", "the logs are no list");
  return answer.map((log) => membersOf(log, LOG_MEMBERS));
}

function receiptOf(answer: unknown): unknown {
  const receipt = membersOf(answer, RECEIPT_MEMBERS);
  return { ...receipt, logs: logsOf(receipt["logs"]) };
}

function membersOf(value: unknown, names: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw failed("the answer", "it is no object");
  return Object.fromEntries(Object.entries(value).filter(([name]) => names.includes(name)));
}

// --- transactions ---

/** Sends to all at once. A hash that is not the transaction's is no answer, where its type tells it. */
async function sendRaw(panel: Panel, question: Question): Promise<unknown> {
  const { method, params } = question;
  const bytes = toBytes(params[0], "transaction");
  const type = bytes[0] ?? 0;
  const expected = type >= 0xc0 || HASHED_TYPES.includes(type) ? toHex(keccak256(bytes)) : undefined;
  const read = (answer: unknown): Hex => {
    const hash = toHex(toBytes(answer, "transaction hash", 32));
    if (expected === undefined || hash === expected) return hash;
    throw failed(method, `it answered hash ${hash}, the transaction has ${expected}`);
  };
  const votes: Vote<Hex>[] = [];
  const sent = panel.requests.map(async (_, endpoint) => {
    const vote = await askOne(panel, endpoint, question, read);
    votes.push(vote);
    return vote.value ?? Promise.reject(vote);
  });
  try {
    return await Promise.any(sent);
  } catch {
    throw missed(
      method,
      1,
      votes.sort((a, b) => a.endpoint - b.endpoint),
    );
  }
}

// --- errors ---

function refused(method: string, reason: string): SettlementGuardError<"METHOD_REFUSED"> {
  return new SettlementGuardError("METHOD_REFUSED", { method, reason }, `${method}: ${reason}`);
}

/** @param cause the JSON-RPC error that a single endpoint would have answered with */
function failed(
  method: string,
  reason: string,
  cause?: { code: number; message?: string; data?: string },
): SettlementGuardError<"RPC_FAILED"> {
  const details = { method, reason, ...(cause === undefined ? {} : { rpcCode: cause.code }) };
  return new SettlementGuardError("RPC_FAILED", details, `${method} failed: ${reason}`, { cause });
}
