import { printable, type AuditEvent, type AuditTrail } from "settlement-guard";

import { counted } from "./text.js";

/** What is shown of an event, as text that nothing has escaped yet. */
interface Row {
  readonly block: string;
  /** As ISO 8601. */
  readonly time: string;
  readonly name: string;
  /** Of a commitment: what was found of it. */
  readonly verdict: string;
  readonly isBad: boolean;
  readonly facts: readonly (readonly [member: string, value: string])[];
}

/** Members of events that are seconds since 1970. */
const MOMENTS = ["readyTime", "staleUntil", "until"];

const STYLE = `body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1a1a1a;background:#fff}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.4rem .6rem;border-top:1px solid #ddd}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .8rem;margin:0}dd{margin:0;overflow-wrap:anywhere;font-family:ui-monospace,monospace;font-size:13px}
dt{color:#666}.bad{background:#fff0f0}.bad td:nth-child(3){color:#a00;font-weight:600}`;

/** What an event says, a member a pair. */
export function rowOf(event: AuditEvent): Row {
  const { block, name, topics, facts, commitment, anchor, follows, transaction } = event;
  const found = [anchor === undefined ? "" : `anchor ${anchor}`, follows === false ? "does not follow" : ""];
  const members = Object.entries(facts).map(([member, value]) => [member, textOf(member, value)] as const);
  const place = { epoch: commitment?.epoch, sequence: commitment?.sequence, anchor: commitment?.anchor.number };
  const placed = Object.entries(place).flatMap(([member, value]) =>
    value === undefined ? [] : [[member, String(value)] as const],
  );
  const root = commitment === undefined ? [] : [["ledgerRoot", commitment.ledgerRoot] as const];
  return {
    block: String(block.number),
    time: dateOf(block.time),
    name: name ?? `an unknown event ${topics[0] ?? ""}`,
    verdict: found.filter((part) => part !== "").join(", "),
    isBad: (anchor ?? "canonical") !== "canonical" || follows === false,
    facts: [...placed, ...root, ...members, ["transaction", transaction]],
  };
}

/** What was found of all of it, in a sentence. */
export function summaryOf({ isSound, events, from, to }: AuditTrail): string {
  const commitments = events.filter(({ commitment }) => commitment !== undefined).length;
  const verdict = isSound
    ? "each follows the one before it and has an anchor of the chain"
    : "not each of them follows the one before it and has an anchor of the chain";
  const range = `blocks ${from} to ${to.number} (${to.hash})`;
  return `${counted(events.length, "event")} in ${range}; ${counted(commitments, "commitment")}: ${verdict}`;
}

/** The trail as one HTML page that loads nothing and runs nothing. */
export function auditPage(trail: AuditTrail): string {
  const { desk, guard, scope, events } = trail;
  const about = definitions(Object.entries({ desk, guard, scope }));
  const head = ["block", "time", "what", "found", "members"].map((name) => `<th>${name}</th>`).join("");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>Audit trail of a ledger</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Audit trail of a ledger</h1>
${about}
<p>${escaped(summaryOf(trail))}.</p>
<p>Headers were hashed, and commitments too. That these are the chain's, and all of the events, is the word of the endpoints.</p>
<table>
<thead><tr>${head}</tr></thead>
<tbody>
${events.map((event) => htmlOf(rowOf(event))).join("\n")}
</tbody>
</table>
</body>
</html>
`;
}

function htmlOf({ block, time, name, verdict, isBad, facts }: Row): string {
  const cells = [block, time, name, verdict].map((text) => `<td>${escaped(text)}</td>`).join("");
  return `<tr${isBad ? ' class="bad"' : ""}>${cells}<td>${definitions(facts)}</td></tr>`;
}

function definitions(pairs: readonly (readonly [string, string])[]): string {
  return `<dl>${pairs.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`).join("")}</dl>`;
}

/** Whatever a contract or an endpoint said is text here, and nothing in it turns text around. */
export function escaped(text: string): string {
  return printable(text).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

function textOf(member: string, value: bigint | string): string {
  return typeof value === "bigint" && MOMENTS.includes(member) ? dateOf(value) : String(value);
}

function dateOf(seconds: bigint): string {
  const date = new Date(Number(seconds) * 1_000);
  return Number.isNaN(date.getTime()) ? `second ${seconds}` : date.toISOString();
}
