import { toQuantity, type Hex } from "../core/bytes.js";
import type { Request } from "../rpc/request.js";
import { SYSTEM_TIP } from "./history.js";
import type { SystemCalls } from "./systemCalls.js";
import type { SimulatedNode } from "./node.js";
import { isSystemTransaction, type RpcBlock } from "./transactions.js";

const COUNT = /^eth_getBlockTransactionCountBy(Hash|Number)$/;
const BY_INDEX = /^eth_getTransactionByBlock(Hash|Number)AndIndex$/;
const TELLING =
  /^eth_(?:getBlock(?:By(?:Hash|Number)|Receipts)|getTransaction(?:ByHash|Receipt)|getLogs|getFilter(?:Changes|Logs)|pendingTransactions)$/;

/**
 * Answers as if the simulator had sent no transaction of its own. On a real chain none stands for the system calls of EIP-2935
 * and EIP-4788. Tests count what a block holds, and so do Hardhat's matchers of balances.
 */
export function withoutOwn(node: SimulatedNode, request: Request): Request {
  const { blocks, systemCalls } = node;
  if (systemCalls.mode !== "transaction") return request;
  const hide = (answer: unknown): unknown => withoutSystem(answer, systemCalls, blocks.first.number);
  const shown: Request = async (args) => {
    if (args.method === "eth_feeHistory") return withoutTips(await request(args));
    return TELLING.test(args.method) ? hide(await request(args)) : request(args);
  };

  return async (args) => {
    const { method, params = [] } = args;
    const by = (COUNT.exec(method) ?? BY_INDEX.exec(method))?.[1];
    if (by === undefined) return shown(args);
    const block = (await shown({ method: `eth_getBlockBy${by}`, params: [params[0], true] })) as RpcBlock | null;
    if (COUNT.test(method)) return block && toQuantity(block.transactions.length);
    return block?.transactions[Number(params[1])] ?? null;
  };
}

/**
 * A block, transaction, receipt, log, or a list of them or of hashes.
 *
 * @param systemCalls which transactions to leave out
 * @param first the block after which each block begins with them
 */
function withoutSystem(answer: unknown, systemCalls: SystemCalls, first: number): unknown {
  if (Array.isArray(answer))
    return answer
      .filter((each: unknown) => !systemCalls.sent.has(each) && !isSystem(each))
      .map((each) => withoutSystem(each, systemCalls, first));
  if (typeof answer !== "object" || answer === null) return answer;
  const shown: Record<string, unknown> = { ...answer };
  for (const list of ["transactions", "logs"])
    if (list in shown) shown[list] = withoutSystem(shown[list], systemCalls, first);
  const { transactionIndex, blockNumber } = shown;
  // One that pays more than the simulator's own goes before them.
  if (
    typeof transactionIndex === "string" &&
    Number(transactionIndex) >= systemCalls.perBlock &&
    Number(blockNumber) > first
  )
    shown["transactionIndex"] = toQuantity(Number(transactionIndex) - systemCalls.perBlock);
  return shown;
}

/** Who asks for a usual tip must not be told the simulator's: Hardhat would offer as much for every transaction. */
function withoutTips(answer: unknown): unknown {
  const { reward, ...rest } = answer as { reward?: Hex[][] | null };
  if (reward === undefined || reward === null) return answer;
  const tips = reward.map((block) => block.map((tip) => (BigInt(tip) < SYSTEM_TIP ? tip : "0x0")));
  return { ...rest, reward: tips };
}

function isSystem(value: unknown): boolean {
  const from = (value as { from?: unknown } | null)?.from;
  return typeof from === "string" && isSystemTransaction({ from: from as `0x${string}` });
}
