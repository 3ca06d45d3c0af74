import { AbiCoder, encodeBytes32String, keccak256 } from "ethers";

import { disputeOf } from "../../src/actions/disputeOf.js";
import { toWord, type Hex } from "../../src/core/bytes.js";
import { ledgerKey } from "../../src/ledger/key.js";
import type { Rule } from "../../src/ledger/rules.js";
import { LedgerTree } from "../../src/ledger/tree.js";
import { USDC } from "../../tools/ledger/inputs.js";
import type { Scenario } from "../types.js";
import { UNIT, blocksOf, ether, forks, type Role } from "../world.js";
import { begin, type Beginning } from "./begin.js";
import type { SignedLedger } from "./kept.js";
import { ruleOf, type LedgerMarkets } from "./markets.js";
import { row, type Row } from "./story.js";

const AMOUNT = 900n * UNIT;
const ALICE = 50n * UNIT;
/** The number that the queue of deposits gives twice, as an owner of the ledger's. */
export const ID: Hex = `0x${"07".padStart(40, "0")}`;
const BY_ID = encodeBytes32String("deposit by id") as Hex;
const BY_CONTENT = encodeBytes32String("deposit by content") as Hex;
const RULES = { byId: 0, byContent: 1 } as const;

/** A reorg gives a deposit's number to another deposit. The ledger credited the first. */
export const depositIdReuse: Scenario = {
  id: "deposit-id-reuse",
  title: "Deposit 7, twice",
  incident:
    "Synthetic, after exchanges whose deposits are known by a counter: a reorg drops Erin's deposit 7, and Bob's takes its number. The ledger has credited Erin, and never looks back.",

  async run(progress) {
    const chain = await forks.create({ name: "ethereum" });
    const setup = { balances: {}, rules: depositRules, owners: [ID] };
    const beginning = await begin(chain, setup);
    const { markets, story, ledger, beside } = beginning;
    const [erin, bob] = [await markets.addressOf("erin"), await markets.addressOf("bob")];
    const contents = { erin: contentName(erin), bob: contentName(bob) };
    ledger.others.push(...Object.values(contents));
    const from = chain.head.number;
    ledger.tree.update([[await markets.keyOf("alice"), ALICE]]);
    const alice = { legal: true, because: "what she won off the chain rests on no deposit of this story." };
    await story.claim({ name: "Alice is paid her 50", role: "alice", signed: await ledger.commit(), ...alice });

    progress("erin's deposit 7 is credited, and dropped");
    const dropped = await reorgDeposit(beginning, contents);

    progress("the ledger is signed as it stands, and disputed");
    const signed = await ledger.commitUnchecked();
    await beside.commit();
    await showDeposits(beginning, signed, contents);
    const held = await depositOf(markets, contents.erin);
    await story.claim({
      name: "Erin is paid her deposit 7",
      ...{ role: "erin", signed, legal: false, because: `the chain has ${ether(held)} of her deposit.` },
      meanwhile: () => story.refute(ledger, signed),
    });
    await story.claimBeside(beside);

    progress("the ledger is made anew, and heals");
    ledger.tree = await creditedTree(markets, "bob", contents.bob);
    await story.heal([ledger, beside]);
    await story.recover([ledger, beside]);
    const because = `the chain has ${ether(await depositOf(markets, contents.bob))} of his deposit.`;
    const paid = { role: "bob", signed: ledger.last, legal: true, because } as const;
    await story.claim({ name: "Bob is paid his deposit 7", ...paid });

    const badDebt = await markets.overpaid({ erin: 0n, bob: AMOUNT, alice: ALICE });
    const result = story.result(from);
    await chain.close();
    return {
      ...result,
      branches: [...result.branches, { name: "before the reorg", fate: "abandoned" as const, blocks: dropped }],
      badDebt: { ...badDebt, unit: "TUSD", decimals: 18, caption: "Paid for a deposit that was dropped" },
      notes: [
        "By its number the deposit is there, and the rule about numbers holds: number 7 has 900 on both branches.",
        "By its content it is absent. A key that is made of the depositor, the amount and the number belongs to one branch.",
      ],
    };
  },
};

/** The ledger credits a deposit at most what the chain has of it: by its number, and by its content. */
function depositRules(holder: Hex): Rule[] {
  const credited = { holder, slot: toWord(1n), derivation: "by-owner", comparator: "<=" } as const;
  return [ruleOf({ kind: BY_ID, ...credited }), ruleOf({ kind: BY_CONTENT, ...credited })];
}

/** A deposit's name that depends on what it is: depositor, amount and number. In the ledger it is an owner. */
export function contentName(depositor: Hex): Hex {
  const types = ["address", "uint256", "address"];
  const hash = keccak256(AbiCoder.defaultAbiCoder().encode(types, [depositor, AMOUNT, ID]));
  return `0x${hash.slice(26)}`;
}

/** The oracle: what the chain's contract has under a deposit's name. */
async function depositOf(markets: LedgerMarkets, name: Hex): Promise<bigint> {
  return markets.holder().balances(name);
}

/** The ledger that credits somebody with deposit 7. */
async function creditedTree(markets: LedgerMarkets, role: Role, content: Hex): Promise<LedgerTree> {
  return LedgerTree.from([
    [await markets.keyOf("alice"), ALICE],
    [await markets.keyOf(role), AMOUNT],
    [ledgerKey({ owner: ID, asset: USDC, kind: BY_ID }), AMOUNT],
    [ledgerKey({ owner: content, asset: USDC, kind: BY_CONTENT }), AMOUNT],
  ]);
}

/** Erin's deposit is credited and dropped, and Bob's takes its number. @returns the blocks that were dropped */
async function reorgDeposit({ chain, markets, ledger, story }: Beginning, contents: Record<"erin" | "bob", Hex>) {
  const common = chain.head.number;
  await markets.holder().setBalances([ID, contents.erin], [AMOUNT, AMOUNT]);
  await chain.mine(2);
  ledger.tree = await creditedTree(markets, "erin", contents.erin);
  story.event("deposit 7: Erin's");
  const dropped = blocksOf(chain, common - 3n);
  await chain.reorg({ depth: 3, extra: 1, keep: false });
  await markets.holder().setBalances([ID, contents.bob], [AMOUNT, AMOUNT]);
  story.event("deposit 7: Bob's");
  await story.refused("A signer compares the ledger with the chain", ledger.prepare());
  return dropped;
}

async function showDeposits(
  { chain, markets, ledger, story }: Beginning,
  signed: SignedLedger,
  contents: Record<"erin" | "bob", Hex>,
): Promise<void> {
  const { tree, commitment } = signed;
  const entry = (owner: Hex, kind: Hex): bigint => tree.get(ledgerKey({ owner, asset: USDC, kind }));
  const rowOf = async (key: string, owner: Hex, kind: Hex): Promise<Row> => {
    return { ...row(key, entry(owner, kind), await depositOf(markets, owner)), place: markets.placeOf(owner) };
  };
  await story.compare("Deposit 7 by its number, and by its content", signed, [
    await rowOf("deposit 7", ID, BY_ID),
    await rowOf("deposit of erin, 900, 7", contents.erin, BY_CONTENT),
    await rowOf("deposit of bob, 900, 7", contents.bob, BY_CONTENT),
  ]);
  const [here, there] = [entry(ID, BY_ID), await depositOf(markets, ID)];
  const holder = markets.at.holders[ledger.market];
  const difference = { of: "rule", holder, rule: RULES.byId, owner: ID, kind: "differs", here, there } as const;
  const question = { difference, desk: markets.at.desk, commitment, tree, book: markets.books[ledger.market] };
  await story.refused("A watcher disputes deposit 7 by its number", disputeOf(chain.request, question));
}
