import { toBytes, toHex, toWord, type Hex } from "../../src/core/bytes.js";
import { quorum } from "../../src/rpc/quorum.js";
import { LedgerHolder__factory } from "../../typechain-types/index.js";
import type { Scenario } from "../types.js";
import { UNIT, blocksOf, ether, signersOf } from "../world.js";
import { beginApart, type Beginning } from "./begin.js";
import { KeptLedger, evidenceOf } from "./kept.js";
import type { LedgerMarkets } from "./markets.js";

/** The contract that takes deposits, and the one that most clients were told. */
export const DEPOSITS: Hex = `0x${"42".repeat(20)}`;
export const WRONG: Hex = `0x${"24".repeat(20)}`;
const START = { bob: 500n * UNIT };
const MADE_UP = 900n * UNIT;

/** Most clients were told a wrong contract, and agree with each other. Agreement is no evidence. */
export const wrongConfigMajority: Scenario = {
  id: "wrong-config-majority",
  title: "The majority is wrong",
  incident:
    "On 24 February 2025 the Pectra fork of Holesky found most of its clients with a wrong address of the deposit contract: the majority built on an invalid chain, and for two weeks nothing was final. Here two of three endpoints show such a branch, on which Erin has a deposit.",

  async run(progress) {
    let settings: Hex | undefined;
    const { first, others } = await beginApart(["the valid branch", "the majority's branch"], async (chain) => {
      const { deployer } = await signersOf(chain);
      const holder = await new LedgerHolder__factory(deployer).deploy();
      await holder.setCustody(BigInt(DEPOSITS));
      settings = (await holder.getAddress()) as Hex;
      const code = { account: settings, isSlot: true, slot: toWord(0n), expected: toWord(BigInt(DEPOSITS)) };
      return { balances: START, codes: [code] };
    });
    const { markets, story, ledger, beside, chain } = first;
    const majority = others[0]!;
    const from = chain.head.number;

    const name = "Bob is paid his 500 on the valid branch";
    const bob = { legal: true, because: `on this branch he has ${ether(await markets.held("bob"))}.` };
    await story.claim({ name, role: "bob", signed: ledger.last, ...bob });

    progress("most clients take deposits from another contract");
    const signed = await signWrongly(first, majority, settings!);

    progress("what they signed is presented on the valid branch");
    await story.refused("The majority's commitment is relayed on the valid branch", ledger.relay(signed));
    const held = await markets.held("erin");
    await story.claim({
      name: "Erin is paid her deposit on the valid branch",
      ...{ role: "erin", signed, legal: false, because: `on this branch she has ${ether(held)}.` },
      meanwhile: () => story.contradict((desk) => desk.disputeAnchor(evidenceOf(signed))),
    });
    await beside.commit();
    await story.claimBeside(beside);

    const branches = [
      { name: chain.name, fate: "canonical" as const, blocks: blocksOf(chain, from) },
      { name: majority.chain.name, fate: "abandoned" as const, blocks: blocksOf(majority.chain, from) },
    ];
    const badDebt = await markets.overpaid({ ...START, erin: 0n });
    await Promise.all([chain.close(), majority.chain.close()]);
    return {
      ...story.result(from),
      branches,
      badDebt: {
        ...badDebt,
        unit: "TUSD",
        decimals: 18,
        caption: "Paid on the valid branch for what only the other has",
      },
      notes: [
        "A quorum does not count heads: two hashes at one height are an error, whatever the majority says.",
        "Where all endpoints are wrong alike, the rule about the configuration is what is left: it compares with the state, and not with an answer.",
      ],
    };
  },
};

/** Two of three signers follow the majority. Its branch has another configuration, and a deposit of Erin's. */
async function signWrongly({ chain, story, ledger }: Beginning, majority: LedgerMarkets, settings: Hex) {
  const there = story.on(majority);
  const config = LedgerHolder__factory.connect(settings, majority.signers.feed);
  await config.setCustody(BigInt(WRONG));
  await majority.hold({ ...START, erin: MADE_UP });
  await majority.chain.mine(3);
  await chain.mine(3);
  const one = quorum([majority.chain.request, (args) => majority.chain.request(args), chain.request]);
  const asked = ledger.prepare({ connection: (args) => one.request(args) });
  await story.refused("A signer asks three endpoints, of which two agree", asked);

  const kept = new KeptLedger(majority, await majority.treeOf({ ...START, erin: MADE_UP }));
  await story.refused("A signer on the majority's branch checks the configuration, too", kept.prepare());
  const signed = await kept.commitUnchecked();
  const word = toHex(toBytes(toWord(await config.custody()), "word").slice(12));
  const row = {
    ...{ key: "contract that takes deposits", ledger: DEPOSITS, chain: word, agrees: word === DEPOSITS },
    ...{ verdict: "another contract", place: { account: settings, slot: toWord(0n) } },
  };
  await there.compare("The rule book beside the majority's branch", signed, [row]);
  await there.claim({
    name: "Erin is paid her deposit on the majority's branch",
    ...{ role: "erin", signed, legal: false, because: `${word} takes deposits there, and not ${DEPOSITS}.` },
    meanwhile: () => there.refute(kept, signed),
  });
  return signed;
}
