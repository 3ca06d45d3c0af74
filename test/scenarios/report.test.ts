import { expect } from "chai";

import { renderReport } from "../../scenarios/report.js";
import type { LedgerComparison, Refusal, Scenario } from "../../scenarios/types.js";

const HASH = `0x${"ab".repeat(32)}` as const;
const SCRIPT = `<script>alert("x")</script>`;

/** A page of one scenario that shows this ledger. */
function pageOf(ledger: LedgerComparison, refusals: Refusal[] = []): string {
  const block = { number: 7n, hash: HASH };
  const scenario: Scenario = {
    id: "an-id",
    title: "a title",
    incident: "none",
    run: () => Promise.reject(new RangeError()),
  };
  const result = {
    branches: [{ name: "chain", fate: "canonical" as const, blocks: [block] }],
    actions: [],
    events: [{ at: block, text: `an event about ${HASH}` }],
    badDebt: { unguarded: 0n, guarded: 0n, unit: "TUSD", decimals: 18 },
    notes: [],
    ledgers: [ledger],
    refusals,
  };
  return renderReport([{ scenario, result }], "subtitle");
}

describe("the demo's page", () => {
  const row = { key: "balance of erin", ledger: "500", chain: "0", agrees: false, verdict: "500 too much" };
  const ledger = {
    title: "Restored",
    block: { number: 7n, hash: HASH },
    ledgerRoot: HASH,
    stateRoot: HASH,
    rows: [row],
  };

  it("has a table of a ledger beside the chain, whose heads name rows and columns, and whose verdict is in words", () => {
    const page = pageOf(ledger);
    const [table] = /<article class="ledger">.*?<\/article>/s.exec(page)!;
    expect(table).to.match(/<caption>Restored<\/caption>/);
    const columns = [...table.matchAll(/<th scope="col">(.*?)<\/th>/g)].map(([, text]) => text);
    expect(columns).to.deep.equal(["key", "the ledger says", "the chain holds", "verdict"]);
    const cells = [...table.matchAll(/<t[hd][^>]*>([^<]*)<\/t[hd]>/g)].map(([, text]) => text);
    expect(cells.slice(4)).to.deep.equal(["balance of erin", "500", "0", "500 too much"]);
    expect(table).to.match(/<th scope="row">balance of erin/);
    expect([...table.matchAll(new RegExp(HASH, "g"))], "block, ledger root and state root").to.have.length(3);
  });

  it("escapes whatever a ledger or a refusal says", () => {
    const hostile = { ...row, key: SCRIPT, ledger: SCRIPT, chain: SCRIPT, verdict: SCRIPT };
    const page = pageOf({ ...ledger, title: SCRIPT, rows: [hostile] }, [
      { attempt: SCRIPT, error: SCRIPT, says: SCRIPT },
    ]);
    expect(page).not.to.include("<script");
    expect(page).not.to.include(`alert("`);
  });

  it("has no word that would make it wider than a narrow screen: labels wrap, and their hashes are short", () => {
    const page = pageOf(ledger);
    const [, label] = /<b class="key event" title="[^"]*">(.*?)<\/b>/.exec(page)!;
    expect(label).to.equal("an event about 0xababab…abab");
    const style = /<style>(.*)<\/style>/s.exec(page)![1]!;
    for (const name of [".key", ".block"]) {
      const rule = style.split("\n").find((line) => line.startsWith(`${name} {`));
      expect(rule, name).to.include("max-width: 100%").and.not.include("nowrap");
    }
    expect(style).to.match(/body \{[^}]*overflow-wrap: break-word/);
  });
});
