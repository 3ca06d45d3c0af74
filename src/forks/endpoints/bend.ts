import { toBytes, toHex, toQuantity, toWord, type Hex } from "../../core/bytes.js";
import { keccak256 } from "../../core/keccak.js";
import { FIELDS } from "../../header/fields.js";
import { encodeHeader } from "../../header/fromRpc.js";
import { BLOCK_PARAMETERS } from "../../rpc/quorum.js";
import type { Request } from "../../rpc/request.js";
import type { Lies } from "./lies.js";

/** A question, the lie that is told, and where the truth is. */
export interface Asked {
  readonly args: Parameters<Request>[0];
  readonly lies: Lies;
  readonly request: Request;
}

type Members = Record<string, unknown>;

interface Proof extends Members {
  accountProof: Hex[];
  storageProof: StorageProof[];
}

interface StorageProof {
  key: Hex;
  value: Hex;
  proof: Hex[];
}

const HEADER = FIELDS.map(({ rpcName }) => rpcName);
/** What a block of ethers v6 leaves out. */
const LEFT_OUT = ["transactionsRoot", "sha3Uncles", "logsBloom", "withdrawalsRoot", "requestsHash"];
const READS = [...Object.keys(BLOCK_PARAMETERS), "eth_chainId"];

/** The answer as the lies have it. */
export async function bent(answer: unknown, asked: Asked): Promise<unknown> {
  const { args, lies } = asked;
  let told = structuredClone(answer);
  if (isObject(told) && args.method.startsWith("eth_getBlockBy")) bendBlock(told, lies);
  if (isObject(told) && args.method === "eth_getProof") told = await bentProof(told as Proof, asked);
  told = bentRead(told, args.method, lies);
  if (lies.missingResult === "null") told = null;
  if (lies.missingResult === "object") told = {};
  told = reformed(told, lies.wrongForm);
  return typeof lies.huge === "number" ? padded(told, lies.huge) : told;
}

// --- blocks ---

function bendBlock(block: Members, { wrongRoot, wrongHeader, field, missingResult, seed }: Lies): void {
  const { hash } = block as { hash: Hex };
  if (wrongRoot === "stateRoot") change(block, "stateRoot");
  if (wrongHeader === "hash") change(block, "hash");
  if (wrongHeader === "field" || wrongHeader === "forged") {
    const fields = HEADER.filter((name) => typeof block[name] === "string" && name !== "number");
    change(block, field ?? pick(fields, { seed, of: hash }));
  }
  if (wrongHeader === "forged") block["hash"] = toHex(keccak256(toBytes(encodeHeader(block), "the forged header")));
  if (missingResult === "members") for (const name of LEFT_OUT) block[name] = undefined;
}

// --- proofs ---

async function bentProof(honest: Proof, { args, lies, request }: Asked): Promise<Proof> {
  const { params = [] } = args;
  const proofOf = async (account: unknown, slots: unknown, block: unknown): Promise<Proof> =>
    structuredClone(await request({ method: "eth_getProof", params: [account, slots, block] })) as Proof;
  const [account, slots, block] = params as [Hex, readonly Hex[], unknown];
  let proof = honest;
  if (lies.wrongProof === "block") proof = await proofOf(account, slots, await blockBeside(block, request));
  if (lies.wrongProof === "account") proof = { ...(await proofOf(changed(account), slots, block)), address: account };
  if (lies.swapSlot === true) {
    const others = slots.length === 1 ? await proofOf(account, [toWord(BigInt(slots[0]!) ^ 1n)], block) : proof;
    swap(proof.storageProof, others.storageProof);
  }
  if (lies.wrongProof === "fields") bendFields(proof, lies);
  if (lies.wrongRoot === "storageHash") change(proof, "storageHash");
  const lists = [proof.accountProof, ...proof.storageProof.map((slot) => slot.proof)];
  if (lies.truncate === "proof") for (const nodes of lists) nodes.pop();
  if (lies.wrongProof === "node") bendNode(lists, { seed: lies.seed, of: JSON.stringify(params) });
  if (lies.missingResult === "lists") Object.assign(proof, { accountProof: null, storageProof: null });
  return proof;
}

/** The number of the block before, or of the one after genesis. */
async function blockBeside(which: unknown, request: Request): Promise<Hex> {
  const { blockHash } = (isObject(which) ? which : {}) as { blockHash?: Hex };
  const [method, name] = blockHash === undefined ? ["eth_getBlockByNumber", which] : ["eth_getBlockByHash", blockHash];
  const block = (await request({ method, params: [name, false] })) as { number: Hex };
  const number = BigInt(block.number);
  return toQuantity(number === 0n ? 1n : number - 1n);
}

/** Gives each slot what the next of the others has, and the last what the first has. */
function swap(slots: StorageProof[], others: readonly StorageProof[]): void {
  const given = others.map(({ value, proof }) => ({ value, proof: [...proof] }));
  for (const [i, slot] of slots.entries()) Object.assign(slot, given[(i + 1) % given.length]);
}

function bendFields(proof: Proof, { seed }: Lies): void {
  const places: [of: object, name: string][] = ["nonce", "balance", "codeHash", "storageHash"].map((name) => [
    proof,
    name,
  ]);
  places.push(...proof.storageProof.map((slot): [object, string] => [slot, "value"]));
  const [of, name] = pick(places, { seed, of: JSON.stringify(proof) });
  change(of as Members, name);
}

/** Changes a byte of a node. Where there is none, nothing. */
function bendNode(lists: Hex[][], choice: Choice): void {
  const places = lists.flatMap((nodes) => nodes.map((_, i) => [nodes, i] as const));
  if (places.length === 0) return;
  const [nodes, i] = pick(places, choice);
  const bytes = toBytes(nodes[i], "a node");
  const at = pick([...bytes.keys()], choice);
  bytes[at]! ^= 1;
  nodes[i] = toHex(bytes);
}

// --- what no proof comes with ---

function bentRead(answer: unknown, method: string, { wrongRead }: Lies): unknown {
  if (wrongRead === "logs" && method === "eth_getLogs" && Array.isArray(answer)) return answer.slice(0, -1);
  return wrongRead === "value" && READS.includes(method) && typeof answer === "string" ? changed(answer) : answer;
}

// --- forms ---

const QUANTITY = /^0x(?:0|[1-9a-f][\da-f]{0,12})$/i;

const FORMS: Readonly<Record<NonNullable<Exclude<Lies["wrongForm"], "prototype">>, (text: string) => unknown>> = {
  numbers: (text) => (QUANTITY.test(text) ? Number(text) : text),
  unprefixed: (text) => text.replace(/^0x/, ""),
  padded: (text) => (QUANTITY.test(text) ? `0x0${text.slice(2)}` : text),
  odd: (text) => (text.length >= 42 ? text.slice(0, -1) : text),
  uppercase: (text) => text.toUpperCase(),
};

function reformed(value: unknown, form: Lies["wrongForm"]): unknown {
  if (form === undefined) return value;
  if (form === "prototype") return isObject(value) ? JSON.parse(`{"__proto__":${JSON.stringify(value)}}`) : value;
  if (typeof value === "string") return value.startsWith("0x") ? FORMS[form](value) : value;
  if (Array.isArray(value)) return value.map((item) => reformed(item, form));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, reformed(member, form)]));
}

/** With so many zeros in front of a text, or beside the members of an object. */
function padded(value: unknown, length: number): unknown {
  const zeros = "0".repeat(length);
  if (typeof value === "string") return `0x${zeros}${value.slice(2)}`;
  return isObject(value) ? { ...value, padding: `0x${zeros}` } : value;
}

// --- small things ---

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function change(object: Members, name: string): void {
  object[name] = changed(object[name] as string);
}

/** With another last digit. */
function changed(text: string): Hex {
  if (text === "0x") return "0x01";
  return `0x${text.slice(2, -1)}${(Number(`0x${text.slice(-1)}`) ^ 1).toString(16)}`;
}

interface Choice {
  readonly seed: number | undefined;
  /** What the choice is about. The same gets the same. */
  readonly of: string;
}

function pick<T>(items: readonly T[], { seed = 0, of }: Choice): T {
  const digest = toHex(keccak256(new TextEncoder().encode(`${seed} ${of}`)));
  return items[Number(BigInt(digest) % BigInt(items.length))]!;
}
