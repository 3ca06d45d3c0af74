import { escaped } from "../src/core/html.js";
import { prose } from "./html.js";
import type { LedgerComparison, LedgerRow, Refusal } from "./types.js";

/** Ledgers beside the chain, each as a table; nothing where there are none. */
export function drawLedgers(ledgers: readonly LedgerComparison[] = []): string {
  return ledgers.map(drawLedger).join("\n");
}

function drawLedger({ title, block, ledgerRoot, stateRoot, rows }: LedgerComparison): string {
  return `<article class="ledger">
<table><caption>${escaped(title)}</caption>
<thead><tr><th scope="col">key</th><th scope="col">the ledger says</th><th scope="col">the chain holds</th><th scope="col">verdict</th></tr></thead>
<tbody>${rows.map(drawRow).join("\n")}</tbody></table>
<dl><dt>block ${block.number}</dt><dd><code>${block.hash}</code></dd>
<dt>ledger root</dt><dd><code>${ledgerRoot}</code></dd>
<dt>state root of the block</dt><dd><code>${stateRoot}</code></dd></dl>
</article>`;
}

/** The verdict is in words, beside its colour. */
function drawRow({ key, ledger, chain, agrees, verdict }: LedgerRow): string {
  const cells = [ledger, chain].map((value) => `<td title="${escaped(value)}">${prose(value)}</td>`).join("");
  return `<tr><th scope="row">${escaped(key)}</th>${cells}<td class="${agrees ? "good" : "bad"}">${escaped(verdict)}</td></tr>`;
}

/** What was refused before anybody believed it. */
export function drawRefusals(refusals: readonly Refusal[] = []): string {
  if (refusals.length === 0) return "";
  const items = refusals.map(
    ({ attempt, error, says }) => `<li>${escaped(attempt)}. <b>${escaped(error)}</b>: ${prose(says)}</li>`,
  );
  return `<article class="refusals"><h3>Refused, before anybody believed it</h3><ul>${items.join("\n")}</ul></article>`;
}

/** To be joined to the page's own. */
export const LEDGER_STYLE = `
.ledger table { font-variant-numeric: tabular-nums; } .ledger caption { font-size: 15px; } .ledger thead th { border-bottom: 1px solid var(--line); white-space: normal; }
.ledger tbody th { white-space: normal; color: var(--fg); } .ledger th, .ledger td { padding: 3px 10px 3px 0; text-align: left; vertical-align: top; }
.ledger dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 2px 10px; margin: 8px 0 0; font-size: 12px; color: var(--dim); } .ledger dd { margin: 0; }
.good { color: var(--good); } .refusals li { margin-bottom: 4px; overflow-wrap: anywhere; }
@media (max-width: 760px) { .ledger dl { grid-template-columns: minmax(0, 1fr); } }
`;
