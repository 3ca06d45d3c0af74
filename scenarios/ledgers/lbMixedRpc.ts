import { SettlementGuardError } from "../../src/core/errors.js";
import { quorum } from "../../src/rpc/quorum.js";
import type { Request } from "../../src/rpc/request.js";
import type { Scenario } from "../types.js";
import { UNIT } from "../world.js";
import { beginApart, type Beginning } from "./begin.js";
import { evidenceOf } from "./kept.js";
import type { Balances, LedgerMarkets } from "./markets.js";

const START = { bob: 500n * UNIT, erin: 500n * UNIT } satisfies Balances;
/** After Bob has won Erin's. */
const SINCE = { bob: 1_000n * UNIT, erin: 0n } satisfies Balances;
const ROUNDS = 12;

/** One address, two nodes, of which one lags. Whoever asks sees the chain jump back, and nothing is wrong. */
export const lbMixedRpc: Scenario = {
  id: "lb-mixed-rpc",
  title: "A load balancer over two nodes",
  incident:
    "Synthetic, after an indexer behind a load-balanced RPC that answered with an ancestor and then with the tip: three of three reorgs that it reported were none. Here signers ask such an address, whose second node is some blocks behind.",

  async run(progress) {
    const { first, others } = await beginApart(["the node at the tip", "the node that lags"], () => ({
      balances: START,
    }));
    const { markets, story, ledger, beside, chain } = first;
    const behind = others[0]!;
    const from = chain.head.number;
    const old = ledger.last;

    progress("erin loses to bob, and the ledger follows");
    await markets.hold(SINCE);
    ledger.tree = await markets.treeOf(SINCE);
    await ledger.commit();
    await beside.commit();

    progress("signers ask through the load balancer");
    const seen = await askOften(first, behind);
    const { last: newest } = ledger;
    await story.compare("The newest commitment", newest, await story.balances(newest, ["bob", "erin"]));
    const ancestor = evidenceOf(old, ledger.relayed);
    await story.refused(
      "A watcher disputes the block that the lagging node shows as the head",
      story.contradict((desk) => desk.disputeAnchor(ancestor)),
    );

    progress("the old commitment, which the lagging node shows, is presented");
    for (const kept of [ledger, beside]) await kept.commit();
    const name = "Erin is paid by the commitment that the lagging node shows as the newest";
    await story.claim({ name, role: "erin", signed: old, ...(await story.judge("erin", old)) });
    const { last } = ledger;
    await story.claim({
      name: "Bob is paid by the newest",
      role: "bob",
      signed: last,
      ...(await story.judge("bob", last)),
    });
    await story.claimBeside(beside);
    story.event(await story.statusOf());

    const badDebt = await markets.overpaid(SINCE);
    const status = await story.statusOf();
    const result = story.result(from);
    await Promise.all([chain.close(), behind.chain.close()]);
    return {
      ...result,
      badDebt: { ...badDebt, unit: "TUSD", decimals: 18, caption: "Paid by a commitment that was replaced" },
      measured: { ...seen, synced: status === "Synced" ? 1n : 0n },
      notes: [
        `Of ${ROUNDS} attempts to prepare a commitment ${seen.lagged} were refused as lag, ${seen.prepared} came about, and ${seen.alarms} took it for a contradiction.`,
        "The market stayed open throughout: an ancestor is no evidence, and whoever tries to dispute with it is refused.",
      ],
    };
  },
};

/** What the library says where a node has not come as far as another. */
const LAG = [
  "HEAD_DIFFERS",
  "ANCHOR_ROLLED_BACK",
  "BLOCK_NOT_FOUND",
  "STATE_UNAVAILABLE",
  "QUORUM_MISSED",
  "RPC_FAILED",
];

/** Prepares through the load balancer again and again. The ledger is committed to meanwhile, and the second node follows late. */
async function askOften({ chain, ledger }: Beginning, behind: LedgerMarkets) {
  const seen = { lagged: 0n, prepared: 0n, alarms: 0n };
  const nodes = [chain.request, behind.chain.request];
  for (let round = 0; round < ROUNDS; round++) {
    if (round % 4 === 1) await ledger.commit();
    else if (round % 4 === 3) await behind.chain.adopt(chain);
    else await chain.mine(1);
    // Whose turn it is first differs from round to round. In every third a second address answers, too, which never lags.
    const one = balanced(nodes, round);
    const both = quorum([one, (args) => chain.request(args)]);
    const connection: Request = round % 3 === 2 ? (args) => both.request(args) : one;
    const code = await ledger.prepare({ connection, last: ledger.last.commitment }).then(
      () => "",
      (thrown: unknown) => (SettlementGuardError.is(thrown) ? thrown.code : String(thrown)),
    );
    if (code === "") seen.prepared++;
    else if (LAG.includes(code)) seen.lagged++;
    else seen.alarms++;
  }
  return seen;
}

/** One address over several nodes: each answers in turn. */
function balanced(nodes: readonly Request[], first: number): Request {
  let next = first;
  return (args) => nodes[next++ % nodes.length]!(args);
}
