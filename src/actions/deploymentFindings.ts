import { TIERS, type Tier } from "../anchor/tiers.js";
import { sameHex, toBigInt, toBytes, toHex, toQuantity, toWord, type Hex } from "../core/bytes.js";
import { SettlementGuardError, invalidResponse } from "../core/errors.js";
import { keccak256 } from "../core/keccak.js";
import { explain } from "../explain/explain.js";
import { decodeLibraryError, type LibraryErrorName } from "../explain/guardErrors.js";
import type { HashedHeader } from "../header/fields.js";
import type { ScopeConfig } from "../policy/config.js";
import type { DeployedContract } from "../policy/deployment.js";
import { call } from "../rpc/request.js";
import type { AskAnchor } from "./anchorQuestions.js";
import { callOf, type ChainReader } from "./chainReads.js";
import { fetchHeader } from "./fetchHeader.js";
import { prove } from "./prove.js";
import type { ScopeReader } from "./scopeReads.js";

/** What a check found. `unknown` is neither: it was not to be found out, and the detail says why. */
export type CheckOutcome = "ok" | "failed" | "unknown";

/** What one check found. */
export interface Finding {
  readonly outcome: CheckOutcome;
  /** In words. */
  readonly detail: string;
  /** The two values, where they disagree. */
  readonly expected?: string;
  readonly actual?: string;
}

export function ok(detail: string): Finding {
  return { outcome: "ok", detail };
}

export function unknown(detail: string): Finding {
  return { outcome: "unknown", detail };
}

export function failed(detail: string, expected: string, actual: string): Finding {
  return { outcome: "failed", detail, expected, actual };
}

export function compared(what: string, expected: string, actual: string): Finding {
  return expected === actual ? ok(`${what} is ${actual}`) : failed(`${what} is another`, expected, actual);
}

/* CODE AND RECEIPT */

/**
 * The code is hashed here. The state must hold that hash, where the endpoint can prove it. So nothing that the endpoint gives is
 * blamed on the contract before.
 */
export async function codeFinding(chain: ChainReader, { address, codeHash }: DeployedContract): Promise<Finding> {
  const code = await chain.codeAt(address);
  const actual = toHex(keccak256(code));
  const { shown, why } = await provenCodeHash(chain, address);
  if (shown !== undefined && shown !== actual)
    return failed("the endpoint gives code that the block's state does not hold", shown, actual);
  if (code.length === 0) return failed(`there is no code at ${address}`, codeHash ?? "code", "none");
  if (codeHash !== undefined && codeHash !== actual)
    return failed(`the code at ${address} is another`, codeHash, actual);
  if (codeHash === undefined) return unknown(`the code hashes to ${actual}, and no codeHash says whether it should`);
  const basis = shown === undefined ? `not proven under the state root: ${why}` : "proven under the state root";
  return ok(`${code.length} bytes, ${actual}, ${basis}`);
}

/** The code hash that the state root commits to. Undefined, with the reason, where the endpoint gives no proof. */
async function provenCodeHash(chain: ChainReader, address: Hex): Promise<{ shown?: string; why?: string }> {
  const { connection, head, asking } = chain;
  try {
    const anchor = { number: head.number, hash: head.hash };
    const { account } = await prove(connection, { anchor, account: address, ...asking });
    return { shown: account.status === "present" ? account.codeHash : toHex(keccak256(new Uint8Array())) };
  } catch (error) {
    if (SettlementGuardError.is(error, "RPC_FAILED") || SettlementGuardError.is(error, "STATE_UNAVAILABLE"))
      return { why: error.details.reason };
    throw error;
  }
}

/** The receipt's block must be on the branch still. That the block holds the transaction is the endpoint's word. */
export async function receiptFinding(
  { connection, head, asking }: ChainReader,
  { address, receipt }: DeployedContract,
): Promise<Finding> {
  const { transactionHash, blockNumber, blockHash } = receipt!;
  if (blockNumber > head.number)
    return failed("the chain ends before the receipt's block", String(blockNumber), String(head.number));
  const { hash } = await fetchHeader(connection, { block: blockNumber, ...asking });
  if (hash !== blockHash)
    return failed(`block ${blockNumber} is another: a reorg dropped the deployment's`, blockHash, hash);
  const answer = await call(connection, "eth_getTransactionReceipt", [transactionHash], asking);
  if (answer === null) return unknown(`block ${blockNumber} is canonical, and the endpoint has no receipt`);
  if (typeof answer !== "object") throw invalidResponse("eth_getTransactionReceipt", "it is no receipt");
  const given = answer as Readonly<Record<string, unknown>>;
  const data = (member: string, value: unknown, size: number): Hex =>
    toHex(toBytes(value, `the receipt's ${member}`, size));
  const quantity = (member: string): Hex => toQuantity(toBigInt(given[member], `the receipt's ${member}`));
  // What is no receipt says nothing of the deployment: each member is read before the first is compared.
  const expected: [member: string, value: string, actual: Hex][] = [
    ["transactionHash", transactionHash, data("transactionHash", given["transactionHash"], 32)],
    ["blockHash", blockHash, data("blockHash", given["blockHash"], 32)],
    ["blockNumber", toQuantity(blockNumber), quantity("blockNumber")],
    ["status", "0x1", quantity("status")],
    // What a factory deploys is in no receipt.
    ["contractAddress", address, data("contractAddress", given["contractAddress"] ?? address, 20)],
  ];
  const wrong = expected.find(([, value, actual]) => !sameHex(value, actual));
  if (wrong === undefined) return ok(`block ${blockNumber}, ${blockHash}, is canonical`);
  const [member, value, actual] = wrong;
  return failed(`the endpoint's receipt has another ${member}`, value, actual);
}

/* ROLES AND SCOPES */

/** What only a role may ask. Whoever has it is refused for another reason than whoever has not. */
interface Role {
  readonly question: Hex;
  readonly held: LibraryErrorName;
  readonly refused: LibraryErrorName;
}

const CONFIG = "(uint48,bytes32,uint16,uint16,uint16,uint16,uint24,uint24,uint24,uint16,uint16)";
const CONFIG_WORDS = 11;

export const PAUSER: Role = {
  question: callOf("pauseScope", ["bytes32", "uint8", "uint24"], 0n, 0n, 0n),
  held: "PauseNeedsEvidence",
  refused: "NotPauser",
};
export const CONFIGURATOR: Role = {
  question: callOf("cancelScope", ["bytes32", CONFIG], ...Array.from({ length: 1 + CONFIG_WORDS }, () => 0n)),
  held: "ConfigurationNotReady",
  refused: "NotConfigurator",
};

/** Roles have no view: the contract is asked as the account. */
export async function roleFinding(
  chain: ChainReader,
  guard: Hex,
  account: Hex,
  { question, held, refused }: Role,
): Promise<Finding> {
  const { data } = await chain.attemptAs(account, guard, [question]);
  const name = decodeLibraryError(data)?.name;
  if (name === held) return ok(`${account} has the role`);
  if (name === refused) return failed("the role is another's, or nobody's", account, "refused");
  return unknown(`the contract answered neither ${held} nor ${refused}: ${name ?? data.slice(0, 80)}`);
}

/** Announces the scope's own configuration in a call that leaves nothing, and reads what that announcement says. */
export async function delayFinding(chain: ChainReader, of: DeployedContract): Promise<Finding> {
  const { address, roles, scopes } = of;
  const [scope] = scopes;
  if (scope === undefined) return unknown("no scope is named, and an announcement is of a scope");
  const config = await chain.words(address, callOf("configOf", ["bytes32"], scope.id));
  const calls = [
    callOf("scheduleScope", ["bytes32", CONFIG], scope.id, ...config),
    callOf("announcementOf", ["bytes32"], scope.id),
  ];
  const { succeeded, data } = await chain.attemptAs(roles.configurator!, address, calls);
  const [announced, readyFrom, readyUntil] = [0, 1, 2].map((i) => `0x${data.slice(2 + 64 * i, 66 + 64 * i)}`);
  if (!succeeded || data.length !== 2 + 3 * 64 || BigInt(announced!) === 0n)
    return unknown("the configurator could not announce the scope's own configuration");
  // It may be applied for as long as it had to wait.
  const timeOf = (deadline: string): bigint => BigInt.asUintN(40, BigInt(deadline));
  const actual = timeOf(readyUntil!) - timeOf(readyFrom!);
  return compared("the delay of a configuration, in seconds,", String(roles.delay), String(actual));
}

type ExpectedScope = DeployedContract["scopes"][number];

export async function scopeFinding(reader: ScopeReader, { id, members }: ExpectedScope): Promise<Finding> {
  const config = await reader.configOf(id);
  if (config === undefined) return failed("it has no configuration, and allows nothing", "a configuration", "none");
  const wrong = [...members].filter(([member, value]) => BigInt(config[member]) !== value);
  if (wrong.length === 0) return ok(`${[...members.keys()].join(", ")}: as expected`);
  const shown = (values: [keyof ScopeConfig, bigint][]): string =>
    values.map(([member, value]) => `${member} ${shownMember(member, value)}`).join(", ");
  const actual = wrong.map(([member]): [keyof ScopeConfig, bigint] => [member, BigInt(config[member])]);
  return failed("its configuration is another", shown(wrong), shown(actual));
}

function shownMember(member: keyof ScopeConfig, value: bigint): string {
  if (member === "parent") return toWord(value);
  return member === "policy" ? toQuantity(value) : String(value);
}

export async function statusFinding(reader: ScopeReader, { id }: ExpectedScope): Promise<Finding> {
  const { status } = await reader.statusOf(id);
  return compared("its status", "Synced", status);
}

/* SOURCES */

export async function sourceChainFinding(chain: ChainReader, of: DeployedContract): Promise<Finding> {
  const actual = BigInt(await oneWord(chain, of.address, "chainId"));
  return compared("the id of the chain whose blocks it knows", String(of.source.chainId), String(actual));
}

export async function tierFinding(chain: ChainReader, address: Hex, tier: Tier): Promise<Finding> {
  const position = BigInt(await oneWord(chain, address, "tier"));
  return compared("its tier", tier, TIERS[Number(position)] ?? String(position));
}

/** What a view without arguments returns. */
export async function oneWord(chain: ChainReader, address: Hex, name: string): Promise<Hex> {
  const words = await chain.words(address, callOf(name, []));
  if (words.length !== 1) throw invalidResponse("eth_call", `${name} returned ${words.length} words, not one`);
  return words[0]!;
}

/** Whether a source knows a block by the hash that its header has. */
export async function hashFinding(chain: ChainReader, source: Hex, header: HashedHeader): Promise<Finding> {
  const { number, hash } = header;
  const words = await chain.words(source, callOf("hashOf", ["uint64"], number));
  if (words.length !== 2) throw invalidResponse("eth_call", `hashOf returned ${words.length} words, not two`);
  const [answer, known] = words as [Hex, Hex];
  const ANSWERS = ["Unknown", "Known", "Disagree"] as const;
  const name = ANSWERS[Number(BigInt(answer))];
  if (name === "Known" && known === hash) return ok(`it knows block ${number}, ${hash}`);
  if (name === "Unknown" && BigInt(known) === 0n) return unknown(`it does not know block ${number}`);
  if (name === "Disagree") return failed(`its members know different hashes of block ${number}`, hash, "Disagree");
  return failed(`it answers something else of block ${number}`, hash, name === "Known" ? known : `${answer}, ${known}`);
}

/** Whether a guard accepts a block of its chain, and no other hash in the block's place. */
export async function anchorFinding(chain: ChainReader, ask: AskAnchor, header: HashedHeader): Promise<Finding> {
  const { number, hash } = header;
  const reason = await ask({ number, hash }, header);
  if (reason !== "0x") return refusedAnchor(reason, header, chain.head.number);
  const other = toWord(BigInt(hash) ^ 1n);
  const refusal = decodeLibraryError(await ask({ number, hash: other }, header));
  if (refusal?.name === "AnchorMismatch" && refusal.values["actual"] === hash)
    return ok(`it accepts block ${number}, ${hash}, and no other hash`);
  return failed("it accepts a hash that no block has", `AnchorMismatch of ${other}`, refusal?.name ?? "accepted");
}

function refusedAnchor(reason: Hex, { number, hash }: HashedHeader, head: bigint): Finding {
  const decoded = decodeLibraryError(reason);
  const values: Readonly<Record<string, bigint | Hex>> = decoded?.values ?? {};
  const depth = BigInt(values["head"] ?? 0n) - number;
  // A call may execute in the newest block, or in the one after it.
  const isOfThisChain = values["number"] === number && (depth === head - number || depth === head - number + 1n);
  const why = explain(reason);
  switch (isOfThisChain ? decoded?.name : undefined) {
    case "AnchorTooDeep":
      if (depth > BigInt(values["maxDepth"]!)) return ok(`outside of its bounds: ${why}`);
      break;
    case "AnchorTooShallow":
      if (depth < BigInt(values["minDepth"]!)) return ok(`outside of its bounds: ${why}`);
      break;
    case "AnchorHashUnknown":
    case "AnchorOutOfWindow":
      return unknown(why);
    default:
  }
  const actual = values["actual"] ?? decoded?.name ?? reason.slice(0, 80);
  return failed(`it refuses block ${number} of its chain: ${why}`, hash, String(actual));
}
