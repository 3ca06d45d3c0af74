import { escaped, htmlPage } from "../core/html.js";
import { printable } from "../core/text.js";
import type { RuleDifference } from "./ruleDifferences.js";
import type { ReconcileReport } from "./reconcile.js";

const COLUMNS = ["rule", "what", "of", "contract", "ledger", "chain", "ledger - chain"] as const;
/** Columns of numbers, which end below each other. */
const FIRST_NUMBER = 4;
const STYLE = `table { border-collapse: collapse; margin-bottom: 2rem; }
th, td { border-bottom: 1px solid #8886; padding: 0.2rem 0.8rem 0.2rem 0; text-align: left; vertical-align: top; }
td { font-family: ui-monospace, monospace; }
.n { text-align: right; }`;

/**
 * A report as text: what was compared, and a table of the differences. Where it lists fewer than were counted, it says so.
 *
 * @param report as `reconcile` returns it, or as it comes back out of JSON
 * @example
 * console.log(formatReport(await reconcile(provider, { anchor, tree, book, owners })));
 */
export function formatReport(report: ReconcileReport): string {
  const facts = factsOf(report);
  const widest = Math.max(...facts.map(([name]) => name.length));
  const lines = facts.map(([name, value]) => `${name.padEnd(widest)}  ${value}`);
  const rows = [COLUMNS, ...report.differences.map(cellsOf)];
  const widths = COLUMNS.map((_, i) => rows.reduce((most, row) => Math.max(most, row[i]?.length ?? 0), 0));
  const table = rows.map((row) =>
    row
      .map((cell, i) => (i < FIRST_NUMBER ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  return printableLines([...lines, ...(report.differences.length === 0 ? [] : ["", ...table])]);
}

/**
 * A report as one page of HTML, with ledger and chain side by side. It loads nothing, and runs no script.
 *
 * @param report as `reconcile` returns it, or as it comes back out of JSON
 * @example
 * await writeFile("report.html", reportPage(report));
 */
export function reportPage(report: ReconcileReport): string {
  const facts = factsOf(report).map(([name, value]) => `<tr><th>${escaped(name)}</th><td>${escaped(value)}</td></tr>`);
  const head = COLUMNS.map((name) => `<th>${escaped(name)}</th>`).join("");
  const rows = report.differences.map((difference) => {
    const cells = cellsOf(difference).map(
      (cell, i) => `<td${i < FIRST_NUMBER ? "" : ' class="n"'}>${escaped(cell)}</td>`,
    );
    return `<tr>${cells.join("")}</tr>`;
  });
  return htmlPage({
    title: `Ledger and chain at block ${report.anchor.number}`,
    style: STYLE,
    body: `<table>
${facts.join("\n")}
</table>
<table>
<thead><tr>${head}</tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>`,
  });
}

function factsOf(report: ReconcileReport): [name: string, value: string][] {
  const { anchor, ledgerRoot, rules, holders, counts, differences } = report;
  const unlisted = counts["missing-here"] + counts["missing-there"] + counts.differs - differences.length;
  return [
    ["block", `${anchor.number} ${anchor.hash}`],
    ["ledger root", ledgerRoot],
    ...holders.map(({ address, storageRoot }): [string, string] => [`storage of ${address}`, storageRoot]),
    ["rules", rules],
    ...Object.entries(counts).map(([name, count]): [string, string] => [name.replaceAll("-", " "), String(count)]),
    ...(unlisted > 0 ? [["not listed here", String(unlisted)] satisfies [string, string]] : []),
  ];
}

function cellsOf({ of, kind, rule, holder, owner, key, slot, prefix, here, there, by }: RuleDifference): string[] {
  const shown = (value: bigint | undefined): string =>
    value === undefined ? "" : of === "code" ? `0x${BigInt(value).toString(16)}` : String(value);
  const stranger = prefix === undefined ? undefined : `hash ${prefix}…`;
  const whose = of === "code" ? (slot ?? "code") : (owner ?? stranger ?? slot ?? key ?? "");
  const what = kind.replaceAll("-", " ");
  return [`${of} ${rule}`, what, whose, holder, shown(here), shown(there), shown(by)];
}

function printableLines(lines: readonly string[]): string {
  return `${lines.map(printable).join("\n")}\n`;
}
