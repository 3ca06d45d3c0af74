import { escaped } from "../src/core/html.js";
import { prose, short } from "./html.js";
import { LEDGER_STYLE, drawLedgers, drawRefusals } from "./reportLedgers.js";
import type { Action, BlockRef, Branch, Event, Outcome, Scenario, ScenarioResult, Step } from "./types.js";

const FATES: Record<Branch["fate"], string> = {
  canonical: "kept",
  abandoned: "abandoned",
  sister: "goes on beside it",
};

/** How many blocks around one that matters are drawn; the rest of a long branch is folded into one row. */
const CONTEXT = 1n;

/** Seconds between two blocks from which on the report says that the chain stood still. */
const STANDSTILL = 300;

/**
 * Draws the results of scenarios as one self-contained page: the branches block by block, and both
 * verdicts of each action. It shows where an action was signed, what it was anchored to, and where
 * it was presented.
 */
export function renderReport(
  chapters: readonly { scenario: Scenario; result: ScenarioResult }[],
  subtitle: string,
): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Settlement Guard: the demo</title>
<style>${STYLE}${LEDGER_STYLE}</style>
</head>
<body>
<header>
<h1>Settlement Guard: the demo</h1>
<p>${escaped(subtitle)}</p>
<p class="legend"><b class="key anchor">anchor</b> the block an action commits to <b class="key signed">signed</b> the newest block its author saw
<b class="key presented">presented</b> the newest block of the chain that was asked to execute it <b class="key event">event</b> what happened besides</p>
<nav>${chapters.map(({ scenario }) => `<a href="#${scenario.id}">${escaped(scenario.id)}</a>`).join(" ")}</nav>
</header>
<main>
${chapters.map(({ scenario, result }) => chapter(scenario, result)).join("\n")}
</main>
</body>
</html>
`;
}

function chapter(scenario: Scenario, result: ScenarioResult): string {
  const { unguarded, guarded, unit, decimals, caption = "Bad debt left behind" } = result.badDebt;
  return `<section id="${scenario.id}">
<h2>${escaped(scenario.title)} <code>${escaped(scenario.id)}</code></h2>
<p>${escaped(scenario.incident)}</p>
<div class="columns">
<div class="graph" role="img" aria-label="The branches of ${escaped(scenario.id)}, block by block">${drawBranches(result)}</div>
<div class="verdicts">
${result.actions.map((action, index) => verdicts(action, result.actions.length === 1 ? "" : `${index + 1}. `)).join("\n")}
${drawLedgers(result.ledgers)}
${drawRefusals(result.refusals)}
<table class="debt"><caption>${escaped(caption)}</caption>
<tr><th scope="row">without the guard</th><td class="${unguarded > 0n ? "bad" : ""}">${amount(unguarded, decimals)} ${escaped(unit)}</td></tr>
<tr><th scope="row">with the guard</th><td class="${guarded > 0n ? "bad" : ""}">${amount(guarded, decimals)} ${escaped(unit)}</td></tr></table>
${result.notes.length === 0 ? "" : `<ul>${result.notes.map((note) => `<li>${escaped(note)}</li>`).join("")}</ul>`}
</div>
</div>
</section>`;
}

function verdicts(action: Step, place: string): string {
  return `<article class="${action.legal ? "legal" : "illegal"}">
<h3>${place}${escaped(action.name)}</h3>
<p><b>${action.legal ? "Legal" : "Illegal"}:</b> ${escaped(action.because)}</p>
<p class="outcome ${tone(action.unguarded, action)}"><b>Without the guard, ${action.unguarded.executed ? "executed" : "refused"}.</b> ${prose(action.unguarded.says)}</p>
<p class="outcome ${tone(action.guarded, action)}"><b>With the guard, ${action.guarded.executed ? "executed" : "refused"}.</b> ${prose(action.guarded.says)}</p>
${action.guarded.values === undefined ? "" : values(action.guarded)}
</article>`;
}

function values(outcome: Outcome): string {
  const rows = Object.entries(outcome.values ?? {}).map(
    ([name, value]) => `<tr><th scope="row">${escaped(name)}</th><td><code>${escaped(value)}</code></td></tr>`,
  );
  return `<table class="values"><caption><code>${escaped(outcome.error ?? "")}</code></caption>${rows.join("")}</table>`;
}

/** A verdict is right where what is legal was executed, and what is illegal was not. */
function tone(outcome: Outcome, action: Step): string {
  return outcome.executed === action.legal ? "right" : "wrong";
}

/* THE GRAPH: one row a height, one column a branch; what the branches share stands in the middle */

interface Mark {
  kind: "anchor" | "signed" | "presented" | "event";
  text: string;
}

function drawBranches({ branches, actions, events = [] }: ScenarioResult): string {
  const marks = marksOf(actions, events);
  const heights = heightsToDraw(branches, marks);
  const rows: string[] = [`<div class="row heads">${branches.map(branchName).join("")}</div>`];
  let previous: bigint | undefined;
  for (const height of heights.sort((a, b) => (a < b ? 1 : -1))) {
    if (previous !== undefined && previous - height > 1n) rows.push(fold(branches, height + 1n, previous - 1n));
    rows.push(row(branches, height, marks), standstill(branches, height));
    previous = height;
  }
  return rows.join("\n");
}

function branchName(branch: Branch): string {
  return `<div class="lane name ${branch.fate}">${escaped(branch.name)}<small>${FATES[branch.fate]}</small></div>`;
}

function row(branches: readonly Branch[], height: bigint, marks: Map<string, Mark[]>): string {
  const blocks = branches.map((branch) => blockAt(branch, height));
  if (isShared(branches, height)) {
    const [block] = blocks;
    return block === undefined ? "" : `<div class="row shared">${cell(block, "canonical", marks)}</div>`;
  }
  const cells = branches.map((branch, index) => {
    const block = blocks[index];
    return block === undefined ? `<div class="lane empty"></div>` : cell(block, branch.fate, marks);
  });
  const splits = isShared(branches, height - 1n);
  return `<div class="row${splits ? " split" : ""}" style="--lanes: ${branches.length}">${cells.join("")}</div>`;
}

function cell(block: BlockRef, fate: Branch["fate"], marks: Map<string, Mark[]>): string {
  const own = marks.get(block.hash) ?? [];
  const labels = own.map(({ kind, text }) => `<b class="key ${kind}" title="${escaped(text)}">${prose(text)}</b>`);
  return `<div class="lane ${fate}"><span class="block"><i>${block.number}</i> <code title="${block.hash}">${short(block.hash)}</code>${block.time === undefined ? "" : ` <time>${timeOfDay(block.time)}</time>`}</span><span class="marks">${labels.join("")}</span></div>`;
}

function fold(branches: readonly Branch[], from: bigint, to: bigint): string {
  const count = to - from + 1n;
  const text = `${count} ${count === 1n ? "block" : "blocks"}`;
  if (isShared(branches, to)) return `<div class="row shared fold"><div class="lane"><span>${text}</span></div></div>`;
  return `<div class="row fold">${branches.map((branch) => `<div class="lane">${blockAt(branch, from) === undefined ? "" : `<span>${text}</span>`}</div>`).join("")}</div>`;
}

/** The time that passed without a block before the one at `height`, where it is worth a row. */
function standstill(branches: readonly Branch[], height: bigint): string {
  const gaps = branches.map((branch) => {
    const [time, before] = [blockAt(branch, height)?.time, blockAt(branch, height - 1n)?.time];
    const seconds = time === undefined || before === undefined ? 0 : time - before;
    return seconds < STANDSTILL ? "" : `no block for ${duration(seconds)}`;
  });
  if (gaps.every((gap) => gap === "")) return "";
  return `<div class="row standstill">${gaps.map((gap) => `<div class="lane">${gap === "" ? "" : `<span>${gap}</span>`}</div>`).join("")}</div>`;
}

function marksOf(actions: readonly (Action | Step)[], events: readonly Event[]): Map<string, Mark[]> {
  const marks = new Map<string, Mark[]>();
  const add = (block: BlockRef, kind: Mark["kind"], text: string): void => {
    const known = marks.get(block.hash) ?? [];
    if (!known.some((mark) => mark.kind === kind && mark.text === text)) known.push({ kind, text });
    marks.set(block.hash, known);
  };
  actions.forEach((action, index) => {
    const label = actions.length === 1 ? "" : ` ${index + 1}`;
    if ("anchor" in action) {
      add(action.anchor, "anchor", `anchor${label}`);
      add(action.signedAt, "signed", `signed${label}`);
    }
    add(action.presentedAt, "presented", `presented${label}`);
  });
  for (const { at, text } of events) add(at, "event", text);
  return marks;
}

function heightsToDraw(branches: readonly Branch[], marks: Map<string, Mark[]>): bigint[] {
  const all = [...new Set(branches.flatMap((branch) => branch.blocks.map((block) => block.number)))];
  const matters = new Set<bigint>();
  for (const branch of branches) {
    for (const block of branch.blocks) if (marks.has(block.hash)) matters.add(block.number);
    const head = branch.blocks.at(-1);
    if (head !== undefined) matters.add(head.number);
  }
  const split = all.filter((height) => isShared(branches, height)).reduce((a, b) => (a > b ? a : b), 0n);
  matters.add(split);
  matters.add(split + 1n);
  return all.filter((height) => [...matters].some((other) => height >= other - CONTEXT && height <= other + CONTEXT));
}

function isShared(branches: readonly Branch[], height: bigint): boolean {
  const hashes = branches.map((branch) => blockAt(branch, height)?.hash);
  return hashes.every((hash) => hash !== undefined && hash === hashes[0]);
}

function blockAt(branch: Branch, height: bigint): BlockRef | undefined {
  const first = branch.blocks[0];
  return first === undefined ? undefined : branch.blocks[Number(height - first.number)];
}

function timeOfDay(seconds: number): string {
  return new Date(1000 * seconds).toISOString().slice(11, 19);
}

function duration(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return [hours > 0 ? `${hours} h` : "", rest > 0 ? `${rest} min` : ""].filter(Boolean).join(" ");
}

function amount(value: bigint, decimals: number): string {
  const unit = 10n ** BigInt(decimals);
  const fraction = (value % unit).toString().padStart(decimals, "0").replace(/0+$/, "");
  return `${(value / unit).toLocaleString("en")}${fraction === "" ? "" : `.${fraction}`}`;
}

const STYLE = `
:root { color-scheme: light dark; --bg: #fbfbf9; --fg: #1c1d1f; --dim: #63666b; --line: #c9cbc6; --card: #ffffff; --good: #12703a; --goodbg: #e3f4e8; --bad: #a8201a; --badbg: #fbe6e3;
  --anchor: #6a3fb5; --signed: #0b62a8; --presented: #8a5300; --event: #12703a; }
@media (prefers-color-scheme: dark) { :root { --bg: #131416; --fg: #e9e9e6; --dim: #a2a5a9; --line: #43464b; --card: #1c1e21; --good: #7fd6a0; --goodbg: #16301f; --bad: #ff9d94; --badbg: #3a1a18;
  --anchor: #c3a6ff; --signed: #86c5ff; --presented: #ffc266; --event: #7fd6a0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--fg); font: 15px/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
header, main { max-width: 1180px; margin: 0 auto; padding: 16px; }
h1 { font-size: 26px; margin: 8px 0; } h2 { font-size: 20px; margin: 0 0 6px; } h3 { font-size: 15px; margin: 0 0 4px; }
h2 code { font-size: 13px; color: var(--dim); font-weight: 400; }
p { margin: 4px 0 8px; } code { font: 12px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: 4px 14px; } a { color: var(--signed); }
section { border-top: 1px solid var(--line); padding: 22px 0; }
.columns { display: grid; grid-template-columns: minmax(0, 430px) minmax(0, 1fr); gap: 28px; align-items: start; }
.row { display: flex; justify-content: center; }
.row.shared .lane { max-width: 60%; }
.lane { flex: 1 1 0; min-width: 0; padding: 3px 6px; text-align: center; position: relative; }
.lane:not(.name):not(.empty)::before { content: ""; position: absolute; left: 50%; top: 0; bottom: 0; border-left: 2px solid var(--line); z-index: -1; }
.graph { position: relative; z-index: 0; }
.row.fold .lane { color: var(--dim); font-size: 12px; } .row.fold .lane::before { border-left-style: dotted !important; }
.row.fold .lane:not(:empty) { padding: 10px 6px; } .row.fold span, .row.standstill span { background: var(--bg); padding: 2px 6px; }
.row.fold .lane:empty::before { display: none; }
.row.standstill .lane { color: var(--bad); font-size: 12px; font-weight: 600; } .row.standstill .lane:not(:empty) { padding: 10px 6px; } .row.standstill .lane::before { border-left-style: dashed !important; border-color: var(--bad) !important; }
.name { font-weight: 600; } .name small { display: block; font-weight: 400; color: var(--dim); }
.block { display: inline-block; max-width: 100%; background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 2px 7px; }
.block time { font-size: 11px; color: var(--dim); } .block i { font-style: normal; font-weight: 600; font-size: 12px; } .canonical .block { border-color: var(--good); } .sister .block { border-color: var(--dim); } .abandoned .block { border-style: dashed; border-color: var(--bad); }
.key { display: inline-block; font-size: 11px; line-height: 16px; border: 1px solid; border-radius: 8px; padding: 0 6px; margin: 2px 1px; background: var(--bg); max-width: 100%; overflow-wrap: anywhere; }
.key.anchor { color: var(--anchor); } .key.signed { color: var(--signed); } .key.presented { color: var(--presented); } .key.event { color: var(--event); }
.marks { display: block; }
.row.split { position: relative; padding-bottom: 12px; } .row.split::after { content: ""; position: absolute; bottom: 0; left: calc(50% / var(--lanes)); right: calc(50% / var(--lanes)); border-bottom: 2px solid var(--line); }
.row.split .lane:not(.empty)::before { bottom: -12px; }
.legend { color: var(--dim); }
article { border: 1px solid var(--line); border-radius: 8px; background: var(--card); padding: 12px; margin-bottom: 12px; }
.outcome { overflow-wrap: anywhere; border-left: 4px solid; padding: 4px 10px; border-radius: 0 6px 6px 0; } .right { border-color: var(--good); background: var(--goodbg); } .wrong { border-color: var(--bad); background: var(--badbg); }
table { border-collapse: collapse; width: 100%; font-size: 13px; } caption { text-align: left; font-weight: 600; padding: 4px 0; } th { text-align: left; font-weight: 400; color: var(--dim); padding: 2px 10px 2px 0; white-space: nowrap; vertical-align: top; } td { padding: 2px 0; overflow-wrap: anywhere; }
.debt, .values { width: auto; } td.bad { color: var(--bad); font-weight: 600; } ul { padding-left: 18px; margin: 8px 0; }
@media (max-width: 760px) { .columns { grid-template-columns: minmax(0, 1fr); } header, main { padding: 12px; } .lane { padding: 3px 2px; } .block { padding: 2px 3px; } .block code { font-size: 10px; } .key { padding: 0 4px; } }
`;
