import { toBytes, toHex, toQuantity } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { keccak256 } from "../core/keccak.js";
import { describeValue } from "../core/text.js";
import type { SentTransaction } from "../forks/index.js";
import type { Send } from "./outcome.js";

/**
 * What a mined transaction did, each fact by its name: `slot 0x0 of 0x…` is `0x7`. Facts that two transactions share
 * are the same effect, however much gas they took.
 */
export type Facts = ReadonlyMap<string, string>;

/** The fields of a receipt that are needed here. */
interface Receipt {
  readonly status: string;
  readonly from: string;
  readonly blockNumber: string;
  readonly blockHash: string;
  readonly gasUsed: string;
  readonly effectiveGasPrice: string;
  readonly blobGasUsed?: string;
  readonly blobGasPrice?: string;
  readonly logs: readonly { readonly address: string; readonly topics: readonly string[]; readonly data: string }[];
}

/** The fields of a block that are needed here. */
interface Block {
  readonly hash: string;
  readonly miner: string;
  readonly baseFeePerGas?: string;
}

/** What gas cost whom, and who paid for it. */
interface Gas {
  readonly sender: string;
  readonly fees: ReadonlyMap<string, bigint>;
}

/** An account in the answer of geth's `prestateTracer` with `diffMode`. */
interface TracedAccount {
  readonly balance?: string;
  readonly nonce?: number;
  readonly code?: string;
  readonly storage?: { readonly [slot: string]: string };
}

/** What a node says of a transaction that is in a block. */
export interface Mined {
  readonly number: bigint;
  readonly gasUsed: bigint;
  /** Undefined where it reverted: then nothing but fees and the sender's nonce changed. */
  readonly facts: Facts | undefined;
}

/**
 * Reads what a transaction did, once it is in a block. That is every log, and every change of the state that a trace shows.
 * The sender's nonce, and what it paid for gas, are left out.
 *
 * @param read what is compared instead
 * @returns undefined where the transaction is in no block of the canonical branch
 * @throws INVALID_MATCHER where the node does not trace, and nothing is read instead
 */
export async function readMined(
  send: Send,
  hash: string,
  read?: (hash: string) => Promise<unknown>,
): Promise<Mined | undefined> {
  const receipt = (await send("eth_getTransactionReceipt", [hash])) as Receipt | null;
  if (receipt === null) return undefined;
  const block = (await send("eth_getBlockByNumber", [receipt.blockNumber, false])) as Block | null;
  // A node may remember the receipt of a branch that it has left.
  if (block?.hash !== receipt.blockHash) return undefined;
  const mined = { number: BigInt(receipt.blockNumber), gasUsed: BigInt(receipt.gasUsed) };
  if (BigInt(receipt.status) === 0n) return { ...mined, facts: undefined };
  if (read !== undefined) return { ...mined, facts: new Map([["what was read", written(await read(hash))]]) };
  const logs = receipt.logs.map(({ address, topics, data }, i): [string, string] => [
    `log ${i}`,
    `by ${address} with the topics ${topics.join(", ") || "none"} and the data ${data}`,
  ]);
  return { ...mined, facts: new Map([...logs, ...(await changesOf(send, hash, feesOf(receipt, block)))]) };
}

/** Whether a transaction reverted for want of gas. Then it shows nothing of what it would have done with more. */
export function ranOutOfGas({ facts, gasUsed }: Mined, { json }: SentTransaction): boolean {
  return facts === undefined && gasUsed === BigInt(json["gas"] as string);
}

/**
 * How two effects differ, fact by fact.
 *
 * @param where of each effect, as the end of a clause: "on the old branch"
 */
export function differencesOf(first: Facts, second: Facts, where: readonly [string, string]): string[] {
  const names = [...new Set([...first.keys(), ...second.keys()])];
  return names
    .filter((name) => first.get(name) !== second.get(name))
    .map((name) => {
      const absent = name.startsWith("log ") ? "missing" : "unchanged";
      return `${name} is ${first.get(name) ?? absent} ${where[0]} and ${second.get(name) ?? absent} ${where[1]}`;
    });
}

/** What a slot holds after a transaction that read or wrote it, and by how much more than before. */
export interface SlotState {
  readonly held: bigint;
  readonly growth: bigint;
}

/**
 * Reads the slots that a transaction touched, those included that it left as they were.
 *
 * @param facts what `readMined` read of the same transaction
 * @returns by the names that facts have
 */
export async function readTouched(send: Send, hash: string, facts: Facts): Promise<ReadonlyMap<string, SlotState>> {
  const touched = (await send("debug_traceTransaction", [hash, { tracer: "prestateTracer" }])) as {
    [account: string]: TracedAccount;
  };
  const slots = Object.entries(touched).flatMap(([account, { storage = {} }]) =>
    Object.entries(storage).map(([slot, value]): [string, SlotState] => {
      const name = slotName(account, slot);
      const held = BigInt(facts.get(name) ?? value);
      return [name, { held, growth: held - BigInt(value) }];
    }),
  );
  return new Map(slots);
}

async function changesOf(send: Send, hash: string, { sender, fees }: Gas): Promise<[string, string][]> {
  const { pre, post } = await traceOf(send, hash);
  return Object.keys({ ...pre, ...post }).flatMap((address): [string, string][] => {
    const [before = {}, after] = [pre[address], post[address]];
    if (after === undefined) return [[`account ${address}`, "destroyed"]];
    const { balance, nonce, code } = after;
    const gained =
      balance === undefined ? 0n : BigInt(balance) - BigInt(before.balance ?? 0) + (fees.get(address) ?? 0n);
    const isSender = address === sender;
    return [
      ...(gained === 0n
        ? []
        : [[`balance of ${address}`, `${gained > 0n ? "+" : ""}${gained} wei`] satisfies [string, string]]),
      ...(nonce === undefined || isSender ? [] : [[`nonce of ${address}`, String(nonce)] satisfies [string, string]]),
      ...(code === undefined ? [] : [[`code of ${address}`, codeText(code)] satisfies [string, string]]),
      ...slotsOf(address, before, after),
    ];
  });
}

/** The slots that changed, with what they hold afterwards. A slot that was cleared is only in the state before. */
function slotsOf(address: string, before: TracedAccount, after: TracedAccount): [string, string][] {
  return Object.keys({ ...before.storage, ...after.storage }).map((slot) => [
    slotName(address, slot),
    toQuantity(BigInt(after.storage?.[slot] ?? 0)),
  ]);
}

function slotName(account: string, slot: string): string {
  return `slot ${toQuantity(BigInt(slot))} of ${account}`;
}

async function traceOf(send: Send, hash: string) {
  try {
    const options = { tracer: "prestateTracer", tracerConfig: { diffMode: true } };
    const { pre, post } = (await send("debug_traceTransaction", [hash, options])) as {
      [time: string]: Record<string, TracedAccount> | undefined;
    };
    if (pre !== undefined && post !== undefined) return { pre, post };
  } catch {
    // As where the answer is another tracer's.
  }
  const reason =
    "The node does not trace what a transaction changes (debug_traceTransaction with prestateTracer in diffMode): give an effect that reads it";
  throw new SettlementGuardError("INVALID_MATCHER", { reason }, `${reason}.`);
}

/** What a transaction took from its sender for gas, and gave to the block's author. Added to what they gained, it undoes that. */
function feesOf(receipt: Receipt, block: Block): Gas {
  const { from, gasUsed, effectiveGasPrice, blobGasUsed = 0, blobGasPrice = 0 } = receipt;
  const paid = BigInt(gasUsed) * BigInt(effectiveGasPrice) + BigInt(blobGasUsed) * BigInt(blobGasPrice);
  const tip = BigInt(gasUsed) * (BigInt(effectiveGasPrice) - BigInt(block.baseFeePerGas ?? 0));
  const fees = new Map([[from.toLowerCase(), paid]]);
  const author = block.miner.toLowerCase();
  return { sender: from.toLowerCase(), fees: fees.set(author, (fees.get(author) ?? 0n) - tip) };
}

function codeText(code: string): string {
  const bytes = toBytes(code, "code");
  return `${bytes.length} bytes with the hash ${toHex(keccak256(bytes))}`;
}

/** Plain data as text: equal texts are equal data. @throws INVALID_MATCHER for what is no plain data, such as a Map */
function written(value: unknown): string {
  const text = JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === "bigint") return `${part}n`;
    const isPlain =
      typeof part !== "object" ||
      part === null ||
      Array.isArray(part) ||
      Object.getPrototypeOf(part) === Object.prototype;
    if (isPlain && typeof part !== "function") return part;
    const reason = `An effect is plain data (integers, texts, lists, objects of them), and a part of this one is ${describeValue(part)}`;
    throw new SettlementGuardError("INVALID_MATCHER", { reason }, `${reason}.`);
  }) as string | undefined;
  return text ?? "undefined";
}
