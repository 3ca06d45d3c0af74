import type { Refusal } from "./refusal.js";

/**
 * What an endpoint means by an error:
 *
 * - `block unknown`: it does not know the block, or cannot resolve the tag
 * - `history pruned`: it no longer has the block's past
 * - `state unavailable`: it does not have the state after the block, or not for this caller
 * - `not canonical`: it knows the block, and follows a chain without it
 * - `number wanted`: it takes a block's number, and no hash as EIP-1898 writes it
 * - `refused`: it says nothing about blocks: a limit, a plan, a method that it does not serve
 */
export type Situation =
  "block unknown" | "history pruned" | "state unavailable" | "not canonical" | "number wanted" | "refused";

/** How clients word one situation. */
export interface Wording {
  readonly clients: string;
  readonly situation: Situation;
  /** Of the words. Where there are codes as well, both must fit. */
  readonly words?: RegExp;
  /** JSON-RPC codes. Where there are no words, the code decides. */
  readonly codes?: readonly number[];
  readonly statuses?: readonly number[];
  readonly example: string;
}

/** The first row that fits decides. Refusals stand before what they are easily taken for. */
export const WORDINGS: readonly Wording[] = [
  // --- limits ---
  {
    clients: "EIP-1474, Infura, BNB, Base",
    situation: "refused",
    codes: [-32005, -32016, 429],
    example: "limit exceeded",
  },
  { clients: "gateways", situation: "refused", statuses: [429], example: "Slow down" },
  {
    clients: "gateways",
    situation: "refused",
    words:
      /rate.?limit|too many (?:requests|connections)|limit (?:exceeded|reached)|exceeded.{0,60}(?:limit|quota|capacity|rate|units)|\bquota\b|throttl|over capacity|error code: 1015\b/i,
    example: "Your app has exceeded its compute units per second capacity",
  },
  // --- the state, for those who pay ---
  {
    clients: "Infura, PublicNode, dRPC, Ankr, Alchemy, QuickNode",
    situation: "state unavailable",
    words:
      /\barchiv(?:e|al)\b.{0,60}\b(?:require|upgrade|not (?:included|enabled|supported|available|allowed|permitted))|(?:access to|requires?|enable|without|only (?:available )?(?:on|with|to)|maintain) (?:an? )?archiv(?:e|al)\b/i,
    example: "project ID does not have access to archive state",
  },
  // --- access ---
  { clients: "gateways", situation: "refused", statuses: [401, 402, 403], example: "Forbidden" },
  {
    clients: "gateways",
    situation: "refused",
    words:
      /\b(?:your|this|current|free|paid|the|a) (?:\w+ )?(?:plan|tier|subscription)\b|\bupgrade\b|unauthori[sz]ed|forbidden|access denied|api.?key|project id|personal token|not (?:allowed|authorized|permitted) to/i,
    example: "header not available in this plan",
  },
  // --- methods ---
  {
    clients: "JSON-RPC, EIP-1474",
    situation: "refused",
    codes: [-32601, -32004],
    example: "the method eth_getProof does not exist/is not available",
  },
  {
    clients: "gateways, proxies",
    situation: "refused",
    words:
      /\bmethod\b.{0,80}(?:not (?:\w+ )?(?:found|available|supported|allowed|enabled|implemented|whitelisted)|unavailable|unsupported|disabled|does(?: not|n't) exist)|(?:unsupported|unknown|unrecognized|invalid|no such) (?:rpc )?method|eth_\w+ (?:is |has been )?(?:not |un|disabled)|not implemented|whitelist/i,
    example: "rpc method is not whitelisted",
  },
  {
    clients: "geth, gateways",
    situation: "refused",
    words: /\bblock range\b|\brange\b.{0,20}too (?:large|wide|big)|\bresponse\b.{0,20}too (?:large|big)/i,
    example: "block range too large: the header of block 5 was not found in it",
  },

  // --- the state after a block ---
  {
    clients: "geth, op-geth, bor, BNB, Arbitrum nitro",
    situation: "state unavailable",
    words:
      /missing trie node|\b(?:triedb )?(?:layer stale|parent \[.{0,20}\] layer missing)|state recreation .{0,20}limit exceeded/i,
    example: "missing trie node 1b2c… (path ) state 0x1b2c… is not available, not found",
  },
  {
    clients: "geth with the path scheme, nitro, Hardhat's and anvil's upstream",
    situation: "state unavailable",
    words:
      /\bstate (?:0x)?[\da-f]+ is (?:not available|not canonical|stale)|\bhistorical (?:state|data|proof)s?\b.{0,80}\b(?:unavailable|not (?:available|supported))|state histories haven't been (?:fully )?indexed|no historical RPC is available/i,
    example: "historical state 02203acd… is not available",
  },
  {
    clients: "Nethermind",
    situation: "state unavailable",
    words: /no state available for block|MissingTrieNodeException|failed to load root hash|\bis missing from the DB\b/i,
    example: "No state available for block 0x1869…",
  },
  {
    clients: "reth, op-reth",
    situation: "state unavailable",
    words:
      /no state found for block|distance to target block exceeds|state at block #?\d+ is pruned|state root on top of historical block|old data not available due to pruning/i,
    example: "no state found for block number 19493153",
  },
  {
    clients: "Erigon",
    situation: "state unavailable",
    words:
      /\bblock is too old\b|must be within \d+ blocks of the head|no proofs? (?:(?:is|are) available|available|for the requested block)|only available for (?:the )?latest block|historical proof window exceeded|only last \d+ blocks supported|\b(?:proof|state)s?\b.{0,60}\b(?:last|latest|recent|newest)\b.{0,10} blocks?\b/i,
    example:
      "requested block is too old, block must be within 100000 blocks of the head block number (currently 3696916)",
  },
  {
    clients: "Besu, Nimbus, ethrex, coreth",
    situation: "state unavailable",
    words:
      /(?<!\b(?:service|session|server|application|system) )\bstate (?:root |data )?(?:(?:of|for|at) (?!the endpoint).{0,90})?(?:is |was |has |already |been )*(?:unavailable|not (?:yet )?available|not found|missing|pruned|discarded)|\b(?:no|missing) (?:historical )?state (?:for|at|of|found)\b|\btrie node\b.{0,80}\b(?:not found|missing)|failed to load state at height/i,
    example: "World state unavailable",
  },
  {
    clients: "Parity, OpenEthereum",
    situation: "state unavailable",
    words: /running with state pruning/i,
    example:
      "This request is not supported because your node is running with state pruning. Run with --pruning=archive.",
  },
  {
    clients: "anvil, Hardhat, in fork mode",
    situation: "state unavailable",
    words: /required data unavailable$|locally modified state in fork mode/i,
    example: "Proof of locally modified state in fork mode is unsupported.",
  },

  // --- the past, cut off ---
  {
    clients: "EIP-4444: geth, reth, Nethermind, Besu",
    situation: "history pruned",
    codes: [4444],
    example: "pruned history unavailable",
  },
  {
    clients: "EIP-4444, Sei, ZKsync",
    situation: "history pruned",
    words:
      /pruned history unavailable|\b(?:block|height|header)\b.{0,90}\b(?:is|was|has been|been) pruned|is not available, lowest height is/i,
    example: "requested height 5 has been pruned; earliest available is 100",
  },

  // --- which chain ---
  {
    clients: "geth, Erigon, Nethermind",
    situation: "not canonical",
    words: /\b(?:hash|block)\b.{0,90}\bnot (?:currently |part of |in |on )?(?:the )?canonical\b/i,
    example: "hash 0x1869… is not currently canonical",
  },
  {
    clients: "EIP-1898, Besu",
    situation: "not canonical",
    codes: [-32000],
    words: /^invalid input\.?$/i,
    example: "Invalid input",
  },

  // --- the block ---
  {
    clients: "execution-apis: Besu, Erigon, ethereumjs",
    situation: "block unknown",
    codes: [-39001],
    example: 'block "finalized" not available (head block: 21459236)',
  },
  {
    clients: "EIP-1898, anvil",
    situation: "block unknown",
    codes: [-32001],
    words: /^resource not found\b/i,
    example: "Resource not found",
  },
  {
    clients: "geth, Erigon, Nimbus, Besu, reth, Nethermind, ethereumjs",
    situation: "block unknown",
    words:
      /(?<!\b(?:parent|uncle|ommer|trace|from|receipts? for|transactions? for|IP|cloudflare) )\bblock(?: header)?(?: (?:for|with|at))?(?: (?:number|hash|id|height|tag))?[ :#"']*(?:0x[\da-f]+|\d+|latest|safe|finalized|earliest)?["']*(?: is| was| could)? not (?:be )?found\b/i,
    example: "finalized block not found",
  },
  {
    clients: "geth, op-geth, bor, BNB, nitro",
    situation: "block unknown",
    // Not the header of an HTTP request, which has a name before it.
    words:
      /(?:^|[:;,.([\]"'] ?|\b(?:block|finalized|safe|latest|requested|the) )header(?: for hash| with hash)?(?: #?(?:0x)?[\da-f]+)? (?:is |was )?not found\b/i,
    example: "header for hash not found",
  },
  {
    clients: "Nethermind, Erigon, Cosmos chains",
    situation: "block unknown",
    words:
      /(?:could not|cannot|can't|unable to) (?:find|locate) (?:the )?(?:block|header)\b(?! (?:range|storage))|\bno finalized block\b|\bfinalized block unknown\b|unable to get finalized block|\bno (?:such )?block\b(?: (?:was )?found| with|$)|\bblock (?:0x[\da-f]+ |\d+ )?does not exist|BlockNotFound|BLOCK_NOT_FOUND/i,
    example: "could not find block 0x1869…",
  },
  {
    clients: "Besu, Parity, reth, cdk-erigon",
    situation: "block unknown",
    words: /\bunknown block(?! (?:type|parameter|field|range))\b|\bincorrect head block\b/i,
    example: "unknown block number",
  },
  {
    clients: "Hardhat, Nimbus, gateways, clients without the tag",
    situation: "block unknown",
    words:
      /(?:unsupported|invalid|unknown|unrecogni[sz]ed) (?:block )?tag\b|unsupported block number|\b(?:safe|finalized)\b["']?(?: block| tag)* (?:is |are )?(?:not (?:yet )?(?:available|supported)|unsupported)|\bblock ["']?(?:0x[\da-f]+|\d+|latest|safe|finalized|earliest)["']? (?:is )?not (?:yet )?available/i,
    example: "unsupported block tag: finalized",
  },
  {
    clients: "geth, Parity, from before the tags",
    situation: "block unknown",
    words: /(?:hex string without|missing) 0x prefix/i,
    example: "invalid argument 0: hex string without 0x prefix",
  },
  {
    clients: "ethereumjs, anvil, coreth",
    situation: "block unknown",
    words:
      /block greater than current height|BlockOutOfRange|block height is \d+ but requested was|after (?:the )?last accepted block|cannot query unfinalized data|beyond (?:the )?(?:current )?head\b/i,
    example: "BlockOutOfRangeError: block height is 4 but requested was 9",
  },

  // --- the form of the question ---
  { clients: "JSON-RPC", situation: "number wanted", codes: [-32602], example: "invalid params" },
  {
    clients: "geth before 1.9, ethereumjs, gateways",
    situation: "number wanted",
    words:
      /invalid (?:argument|param|type|hex)|unmarshal|deseriali|cannot (?:parse|convert)|expected.{0,20}string|unknown block (?:type|parameter|field)|block (?:number|tag|parameter)/i,
    example: "json: cannot unmarshal object into Go value of type string",
  },
];

/**
 * What an endpoint means by an error, or undefined where no row knows. What came over HTTP without a JSON-RPC code is a page, or a gateway's:
 * its words are about no block.
 */
export function situationOf({ reason, rpcCode, httpStatus }: Refusal): Situation | undefined {
  if (httpStatus !== undefined && rpcCode === undefined) return "refused";
  const fits = ({ words, codes, statuses }: Wording): boolean =>
    (words === undefined || words.test(reason)) &&
    (codes === undefined || (rpcCode !== undefined && codes.includes(rpcCode))) &&
    (statuses === undefined || (httpStatus !== undefined && statuses.includes(httpStatus)));
  return WORDINGS.find(fits)?.situation;
}
