import { escaped, htmlPage } from "../core/html.js";
import type { ScenarioOutcome } from "./protocol.js";
import { sentenceOf } from "./report.js";

const KINDS = ["broken", "failed", "held", "not shown"] as const satisfies readonly ScenarioOutcome["kind"][];

const STYLE = `body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
nav { display: flex; flex-wrap: wrap; gap: 0.3rem 1rem; }
section { border-left: 4px solid var(--of); margin: 1.5rem 0; padding: 0 0 0 1rem; }
h2 { font-size: 1.1rem; margin: 0; }
h2 b { color: var(--of); }
p, ul { margin: 0.3rem 0; }
ul { padding-left: 1.2rem; }
.incident { opacity: 0.75; }
.held { --of: light-dark(#177245, #5fc992); }
.broken, .failed { --of: light-dark(#b3261e, #ff8a80); }
.not-shown { --of: light-dark(#666, #aaa); }
.wrong { color: light-dark(#b3261e, #ff8a80); }`;

/**
 * Writes outcomes as one page of HTML: what happened in the world, and what each step found. It loads nothing, and runs no script.
 *
 * @param name of the protocol
 * @example
 * writeFileSync("reports/scenarios.html", scenariosAsPage(outcomes, { name: "Perps" }));
 */
export function scenariosAsPage(outcomes: readonly ScenarioOutcome[], { name }: { readonly name: string }): string {
  const counts = KINDS.map((kind) => [outcomes.filter((outcome) => outcome.kind === kind).length, kind] as const);
  const counted = counts.filter(([count]) => count > 0).map(([count, kind]) => `${count} ${kind}`);
  const links = outcomes.map(({ id }) => `<a href="#${escaped(id)}">${escaped(id)}</a>`);
  return htmlPage({
    title: `${name}: ${outcomes.length} scenarios`,
    style: STYLE,
    body: [`<p>${counted.join(", ")}.</p>`, `<nav>${links.join(" ")}</nav>`, ...outcomes.map(sectionOf)].join("\n"),
  });
}

function sectionOf(outcome: ScenarioOutcome): string {
  const { id, title, incident, kind } = outcome;
  return `<section id="${escaped(id)}" class="${kind.replace(" ", "-")}">
<h2><b>${kind}</b> ${escaped(title)} <code>${escaped(id)}</code></h2>
<p class="incident">${escaped(incident)}</p>
${findingsOf(outcome)}
</section>`;
}

function findingsOf(outcome: ScenarioOutcome): string {
  if (outcome.kind === "not shown") return `<p>${escaped(outcome.reason)}</p>`;
  if (outcome.kind === "failed") return `<p class="wrong">${escaped(outcome.error)}</p>`;
  const steps = outcome.steps.map(
    (step) => `<li${step.holds ? "" : ' class="wrong"'}>${escaped(sentenceOf(step))}</li>`,
  );
  return `<ul>\n${steps.join("\n")}\n</ul>`;
}
