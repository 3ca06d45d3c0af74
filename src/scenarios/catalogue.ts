import type { Member } from "./protocol.js";
import {
  finalityLost,
  healthy,
  otherOrder,
  outageOf,
  payoutReorganised,
  reorgOf,
  sisterChain,
  splitOf,
  type Situation,
} from "./situations.js";

interface Entry {
  readonly title: string;
  readonly incident: string;
  readonly needs: readonly Member[];
  readonly play: Situation;
}

const entry = (title: string, incident: string, play: Situation, needs: readonly Member[] = []): Entry => ({
  title,
  incident,
  needs,
  play,
});

const OUTAGE: readonly Member[] = ["seesOutages", "close"];

/** What a chain can show of any protocol. What took too long in the world is played in small. */
export const CATALOGUE = {
  "btc-2013-split": entry("Two releases, two chains", "Bitcoin, 2013-03-11: 0.7 and 0.8 disagreed about a block.", splitOf("version 0.7", "version 0.8")),
  "pow-deep-reorg": entry("Rented hash rewrites the end of a chain", "Bitcoin Gold, January 2020: reorgs of 14 and 15 blocks.", reorgOf(15)),
  "etc-3693": entry("One client stays on the old fork", "Ethereum Classic, 2020-08-01: a reorg of 3,693 blocks, to which OpenEthereum did not switch. In small.", splitOf("Geth", "OpenEthereum")),
  "infura-minority-fork": entry("The wallet's node is on the minority fork", "Ethereum, 2020-11-11: Infura followed a minority from block 11,234,873 on.", splitOf("majority", "Infura")),
  "geth-returndata-split": entry("A bug changes what contracts return", "Ethereum, 2021-08-27: CVE-2021-39137 split clients at block 13,107,518.", splitOf("patched", "unpatched")),
  "beacon-7": entry("Seven blocks are replaced", "Ethereum, 2022-05-25: a reorg of 7 blocks.", reorgOf(7)),
  "ethpow-replay": entry("What was signed for one chain comes to its sister", "ETHPoW, 2022-09-16: messages of Ethereum were replayed.", sisterChain),
  "polygon-157": entry("157 blocks are replaced", "Polygon, 2023-02-22: a reorg of 157 blocks.", reorgOf(157)),
  "op-unsafe-stall": entry("The newest block is replaced", "OP Mainnet, 2024-02-15: reorgs of one unsafe block.", reorgOf(1)),
  "three-truths": entry("Three nodes, three states", "Starknet, 2025-09-02: three sequencers saw different states of Ethereum.", splitOf("first", "second", "third")),
  "selfish-18": entry("More blocks are replaced than anybody waits for", "Monero, 2025-09-14: a reorg of 18 blocks, past a lock of 10.", reorgOf(18)),
  "state-rewrite-fork": entry("A hard fork leaves nodes behind", "Gnosis Chain, 2025-12-22: nodes without the upgrade forked off.", splitOf("upgraded", "left behind")),
  "rollback-plan": entry("Hours are to be rolled back", "Flow, 2025-12-27: a rollback of some six hours was planned. In small: 300 blocks.", reorgOf(300)),
  "arb-outage": entry("No block for 78 minutes", "Arbitrum One, 2023-12-15: the sequencer stood still.", outageOf(4_680), OUTAGE),
  "appchain-halt": entry("No block for nine and a half hours", "dYdX Chain, 2024-04-08: an upgrade halted it.", outageOf(34_200), OUTAGE),
  "sequencer-handoff": entry("No block for 33 minutes", "Base, 2025-08-05: a sequencer that was not ready took over.", outageOf(1_980), OUTAGE),
  "stale-resume": entry("A chain resumes with old prices", "dYdX Chain, 2025-10-10: eight hours, then liquidations at stale prices.", outageOf(28_800), OUTAGE),
  "perpdex-overload": entry("An outage in a crash", "Lighter, 2025-10-10: four and a half hours.", outageOf(16_200), OUTAGE),
  "finality-stall": entry("Nothing is finalized, and trading goes on", "Ethereum, 2023-05-11: finality stood still for 4 and 9 epochs. In small.", finalityLost(0)),
  "fusaka-old-state": entry("Slots are missed, and trading goes on", "Ethereum, 2025-12-04: 248 of 1,344 slots were missed.", finalityLost(2)),
  "reorg-across-expiry": entry("A payout is reorganised", "Synthetic: a reorg replaces the block on which a payout was prepared.", payoutReorganised, ["payout"]),
  "keeper-key-reuse": entry("A signed action means something else", "Synthetic: a reorg drops, delays and reorders what was signed.", otherOrder),
  "healthy-soak": entry("A healthy chain: nothing is blocked", "Synthetic: quiet hours, missed slots, and reorgs above the anchors.", healthy),
} as const; // prettier-ignore

/** A scenario that a chain can show of a protocol. */
export type ScenarioId = keyof typeof CATALOGUE;

const LEDGER = "It is about a ledger that is kept off the chain, and not about what a chain does.";
const CLIENT = "It is about whom a client asks, before anything is sent: the contract sees nothing of it.";
const PROOF =
  "It is about proofs of another chain's or another contract's state, which each protocol takes in its own form.";
const MARKET = "The chain was right, and the market or the feed was not.";

/** The other scenarios, and why no chain shows them of a protocol by its adapter alone. */
export const NOT_IN_CATALOGUE: Readonly<Record<string, string>> = {
  "congestion-lag": MARKET,
  "oracle-floor": MARKET,
  "bridge-emergency-lock": MARKET,
  "safe-replay-other-chain": "An address belongs to somebody else on another chain: a check at deployment sees that.",
  "counterfeit-collateral": PROOF,
  "phantom-deposit": PROOF,
  "exec-vs-proof": PROOF,
  "client-rejects-valid": CLIENT,
  "wrong-config-majority": CLIENT,
  "client-stateroot": CLIENT,
  "bad-milestone": "No depth of the reorgs is on record: polygon-157 shows the like.",
  "api-lag": CLIENT,
  "lb-mixed-rpc": CLIENT,
  "db-rollback": LEDGER,
  "invalid-transition": LEDGER,
  "deposit-id-reuse": LEDGER,
  "retroactive-cancel":
    "Who may undo a fill by a reorg follows from when profit is released, which an adapter does not say.",
};
