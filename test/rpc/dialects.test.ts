import { expect } from "chai";
import { network } from "hardhat";

import type { ErrorCode } from "../../src/core/errors.js";
import { prove } from "../../src/actions/prove.js";
import { fetchHeader, type BlockId } from "../../src/actions/fetchHeader.js";
import { situationOf, WORDINGS } from "../../src/rpc/dialects.js";
import type { Request } from "../../src/rpc/request.js";
import { rejected } from "../../tools/errors.js";

type Said = readonly [message: string, code?: number | undefined, status?: number];

const HASH = "0x1869cf4f3f213ee61a97e30cf42719cddbce2bdd032ab54b1bd5834dd83f73f5";
const ROOT = "c6ebfa185e24077a555f06caaf4b78d9e0ae9dcb7a693ec753e856f49f55c85c";
const ACCOUNT = `0x${"11".repeat(20)}`;

/**
 * What clients say of a block that they do not know or a tag that they cannot resolve. They were asked for the block or
 * for a proof.
 */
const UNKNOWN: Said[] = [
  ["cannot query unfinalized data", -32000],
  ["no finalized block", -32000],
  ["finalized block unknown", -32000],
  ["Incorrect head block", -32001],
  ["finalized block not found", -32000], // geth
  ["safe block not found", -32000],
  ["header not found", -32000],
  ["header for hash not found", -32000],
  ["block #19493153 not found", -32000],
  ["Unknown block", -39001], // Besu, Erigon
  ['block "finalized" not available (head block: 21459236)', -39001],
  ['block "finalized" not available (head block: 21459236)', -32000],
  ["whatever it says", -39001],
  ["Block not found", -32000],
  ["block not found: finalized", -32001], // reth
  [`block not found: hash ${HASH}`, -32001],
  ["header not found: 19493153", -32001],
  ["unknown block number", -32001],
  [`${HASH} could not be found: Block ${HASH} could not be found`, -32001], // Nethermind
  ["Could not find block", -32000],
  ["Resource not found", -32001], // EIP-1898, anvil
  ["BlockOutOfRangeError: block height is 4 but requested was 9", -32602],
  ["Received invalid block tag 5. Latest block number is 3", -32000], // Hardhat
  ["specified block greater than current height", -32602], // ethereumjs
  ["Unsupported block tag finalized", -32000], // Nimbus
  ["unsupported block tag: finalized", -32602],
  ["invalid argument 0: hex string without 0x prefix", -32602], // geth from before the tags
  ["Invalid block number: missing 0x prefix.", -32602], // OpenEthereum
  ["requested block 99 after last accepted block 98", -32000], // coreth
  ["failed to get header: header not found", -32000],
  ["no such block", -32000],
  ["block 99 does not exist", -32000],
  ["Cannot find block 0x63", -32000],
];

/** What clients say of a state that they do not have. */
const UNAVAILABLE: Said[] = [
  ["layer stale", -32000],
  ["triedb parent [0xab12] layer missing", -32000],
  ["historical proof window exceeded", -32000],
  ["no proofs for the requested block", -32000],
  ["eth_getProof is only available for latest block", -32000],
  [`missing trie node ${ROOT} (path ) state 0x${ROOT} is not available, not found`, -32000], // geth, bor
  [`missing trie node ${ROOT} (path ) <nil>`, -32000], // nitro
  [`historical state ${ROOT} is not available`, -32000],
  ["historical state not available in path scheme yet", -32000],
  ["required historical state unavailable (reexec=128)", -32000],
  ["state histories haven't been fully indexed yet", -32000],
  [`state 0x${ROOT} is not available`, -32000],
  [`state 0x${ROOT} is not canonical`, -32000],
  ["World state unavailable", -32000], // Besu
  [`No state available for block ${HASH}`, -32002], // Nethermind
  ["Internal error: Nethermind.Trie.MissingTrieNodeException: Node A is missing from the DB", -32603],
  ["no state found for block number 19493153", -32603], // reth, op-reth
  [`no state found for block ${HASH}`, -32603],
  ["distance to target block exceeds maximum proof window", -32602],
  ["distance to target block exceeds maximum permitted", -32602],
  ["state at block #19493153 is pruned", -32000],
  ["old data not available due to pruning", -32603],
  ["requested block is too old, block must be within 100000 blocks of the head block number (currently 9)", -32000], // Erigon
  ["no proofs available", -32000],
  ["proofs are available only for the latest block", -32000],
  ["This request is not supported because your node is running with state pruning.", -32000], // Parity
  ["Proof of locally modified state in fork mode is unsupported.", -32000], // Hardhat
  ["Required data unavailable", -32000], // anvil
  ["State not found for block 5", -32000],
  ["state is not available", -32000],
  ["state already been pruned", -32000],
  ["historical proofs are not supported", -32000],
  ["no historical RPC is available for this historical (pre-bedrock) execution request", -32000], // op-geth
  ["eth_getProof: proofs are limited to the latest 128 blocks", -32000],
  ["pruned history unavailable", 4444], // EIP-4444
  ["requested height 5 has been pruned; earliest available is 100", -32000], // Sei
  ["project ID does not have access to archive state", -32000], // Infura
  ["Archive requests require a personal token", -32602, 403], // PublicNode
  ["Access to archival, debug, or trace data is not included in your current plan", -32000],
];

const NOT_CANONICAL: Said[] = [
  ["hash is not currently canonical", -32000], // geth
  [`hash ${HASH} is not currently canonical`, -32000], // Erigon
  [`${HASH} block is not canonical`, -32000], // Nethermind
  ["Invalid input", -32000], // EIP-1898, Besu
];

/** What looks like one of them, and says nothing about a block or its state. */
const REFUSALS: Said[] = [
  ["service state not found", -32000],
  ["session state not found", -32000],
  ["required data unavailable due to maintenance", -32000],
  ["Your IP block is not found", -32000],
  ["Cloudflare block not found", -32000],
  ["We could not find block storage service", -32000],
  ["the method eth_getProof does not exist/is not available", -32601],
  ["Method not found", -32601],
  ["block not found", -32601],
  ["missing trie node", -32601],
  ["eth_getProof is disabled", -32000],
  ["eth_getProof is not available on this chain", -32000],
  ["rpc method is not whitelisted", -32000],
  ["Unsupported method: eth_getProof. See available methods at the documentation", -32600],
  ["The method eth_getBlockByNumber is not available for state queries", -32000],
  ["limit exceeded", -32005],
  ["header not found", -32005],
  ["Too Many Requests", -32000],
  ["block not found", undefined, 429],
  ["Your app has exceeded its compute units per second capacity", 429],
  ["archive request rate limit exceeded", -32000],
  ["over rate limit", -32016],
  ["error code: 1015"],
  ["header not available in this plan", -32000],
  ["block not available in your current plan", -32000],
  ["state not available on the free tier", -32000],
  ["block range too large", -32000],
  ["block range too large: header not found", -32000],
  ["Authorization header not found", undefined, 400],
  ["x-api-key header not found", undefined, 400],
  ["Host header not found"],
  ["Resource not found", undefined, 404],
  ["The requested resource was not found"],
  ["404 page not found", undefined, 404],
  ["receipts for block not found", -32000],
  ["parent block not found", -32000],
  ["account not found", -32000],
  ["transaction not found", -32000],
  ["Forbidden", undefined, 403],
  ["Service Unavailable", undefined, 503],
  ["The service is temporarily unavailable", -32603],
  ["upstream timed out: no answer from the block cache", -32603],
  ["execution reverted", 3],
  ["internal error", -32603],
  ["invalid state transition", -32000],
  ["node is not synced", -32000],
];

describe("The words of clients", function () {
  let block: Record<string, unknown>;

  before(async function () {
    const { provider } = await network.create();
    block = (await provider.request({ method: "eth_getBlockByNumber", params: ["0x0", false] })) as typeof block;
  });

  const failing =
    (method: string, [message, code, status]: Said): Request =>
    (args) =>
      args.method.startsWith(method) ? Promise.reject({ message, code, status }) : Promise.resolve(block);
  const header = (said: Said, of: BlockId = "finalized"): Promise<unknown> =>
    fetchHeader(failing("eth_getBlock", said), { block: of });
  const proof = (said: Said): Promise<unknown> =>
    prove(failing("eth_getProof", said), { anchor: { number: 0n }, account: ACCOUNT });

  const expectEach = async (code: ErrorCode, table: Said[], ask: (said: Said) => Promise<unknown>): Promise<void> => {
    for (const said of table) {
      const { details } = await rejected(code, ask(said));
      expect((details as { reason: string }).reason, said[0]).to.equal(said[0].replaceAll("<nil>", "").trim());
    }
  };

  it("every row decides its own example", function () {
    for (const { clients, situation, words, codes, statuses, example } of WORDINGS) {
      expect(words?.test(example) ?? true, `${clients}: ${example}`).to.equal(true);
      const [rpcCode] = codes ?? [];
      const [httpStatus] = statuses ?? [];
      const refusal = {
        reason: example,
        ...(rpcCode === undefined ? {} : { rpcCode }),
        ...(httpStatus === undefined ? {} : { httpStatus }),
      };
      expect(situationOf(refusal), `${clients}: ${example}`).to.equal(situation);
    }
  });

  it("O8: an unknown block and a tag that cannot be resolved are one code, for the header and for the proof", async function () {
    await expectEach("BLOCK_NOT_FOUND", UNKNOWN, header);
    await expectEach("BLOCK_NOT_FOUND", UNKNOWN, (said) => header(said, { hash: HASH }));
    await expectEach("BLOCK_NOT_FOUND", UNKNOWN, proof);
  });

  it("O9: a state that is not there is one code", async function () {
    await expectEach("STATE_UNAVAILABLE", UNAVAILABLE, proof);
    await rejected(
      "STATE_UNAVAILABLE",
      prove(({ method }) => Promise.resolve(method === "eth_getProof" ? null : block), {
        anchor: 0n,
        account: ACCOUNT,
      }),
    );
  });

  it("O9: of a header, words about the state say nothing; of a pruned block, that it is not known", async function () {
    await rejected("RPC_FAILED", header(["missing trie node", -32000]));
    await rejected("BLOCK_NOT_FOUND", header(["pruned history unavailable", 4444]));
  });

  it("O2: a block of another branch is one code", async function () {
    await expectEach("BLOCK_NOT_CANONICAL", NOT_CANONICAL, proof);
  });

  it("O8, O9: limits, plans, methods and everything unknown say nothing about a block or its state", async function () {
    await expectEach("RPC_FAILED", REFUSALS, header);
    await expectEach("RPC_FAILED", REFUSALS, proof);
  });
});
