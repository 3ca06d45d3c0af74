import { fetchHeader } from "../../src/actions/fetchHeader.js";
import { keccak256 } from "../../src/core/keccak.js";
import { toHex } from "../../src/core/bytes.js";
import { quorum } from "../../src/rpc/quorum.js";
import type { Request } from "../../src/rpc/request.js";
import type { Scenario } from "../types.js";
import { UNIT, forks } from "../world.js";
import { begin, type Beginning } from "./begin.js";
import { evidenceOf } from "./kept.js";
import type { Balances } from "./markets.js";

const START = { bob: 500n * UNIT } satisfies Balances;
const MADE_UP = 400n * UNIT;
/** What a client with a fault computes as the root of the state. */
const FALSE_ROOT = toHex(keccak256(new TextEncoder().encode("a trie update that was lost")));

/** A client computes a wrong state root for a canonical block, and signers believe it. */
export const clientStateRoot: Scenario = {
  id: "client-stateroot",
  title: "A client with a wrong state root",
  incident:
    "On 2 September 2025 a bug in trie updates made Reth nodes compute a wrong state root, and stall. Here two signers take such a root from their client: the number and the hash of the block are true.",

  async run(progress) {
    const beginning = await begin(await forks.create({ name: "ethereum" }), { balances: START });
    const { markets, story, ledger, beside, chain } = beginning;
    const from = chain.head.number;
    const name = "Bob is paid his 500";
    await story.claim({ name, role: "bob", signed: ledger.last, ...(await story.judge("bob", ledger.last)) });

    progress("a client computes another root");
    await checkFirst(beginning);
    ledger.tree = await markets.treeOf({ ...START, erin: MADE_UP });
    const { anchor } = await ledger.prepareUnchecked();
    const signed = await ledger.commitUnchecked({ anchor: { ...anchor, stateRoot: FALSE_ROOT } });
    await beside.commit();
    const { rlp, stateRoot } = await fetchHeader(chain.request, { block: { number: anchor.number } });
    const roots = { key: "state root", ledger: FALSE_ROOT, chain: stateRoot, agrees: false, verdict: "another root" };
    const rows = [roots, ...(await story.balances(signed, ["bob", "erin"]))];
    await story.compare("A ledger over a state that no block has", signed, rows);
    await story.claim({
      name: "Erin is paid what the ledger of that state says",
      ...{ role: "erin", signed, ...(await story.judge("erin", signed)) },
      meanwhile: () => story.contradict((desk) => desk.disputeStateRoot(evidenceOf(signed, ledger.relayed), rlp)),
    });
    await story.claimBeside(beside);

    progress("another client is asked, and the ledger heals");
    ledger.tree = await markets.treeOf(START);
    await story.heal([ledger, beside]);
    const badDebt = await markets.overpaid({ ...START, erin: 0n });
    const result = story.result(from);
    await chain.close();
    return {
      ...result,
      badDebt: { ...badDebt, unit: "TUSD", decimals: 18, caption: "Paid out of a state that no block has" },
      notes: [
        "The header of the block is all the evidence that is needed: its hash is the anchor's, and it names another root.",
        "The desk does not read headers when a commitment is relayed. A market that pays at once would have paid.",
      ],
    };
  },
};

/** What happens to signers who hash the header themselves. */
async function checkFirst({ chain, story, ledger }: Beginning): Promise<void> {
  const client = faulty(chain.request);
  const own = "A signer hashes the header that the client answers";
  await story.refused(own, ledger.prepare({ connection: client }));
  const both = quorum([chain.request, client]);
  const asked = ledger.prepare({ connection: (args) => both.request(args) });
  await story.refused("A signer asks another client, too", asked);
}

/** A node whose blocks have another state root. */
function faulty(request: Request): Request {
  return async (args) => {
    const answer = await request(args);
    if (!args.method.startsWith("eth_getBlockBy") || answer === null) return answer;
    return { ...(answer as object), stateRoot: FALSE_ROOT };
  };
}
