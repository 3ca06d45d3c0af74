import type { ScenarioOutcome, ScenarioStep } from "./protocol.js";

/**
 * Writes outcomes as a table for a pull request, and what broke below it.
 *
 * @example
 * appendFileSync(process.env["GITHUB_STEP_SUMMARY"]!, scenariosAsMarkdown(outcomes));
 */
export function scenariosAsMarkdown(outcomes: readonly ScenarioOutcome[]): string {
  const rows = outcomes.map((outcome) => {
    return `| \`${outcome.id}\` | ${cell(outcome.title)} | ${cell(shownBy(outcome))} |`;
  });
  const broken = outcomes.flatMap((outcome) =>
    brokenOf(outcome).map((step) => `- \`${outcome.id}\`: ${cell(sentenceOf(step))}`),
  );
  const table = ["| scenario | what happens | outcome |", "| --- | --- | --- |", ...rows];
  return [...table, ...(broken.length === 0 ? [] : ["", ...broken]), ""].join("\n");
}

/**
 * Writes outcomes as JUnit XML. A scenario is a test case: broken is a failure, failed is an error, not shown is skipped.
 *
 * @param name of the test suite: the protocol's
 * @example
 * writeFileSync("reports/scenarios.xml", scenariosAsJUnit(outcomes, { name: "Perps" }));
 */
export function scenariosAsJUnit(outcomes: readonly ScenarioOutcome[], { name }: { readonly name: string }): string {
  const count = (kind: ScenarioOutcome["kind"]) => outcomes.filter((outcome) => outcome.kind === kind).length;
  const counts = `tests="${outcomes.length}" failures="${count("broken")}" errors="${count("failed")}" skipped="${count("not shown")}"`;
  const cases = outcomes.map((outcome) => {
    const title = xml(`${outcome.id}: ${outcome.title}`);
    return `    <testcase classname="${xml(name)}" name="${title}">${contentOf(outcome)}</testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    "<testsuites>",
    `  <testsuite name="${xml(name)}" ${counts}>`,
    ...cases,
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function shownBy(outcome: ScenarioOutcome): string {
  if (outcome.kind === "not shown") return outcome.reason;
  if (outcome.kind === "failed") return `failed: ${outcome.error}`;
  return `${outcome.kind}, ${countOf(outcome.steps)}`;
}

/** What a test case holds in JUnit XML. */
function contentOf(outcome: ScenarioOutcome): string {
  if (outcome.kind === "not shown") return `<skipped message="${xml(outcome.reason)}"/>`;
  if (outcome.kind === "failed") return `<error message="${xml(outcome.error)}"/>`;
  return brokenOf(outcome)
    .map((step) => `<failure message="${xml(step.name)}">${xml(sentenceOf(step))}</failure>`)
    .join("");
}

function brokenOf(outcome: ScenarioOutcome): ScenarioStep[] {
  return "steps" in outcome ? outcome.steps.filter(({ holds }) => !holds) : [];
}

function countOf(steps: readonly ScenarioStep[]): string {
  return `${steps.filter(({ holds }) => holds).length} of ${steps.length} steps`;
}

/** What was expected of a step and what was found. */
export function sentenceOf({ name, expected, holds, found }: ScenarioStep): string {
  const what = expected === "the same effect" ? "of the same effect" : expected;
  return `Expected ${name} to be ${what}, ${holds ? "and" : "but"} ${found}`;
}

/** One line, in which a table's own sign, and signs of HTML, mean nothing. */
function cell(text: string): string {
  return text.replace(/\s+/g, " ").replaceAll("\\", "\\\\").replaceAll("|", "\\|").replaceAll("<", "&lt;");
}

/** Text as XML 1.0 may hold it. Most control characters and lone surrogates are none at all. */
function xml(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, "\uFFFD")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
