import type { Hex } from "../../src/core/bytes.js";
import { hashCommitment, type Commitment } from "../../src/ledger/commitment.js";
import type { Scenario } from "../types.js";
import { UNIT, blocksOf, ether } from "../world.js";
import { beginApart, type Beginning } from "./begin.js";
import { KeptLedger, evidenceOf } from "./kept.js";
import { WALLETS, type Balances, type LedgerMarkets } from "./markets.js";

const START = { bob: 500n * UNIT } satisfies Balances;
/** What each node's branch has of Erin. */
const TRUTHS = [0n, 900n * UNIT, 400n * UNIT];

/** Three signers see three branches. One branch wins after two of them have signed another. */
export const threeTruths: Scenario = {
  id: "three-truths",
  title: "Three signers, three truths",
  incident:
    "On 2 September 2025 three sequencers of Starknet observed different states of Ethereum, and the network reorganised twice. Here each of three signers follows a branch of its own; two of them then settle on one, and the network on another.",

  async run(progress) {
    const { first, others } = await beginApart(["branch A", "branch B", "branch C"], () => ({ balances: START }));
    const { markets, story, ledger, beside, chain } = first;
    const from = chain.head.number;
    const name = "Bob is paid his 500";
    const bob = { legal: true, because: `every branch has ${ether(await markets.held("bob"))} of his.` };
    await story.claim({ name, role: "bob", signed: ledger.last, ...bob });

    progress("each signer prepares from its own branch");
    const kept = await tellTruths(first, others);
    const proposals = await Promise.all(kept.map((one) => one.prepare()));
    const alone = await ledger.sign(proposals[0]!.commitment, [WALLETS[0]!]);
    await story.refused("The first signer's is relayed on branch A with its own signature", ledger.relay(alone));
    const foreign = await kept[1]!.sign(proposals[1]!.commitment, [WALLETS[1]!]);
    const mixed = { ...alone, signatures: alone.signatures.map((own, i) => (i === 1 ? foreign.signatures[1]! : own)) };
    await story.refused("It is relayed with the second signer's signature, of branch B", ledger.relay(mixed));

    progress("the third signer settles on branch B; then the network settles on branch A");
    const { signed, agrees, seen } = await settleOnB(kept, proposals[1]!.commitment, from);
    await story.refused("What two of them signed is relayed on branch A", ledger.relay(signed));
    const held = await markets.held("erin");
    await story.compare(
      "The ledger of branch B beside branch A",
      signed,
      await story.balances(signed, ["bob", "erin"]),
    );
    await story.claim({
      name: "Erin is paid her deposit of branch B",
      ...{ role: "erin", signed, legal: false, because: `the branch that won has ${ether(held)} of hers.` },
      meanwhile: () => story.contradict((desk) => desk.disputeAnchor(evidenceOf(signed))),
    });
    await beside.commit();
    await story.claimBeside(beside);

    const badDebt = await markets.overpaid({ ...START, erin: 0n });
    const branches = [
      { name: chain.name, fate: "canonical" as const, blocks: blocksOf(chain, from) },
      ...seen.map((blocks, i) => ({ name: ["branch B", "branch C"][i]!, fate: "abandoned" as const, blocks })),
    ];
    const result = { ...story.result(from), branches };
    await Promise.all(kept.map((one) => one.markets.chain.close()));
    const digests = new Set<Hex>(proposals.map(({ digest }) => digest)).size;
    return {
      ...result,
      badDebt: { ...badDebt, unit: "TUSD", decimals: 18, caption: "Paid for a deposit that the network does not have" },
      measured: { digests: BigInt(digests), agrees: agrees ? 1n : 0n },
      notes: [
        `The three prepared ${digests} different commitments: signatures of different digests make no quorum.`,
        "Finality would have spared them the dispute: these signers took their nodes' word for it.",
      ],
    };
  },
};

/** Each branch gets blocks and a balance of its own, and its signer's ledger follows. */
async function tellTruths({ markets, ledger }: Beginning, others: readonly LedgerMarkets[]): Promise<KeptLedger[]> {
  const kept: KeptLedger[] = [];
  for (const [i, own] of [markets, ...others].entries()) {
    const balances = { ...START, erin: TRUTHS[i]! };
    await own.hold(balances);
    await own.chain.mine(3);
    const tree = await own.treeOf(balances);
    const one = own === markets ? ledger : new KeptLedger(own, tree);
    one.tree = tree;
    kept.push(one);
  }
  return kept;
}

/** The third node adopts branch B, and its signer comes to the second's proposal. Both sign it, and it is on record there. */
async function settleOnB(kept: readonly KeptLedger[], proposal: Commitment, from: bigint) {
  const [b, c] = [kept[1]!, kept[2]!];
  const before = blocksOf(c.markets.chain, from);
  await c.markets.chain.adopt(b.markets.chain);
  c.tree = b.tree;
  const { commitment } = await c.prepare();
  const signed = await b.sign(proposal, WALLETS.slice(1));
  await b.relay(signed);
  const agrees = hashCommitment(commitment) === hashCommitment(proposal);
  return { signed, agrees, seen: [blocksOf(b.markets.chain, from), before] };
}
