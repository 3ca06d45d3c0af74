import type { Continuity } from "./continuity.js";

/** Why a chain is believed to be what its profile says, or why it is not. */
export type ChainEvidence =
  | {
      readonly kind: "recorded-header";
      /** A file of real headers of this very chain, which tests read. */
      readonly file: string;
    }
  | {
      readonly kind: "specification";
      /** What was read: an address, or a specification's name. */
      readonly source: string;
    };

/** The shape of a chain's headers from a height on. */
export interface HeaderShape {
  readonly from: bigint | "genesis";
  readonly shape: string;
}

/** What is known of a chain on which the guard can stand. */
export interface KnownChain {
  readonly id: number;
  readonly name: string;
  /**
   * What tells the hash of a block:
   * - `native`: BLOCKHASH, then the history contract of EIP-2935. NUMBER is the chain's own height;
   * - `arbitrum`: ArbSys, and Arbitrum's own ring of EIP-2935. The opcodes speak of another chain.
   */
  readonly source: "native" | "arbitrum";
  /** For how many blocks before the executing one the source answers. It is 256 where nothing says that EIP-2935 is active. */
  readonly hashWindow: number;
  /** The usual time between two blocks, in milliseconds. Undefined where blocks come with transactions. */
  readonly blockTime?: number;
  /** The longest average time between two blocks of a chain that lives, in milliseconds. */
  readonly longestBlockTime?: number;
  readonly continuity: Continuity;
  /** Of an OP-stack chain, the id of the chain that it settles on. */
  readonly l1?: number;
  /** By how much a healthy sequencer's L1 origin lags at the most, in seconds. */
  readonly originLag?: number;
  /** What finality rests on, and the deepest reorg that is on record. */
  readonly reorgs: string;
  readonly headers: readonly HeaderShape[];
  /** A header holds the state after its own block. A chain whose lag is not known is refused. */
  readonly stateRootLag: 0;
  /** Whether the state is a Merkle-Patricia trie under a Keccak-256 root in the header. */
  readonly stateProofs: boolean;
  readonly evidence: ChainEvidence;
}

/** A chain that was looked at, and for which nothing is claimed. */
export interface RefusedChain {
  readonly id: number;
  readonly name: string;
  readonly source: "refused";
  readonly evidence: { readonly kind: "refused"; readonly because: string };
}

/** EIP-2935, HISTORY_SERVE_WINDOW. */
const HISTORY_WINDOW = 8_191;
/** Of Arbitrum's ring, from ArbOS 40 on: 48 times as many. */
const ARBITRUM_WINDOW = 393_168;
/** Of BLOCKHASH, and of `arbBlockHash`. */
const OPCODE_WINDOW = 256;

const recorded = (file: string): ChainEvidence => ({ kind: "recorded-header", file: `headers/real/${file}.json` });
const specified = (source: string): ChainEvidence => ({ kind: "specification", source });

const FROM_LONDON = "16 fields from London on, then 17 (Shanghai), 20 (Cancun), 21 (Prague)";
const CASPER = "Casper FFG, final after two epochs.";

type Named = Pick<KnownChain, "id" | "name" | "evidence">;

const ethereum = ({
  reorgs = CASPER,
  headers = [{ from: "genesis", shape: FROM_LONDON }],
  ...chain
}: Named & Partial<KnownChain>): KnownChain => ({
  source: "native",
  hashWindow: HISTORY_WINDOW,
  blockTime: 12_000,
  longestBlockTime: 13_500,
  continuity: "block-times",
  reorgs,
  headers,
  stateRootLag: 0,
  stateProofs: true,
  ...chain,
});

const opStack = (chain: Named & Partial<KnownChain>): KnownChain => ({
  source: "native",
  hashWindow: HISTORY_WINDOW,
  blockTime: 2_000,
  longestBlockTime: 2_500,
  continuity: "l1-origin",
  l1: 1,
  originLag: 180,
  reorgs: "Unsafe until L1 holds the batch; final with L1.",
  headers: [{ from: "genesis", shape: `${FROM_LONDON}, as the chain's forks came` }],
  stateRootLag: 0,
  stateProofs: true,
  ...chain,
});

const onSepolia = (chain: Named & Partial<KnownChain>): KnownChain => opStack({ l1: 11_155_111, ...chain });

const arbitrum = (chain: Named & Partial<KnownChain>): KnownChain => ({
  source: "arbitrum",
  hashWindow: ARBITRUM_WINDOW,
  continuity: "arbitrum-clock",
  reorgs: "Unsafe until the parent chain holds the batch; final with it.",
  headers: [{ from: "genesis", shape: "16 fields; the mix hash carries the send count and a height of L1" }],
  stateRootLag: 0,
  stateProofs: true,
  ...chain,
});

const development = (chain: Pick<KnownChain, "id" | "name">): KnownChain =>
  ethereum({
    continuity: "on-demand",
    reorgs: "As the tests will have it.",
    evidence: specified("the fork that the client runs: Prague by default"),
    ...chain,
  });

const refused = (id: number, name: string, because: string): RefusedChain => ({
  id,
  name,
  source: "refused",
  evidence: { kind: "refused", because },
});

const EXECUTION_SPECS = "https://github.com/ethereum/execution-specs (Prague; EIP-2935)";
const REGISTRY = "https://github.com/ethereum-optimism/superchain-registry/tree/main/superchain/configs";
const BASE_SPECS = "https://docs.base.org/base-chain/specs/upgrades/isthmus/exec-engine";
const GNOSIS_SPECS = "https://github.com/gnosischain/specs/blob/master/network-upgrades/pectra.md";
const BNB_SPECS = "https://github.com/bnb-chain/BEPs (BEP-440, BEP-520, BEP-619)";
const POLYGON_SPECS = "https://github.com/maticnetwork/Polygon-Improvement-Proposals (PIP-61, PIP-66)";
const BERACHAIN_SPECS = "https://github.com/berachain/BRIPs (BRIP-0003, BRIP-0004)";
const ARBITRUM_SPECS = "https://docs.arbitrum.io/solidity-support; ArbSys.sol of nitro-contracts";

const BNB_SHAPE = "21 fields (Pascal); the extra data lists validators, the mix hash carries milliseconds";
const BOR_SHAPE = "Ethereum's first 15 fields, 16 from London on; the extra data lists validators and dependencies";
const AURA_SHAPE = "AuRa: a step and a signature where Ethereum has the mix hash and the nonce";

/**
 * The chains that were looked at, and what is known of each. `contracts/anchor/NativeChains.sol` and `docs/chains.md` are
 * generated from here (`npm run chains`).
 *
 * Nothing is claimed that a recorded header or a specification does not show. A chain that is refused, or not here, can
 * still prove itself where a guard is deployed: `SelfProvenChain`.
 *
 * @example
 * const { hashWindow } = CHAINS.find(({ id }) => id === 42_161) as KnownChain;
 */
export const CHAINS: readonly (KnownChain | RefusedChain)[] = [
  ethereum({
    id: 1,
    name: "Ethereum",
    reorgs: `${CASPER} Before the merge 7 blocks, on 2022-05-25.`,
    headers: [
      { from: "genesis", shape: "15 fields" },
      { from: 12_965_000n, shape: "16 fields (London)" },
      { from: 17_034_870n, shape: "17 fields (Shanghai)" },
      { from: 19_426_587n, shape: "20 fields (Cancun)" },
      { from: 22_431_084n, shape: "21 fields (Prague)" },
    ],
    evidence: recorded("mainnet"),
  }),
  ethereum({ id: 11_155_111, name: "Sepolia", evidence: recorded("sepolia") }),
  ethereum({
    id: 17_000,
    name: "Holesky",
    reorgs: `${CASPER} None for two weeks after a consensus bug, in February 2025.`,
    evidence: specified(EXECUTION_SPECS),
  }),
  ethereum({ id: 560_048, name: "Hoodi", evidence: specified(EXECUTION_SPECS) }),
  opStack({ id: 10, name: "OP Mainnet", evidence: specified(`${REGISTRY}/mainnet/op.toml`) }),
  onSepolia({ id: 11_155_420, name: "OP Sepolia", evidence: recorded("op-sepolia") }),
  opStack({ id: 8_453, name: "Base", evidence: specified(BASE_SPECS) }),
  onSepolia({ id: 84_532, name: "Base Sepolia", evidence: specified(BASE_SPECS) }),
  opStack({
    id: 57_073,
    name: "Ink",
    blockTime: 1_000,
    longestBlockTime: 1_250,
    evidence: specified(`${REGISTRY}/mainnet/ink.toml`),
  }),
  onSepolia({
    id: 763_373,
    name: "Ink Sepolia",
    blockTime: 1_000,
    longestBlockTime: 1_250,
    evidence: specified(`${REGISTRY}/sepolia/ink.toml`),
  }),
  opStack({
    id: 130,
    name: "Unichain",
    blockTime: 1_000,
    longestBlockTime: 1_250,
    evidence: specified(`${REGISTRY}/mainnet/unichain.toml`),
  }),
  onSepolia({
    id: 1_301,
    name: "Unichain Sepolia",
    blockTime: 1_000,
    longestBlockTime: 1_250,
    evidence: specified(`${REGISTRY}/sepolia/unichain.toml`),
  }),
  opStack({ id: 480, name: "World Chain", evidence: specified(`${REGISTRY}/mainnet/worldchain.toml`) }),
  onSepolia({ id: 4_801, name: "World Chain Sepolia", evidence: specified(`${REGISTRY}/sepolia/worldchain.toml`) }),
  opStack({ id: 34_443, name: "Mode", evidence: specified(`${REGISTRY}/mainnet/mode.toml`) }),
  onSepolia({ id: 919, name: "Mode Sepolia", evidence: specified(`${REGISTRY}/sepolia/mode.toml`) }),
  opStack({ id: 7_777_777, name: "Zora", evidence: specified(`${REGISTRY}/mainnet/zora.toml`) }),
  onSepolia({ id: 999_999_999, name: "Zora Sepolia", evidence: specified(`${REGISTRY}/sepolia/zora.toml`) }),
  opStack({ id: 1_868, name: "Soneium", evidence: specified(`${REGISTRY}/mainnet/soneium.toml`) }),
  onSepolia({ id: 1_946, name: "Soneium Minato", evidence: specified(`${REGISTRY}/sepolia/soneium-minato.toml`) }),
  opStack({
    id: 42_220,
    name: "Celo",
    blockTime: 1_000,
    longestBlockTime: 1_250,
    headers: [
      { from: "genesis", shape: "Celo's own, without ommers: refused" },
      { from: 31_056_500n, shape: "20 fields, 21 from Isthmus on" },
    ],
    evidence: specified(`https://docs.celo.org/specs/deployments; ${REGISTRY}/mainnet/celo.toml`),
  }),
  arbitrum({
    id: 42_161,
    name: "Arbitrum One",
    blockTime: 250,
    longestBlockTime: 312,
    evidence: specified(ARBITRUM_SPECS),
  }),
  arbitrum({ id: 42_170, name: "Arbitrum Nova", evidence: specified(ARBITRUM_SPECS) }),
  arbitrum({ id: 421_614, name: "Arbitrum Sepolia", evidence: recorded("arbitrum-sepolia") }),
  arbitrum({
    id: 333_333,
    name: "Nitro testnode, an Orbit chain",
    hashWindow: OPCODE_WINDOW,
    evidence: specified("https://docs.arbitrum.io/launch-orbit-chain/orbit-supported-parent-chains; ArbSys.sol"),
  }),
  ethereum({
    id: 100,
    name: "Gnosis",
    blockTime: 5_000,
    longestBlockTime: 5_600,
    reorgs: "Casper FFG, final after two epochs of 16 slots.",
    headers: [{ from: "genesis", shape: `${AURA_SHAPE}; since its merge ${FROM_LONDON}` }],
    evidence: recorded("gnosis"),
  }),
  ethereum({
    id: 10_200,
    name: "Chiado",
    blockTime: 5_000,
    longestBlockTime: 5_600,
    reorgs: "Casper FFG, final after two epochs of 16 slots.",
    headers: [{ from: "genesis", shape: `${AURA_SHAPE}; since its merge ${FROM_LONDON}` }],
    evidence: specified(GNOSIS_SPECS),
  }),
  ethereum({
    id: 137,
    name: "Polygon PoS",
    blockTime: 2_000,
    longestBlockTime: 2_400,
    reorgs: "Milestones, final in seconds. Before them 157 blocks, on 2023-02-22.",
    headers: [{ from: "genesis", shape: BOR_SHAPE }],
    evidence: specified(POLYGON_SPECS),
  }),
  ethereum({
    id: 80_002,
    name: "Polygon Amoy",
    blockTime: 2_000,
    longestBlockTime: 2_400,
    reorgs: "Milestones, final in seconds.",
    headers: [{ from: "genesis", shape: BOR_SHAPE }],
    evidence: specified(`${POLYGON_SPECS}; builder/files/genesis-amoy.json of bor`),
  }),
  ...[
    { id: 56, name: "BNB Smart Chain" },
    { id: 97, name: "BNB Smart Chain Testnet" },
  ].map((chain) =>
    ethereum({
      ...chain,
      blockTime: 450,
      longestBlockTime: 540,
      reorgs: "Fast finality in some 1.1 s; without it 240 blocks until two thirds have confirmed.",
      headers: [{ from: "genesis", shape: BNB_SHAPE }],
      evidence: specified(BNB_SPECS),
    }),
  ),
  ethereum({
    id: 80_094,
    name: "Berachain",
    hashWindow: OPCODE_WINDOW,
    blockTime: 2_000,
    longestBlockTime: 2_500,
    reorgs: "CometBFT: final at once.",
    headers: [{ from: "genesis", shape: "21 fields; 22 from Prague1 on, the last the parent's proposer" }],
    evidence: specified(BERACHAIN_SPECS),
  }),
  development({ id: 31_337, name: "Hardhat, anvil" }),
  development({ id: 1_337, name: "geth --dev, Ganache" }),

  refused(
    43_114,
    "Avalanche C",
    "ACP-194 puts the root of an earlier block into the header, and nobody here knows from when on, nor how much earlier. Its 16th field is extDataHash.",
  ),
  refused(
    59_144,
    "Linea",
    "its documentation says that its validity proof does not cover what BLOCKHASH answers. What is proven on L1 is a root of another tree.",
  ),
  refused(
    534_352,
    "Scroll",
    "BLOCKHASH was keccak(chain id, number) before Feynman. Its documentation of blocks still names a Poseidon root and 3 s, and no header since was read.",
  ),
  refused(
    146,
    "Sonic",
    "empty blocks are skipped (MaxEmptyBlockSkipPeriod), so quiet time looks like an outage. No header was read.",
  ),
  refused(
    5_000,
    "Mantle",
    "it left the upgrades of the OP stack (Skadi, Limb, Arsia). What its L1Block shows since was not read.",
  ),
  refused(
    999,
    "HyperEVM",
    "blocks of 1 s and of 1 minute share one sequence of heights. No specification says which state the root in its header is of.",
  ),
  refused(
    747_474,
    "Katana",
    "no specification of its block time or its forks was found. It is not in the superchain registry.",
  ),
];

/** Whether something is known of the chain. */
export function isKnown(chain: KnownChain | RefusedChain): chain is KnownChain {
  return chain.source !== "refused";
}
