import { encodeBytes32String } from "ethers";

import { toQuantity, toWord, type Hex } from "../../src/core/bytes.js";
import type { Request } from "../../src/rpc/request.js";
import { ledgerKey } from "../../src/ledger/key.js";
import type { Rule } from "../../src/ledger/rules.js";
import { quorum } from "../../src/rpc/quorum.js";
import { USDC } from "../../tools/ledger/inputs.js";
import type { Judgement } from "../continuity.js";
import type { Scenario } from "../types.js";
import { UNIT } from "../world.js";
import { beginApart, type Beginning } from "./begin.js";
import type { SignedLedger } from "./kept.js";
import { entryOf, ruleOf, type LedgerMarkets } from "./markets.js";
import { row, type Row } from "./story.js";

/** The channel's contract on the source, and where the ledger keeps its nonce. */
export const CHANNEL: Hex = `0x${"c4".repeat(20)}`;
const NONCE = encodeBytes32String("nonce") as Hex;
export const NONCE_KEY = ledgerKey({ owner: CHANNEL, asset: USDC, kind: NONCE });

const SENT = 307n;
const PHANTOM = 308n;
const STOLEN = 116_500n * UNIT;
const MESSAGE = 10n * UNIT;

/** A bridge's verifiers attest a message that was never sent. One slot of the source refutes it. */
export const phantomMessage: Scenario = {
  id: "phantom-message",
  title: "A message that was never sent",
  incident:
    "On 18 April 2026 the only verifier of a bridge, whose RPCs were poisoned, attested message 308 where the source had sent 307, and 116,500 rsETH left. Here both ends of the bridge are on one chain, and the ledger says which message was the last.",

  async run(progress) {
    const { first, others } = await beginApart(["ethereum", "what a poisoned RPC shows"], () => ({
      balances: {},
      rules: nonceRule,
      owners: [CHANNEL],
    }));
    const { markets, story, ledger, beside } = first;
    const from = first.chain.head.number;

    progress("message 307 is sent, attested and paid");
    await markets.holder().setAsset(CHANNEL, USDC, SENT);
    ledger.tree.update([
      [NONCE_KEY, SENT],
      [await markets.keyOf("bob"), MESSAGE],
    ]);
    const name = "Bob is paid what message 307 brought him";
    await story.claim({ name, role: "bob", signed: await ledger.commit(), ...(await judge(markets, SENT)) });

    progress("message 308 is attested, which nobody sent");
    ledger.tree.update([
      [NONCE_KEY, PHANTOM],
      [await markets.keyOf("erin"), STOLEN],
    ]);
    await checkFirst(first, others[0]!);
    const signed = await ledger.commitUnchecked();
    await beside.commit();
    await story.compare("Message 308, as two signers attested it", signed, [await nonceRow(markets, signed)]);
    await story.claim({
      name: "Erin is paid what message 308 is said to bring",
      ...{ role: "erin", signed, ...(await judge(markets, PHANTOM)) },
      meanwhile: () => story.refute(ledger, signed),
    });
    await story.claimBeside(beside);

    await healAndGoOn(progress, first);
    const badDebt = await markets.overpaid({ bob: MESSAGE, erin: 0n, alice: MESSAGE });
    const result = story.result(from);
    await Promise.all([first.chain.close(), others[0]!.chain.close()]);
    return {
      ...result,
      badDebt: { ...badDebt, unit: "rsETH", decimals: 18, caption: "Paid for messages that nobody sent" },
      notes: [
        "The dispute needs no majority and no trust in whoever sends it: a proof of one slot of the source.",
        "The scope was open until somebody disputed. The market pays two minutes after it was asked, so that somebody can.",
      ],
    };
  },
};

/** The one rule: the ledger's last message is the one that the source's contract has sent. */
function nonceRule(holder: Hex): Rule[] {
  return [ruleOf({ kind: NONCE, holder, slot: toWord(2n), derivation: "by-owner-asset", comparator: "==" })];
}

/** The oracle: the source's own contract, asked how many messages it has sent. */
async function judge(markets: LedgerMarkets, message: bigint): Promise<Judgement> {
  const sent = await markets.holder().assets(CHANNEL, USDC);
  return { legal: message <= sent, because: `the source has sent ${sent} messages.` };
}

/** The last message, as the ledger and as the source's contract say. */
async function nonceRow(markets: LedgerMarkets, { commitment, tree }: SignedLedger): Promise<Row> {
  const sent = await markets.holder().assets(CHANNEL, USDC, { blockTag: toQuantity(commitment.anchor.number) });
  const slot = entryOf("bytes32", USDC, entryOf("address", CHANNEL, toWord(2n)));
  return { ...row("last message", tree.get(NONCE_KEY), sent, String), place: { ...markets.placeOf(), slot } };
}

/** What happens to signers who check, before anything is signed. */
async function checkFirst({ chain, story, ledger }: Beginning, poisoned: LedgerMarkets): Promise<void> {
  await poisoned.holder().setAsset(CHANNEL, USDC, PHANTOM);
  await poisoned.chain.mine(3);
  await chain.mine(3);
  const ask = (attempt: string, connection: Request): Promise<unknown> =>
    story.refused(attempt, ledger.prepare({ connection }));
  await ask("A signer asks an honest endpoint", chain.request);
  await ask("A signer asks an endpoint that says 308 beside a proof of 307", lying(chain.request));
  const both = quorum([chain.request, poisoned.chain.request]);
  await ask("A signer asks two endpoints, of which one shows a branch of its own", (args) => both.request(args));
}

/** An endpoint that says 308 where the slot holds 307, and cannot prove it. */
function lying(request: Request): Request {
  return async (args) => {
    const answer = await request(args);
    if (args.method !== "eth_getProof") return answer;
    const { storageProof, ...rest } = answer as { storageProof: { value: string }[] };
    const isSent = ({ value }: { value: string }): boolean => value === toQuantity(SENT);
    const lied = storageProof.map((slot) => (isSent(slot) ? { ...slot, value: toQuantity(PHANTOM) } : slot));
    return { ...rest, storageProof: lied };
  };
}

/** The signers correct their ledger, and a true message 308 is paid. */
async function healAndGoOn(progress: (text: string) => void, { markets, story, ledger, beside }: Beginning) {
  progress("the ledger is corrected, and heals");
  ledger.tree.update([
    [NONCE_KEY, SENT],
    [await markets.keyOf("erin"), 0n],
  ]);
  await story.heal([ledger, beside]);
  await story.recover([ledger, beside]);
  await markets.holder().setAsset(CHANNEL, USDC, PHANTOM);
  ledger.tree.update([
    [NONCE_KEY, PHANTOM],
    [await markets.keyOf("alice"), MESSAGE],
  ]);
  const signed = await ledger.commit();
  await story.compare("Message 308, after it was sent", signed, [await nonceRow(markets, signed)]);
  const name = "Alice is paid what the true message 308 brought her";
  await story.claim({ name, role: "alice", signed, ...(await judge(markets, PHANTOM)) });
}
