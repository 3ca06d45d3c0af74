import { sameHex, toBigInt, toQuantity, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { FIELDS } from "../header/fields.js";
import { encodeHeader, headerFromRpc } from "../header/fromRpc.js";
import {
  askAll,
  askOne,
  canonical,
  disagreement,
  endpointOf,
  groupBy,
  isValue,
  missed,
  type Panel,
  type Question,
  type Vote,
} from "./votes.js";

/** A block that an endpoint answered, and its hash as it was computed here. */
interface SeenBlock {
  readonly number: bigint;
  readonly hash: Hex;
  readonly rlp: Hex;
  readonly block: Readonly<Record<string, unknown>>;
  /** Whether the block claims the hash that its fields have. */
  readonly isOwn: boolean;
}

type BlockVote = Vote<SeenBlock>;

/** Members that the hash covers, or is. */
const HASHED: ReadonlySet<string> = new Set(["hash", ...FIELDS.map(({ rpcName }) => rpcName)]);

/**
 * The greatest height that enough endpoints have reached: the `agree`-th greatest.
 *
 * @throws QUORUM_MISSED where too few tell one
 */
export async function agreedHeight(panel: Panel): Promise<bigint> {
  const method = "eth_blockNumber";
  const votes = await askAll(panel, { method, params: [] }, (answer) => toBigInt(answer, "block number"));
  const height = votes
    .filter(isValue)
    .map(({ value }) => value)
    .sort(descending)[panel.agree - 1];
  if (height === undefined) throw missed(method, panel.agree, votes);
  return height;
}

/** The block of a height, as enough endpoints have it, or `null` where enough of them lag. */
export async function blockByNumber(panel: Panel, number: bigint, isFull: unknown): Promise<unknown> {
  const method = "eth_getBlockByNumber";
  const votes = await askForBlocks(panel, { method, params: [toQuantity(number), isFull] });
  return agreedBlock(panel, method, votes.map(only((block) => block.number === number)));
}

/** The block of a hash, as {@link blockByNumber}. */
export async function blockByHash(panel: Panel, hash: string, isFull: unknown): Promise<unknown> {
  const method = "eth_getBlockByHash";
  const votes = await askForBlocks(panel, { method, params: [hash, isFull] });
  return agreedBlock(panel, method, votes.map(only((block) => sameHex(block.hash, hash))));
}

/**
 * The block of a tag. The endpoints' heights differ, so that its height is the greatest that enough of them have
 * reached. Those above are asked for that number. Behind a load balancer their next answer may come from a node further
 * back. Then the next lower height is tried.
 */
export async function blockByTag(panel: Panel, tag: string, isFull: unknown): Promise<unknown> {
  const method = "eth_getBlockByNumber";
  const tops = await askForBlocks(panel, { method, params: [tag, isFull] });
  if (tops.filter(({ value }) => value === null).length >= panel.agree) return null;
  const heights = tops.filter(isValue).map(({ value }) => value.number);
  const reachable = heights.sort(descending).slice(panel.agree - 1);
  let votes: readonly BlockVote[] = tops;
  for (const height of new Set(reachable)) {
    const question = { method, params: [toQuantity(height), isFull] };
    votes = await Promise.all(
      tops.map(async (top) => {
        if (!isValue(top) || top.value.number === height) return top;
        const { endpoint } = top;
        return top.value.number < height ? { endpoint, value: null } : askForBlock(panel, endpoint, question);
      }),
    );
    const fitting = sameAtEachHeight(method, votes).map(only(({ number }) => number === height));
    if (fitting.filter(isValue).length >= panel.agree) return agreedBlock(panel, method, fitting);
  }
  throw missed(method, panel.agree, votes);
}

/** Every endpoint's block. */
async function askForBlocks(panel: Panel, question: Question): Promise<readonly BlockVote[]> {
  const asked = panel.requests.map((_, endpoint) => askForBlock(panel, endpoint, question));
  return sameAtEachHeight(question.method, await Promise.all(asked));
}

/** An endpoint's block. What a client says instead of `null` counts as `null`. */
async function askForBlock(panel: Panel, endpoint: number, question: Question): Promise<BlockVote> {
  const vote = await askOne(panel, endpoint, question, readBlock);
  return vote.situation === "block unknown" ? { endpoint, value: null } : vote;
}

/** @throws ENDPOINTS_DISAGREE where blocks of one height have two hashes */
function sameAtEachHeight(method: string, votes: readonly BlockVote[]): readonly BlockVote[] {
  for (const atHeight of groupBy(votes.filter(isValue), ({ value }) => value.number).values()) {
    const byHash = groupBy(atHeight, ({ value }) => value.hash);
    if (byHash.size === 1) continue;
    const sides = [...byHash.values()].map((same) => {
      const { number, hash, rlp } = same[0]!.value;
      return { endpoints: same.map(endpointOf), header: { number, hash, rlp } };
    });
    throw disagreement(method, sides);
  }
  return votes;
}

/** Hashes the fields of a block. What it claims as its hash plays no part, but is remembered. */
function readBlock(answer: unknown): SeenBlock {
  const block = answer as SeenBlock["block"];
  try {
    const { number, hash, rlp } = headerFromRpc(block);
    return { number, hash, rlp, block, isOwn: true };
  } catch (error) {
    if (!SettlementGuardError.is(error, "HEADER_HASH_MISMATCH")) throw error;
    const { number, actual } = error.details;
    return { number: number!, hash: actual as Hex, rlp: encodeHeader(block), block, isOwn: false };
  }
}

/** Leaves of a vote for another block only that it is one. */
function only(fits: (block: SeenBlock) => boolean): (vote: BlockVote) => BlockVote {
  return (vote) => {
    if (!isValue(vote) || fits(vote.value)) return vote;
    const { number, hash } = vote.value;
    return { endpoint: vote.endpoint, silence: `it answered with block ${number} (${hash})` };
  };
}

/** One of the blocks, which have one hash, without the members in which they differ beside the header. */
function agreedBlock({ agree }: Panel, method: string, votes: readonly BlockVote[]): unknown {
  const blocks = votes.filter(isValue).map(({ value }) => value);
  if (blocks.length >= agree) {
    const { block } = blocks.find(({ isOwn }) => isOwn) ?? blocks[0]!;
    const isShared = ([name, value]: [string, unknown]): boolean =>
      HASHED.has(name) || blocks.every((other) => canonical(other.block[name]) === canonical(value));
    return Object.fromEntries(Object.entries(block).filter(isShared));
  }
  if (votes.filter(({ value }) => value === null).length >= agree) return null;
  throw missed(method, agree, votes);
}

function descending(a: bigint, b: bigint): number {
  return a < b ? 1 : a > b ? -1 : 0;
}
