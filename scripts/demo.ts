/**
 * Plays the scenarios on embedded chains. Each is printed as it ends: what the guard did, and what
 * happened without it.
 * The branches are drawn in reports/demo.html. `--full` plays all of them.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import hre from "hardhat";

import type { Outcome, Scenario, ScenarioResult } from "../scenarios/index.js";

const REPORT = "reports/demo.html";

const { values: options } = parseArgs({ options: { full: { type: "boolean", default: false } } });
const started = performance.now();

// Built in this process, because another would load Hardhat twice. What the scenarios import exists only then.
await hre.tasks.getTask("build").run({ quiet: true });
const { FURTHER_SCENARIOS, SCENARIOS } = await import("../scenarios/index.js");
const { renderReport } = await import("../scenarios/report.js");

const scenarios = options.full ? SCENARIOS : SCENARIOS.filter((scenario) => !FURTHER_SCENARIOS.includes(scenario));
const chapters: { scenario: Scenario; result: ScenarioResult }[] = [];
for (const scenario of scenarios) {
  console.log(`\n${scenario.id}: ${scenario.title}`);
  const result = await scenario.run((text) => console.log(`  - ${text}`));
  print(result);
  chapters.push({ scenario, result });
}

mkdirSync("reports", { recursive: true });
const seconds = ((performance.now() - started) / 1000).toFixed(1);
writeFileSync(
  REPORT,
  renderReport(chapters, `${chapters.length} scenarios on embedded chains, in ${seconds} seconds.`),
);
console.log(`\n${chapters.length} scenarios in ${seconds} s. The branches, block by block: ${REPORT}`);
if (!options.full) {
  console.log("The others run with `npm run demo -- --full`:");
  for (const { id, title } of FURTHER_SCENARIOS) console.log(`  ${id}: ${title}`);
}

const wrong = chapters.flatMap(({ scenario, result }) =>
  result.actions
    .filter(({ guarded, legal }) => guarded.executed !== legal)
    .map(({ name }) => `${scenario.id}: ${name}`),
);
for (const name of wrong) console.error(`the guard was wrong: ${name}`);
// Simulated chains hold native handles that would keep the process alive.
process.exit(wrong.length === 0 ? 0 : 1);

function print({ actions, badDebt, notes, ledgers = [], refusals = [] }: ScenarioResult): void {
  for (const { name, legal, because, unguarded, guarded } of actions) {
    console.log(`  ${name}`);
    console.log(`    ${legal ? "legal" : "illegal"}: ${because}`);
    console.log(`    without the guard ${verdict(unguarded)}`);
    console.log(`    with the guard    ${verdict(guarded)}`);
  }
  const amount = (value: bigint): string => `${Number(value / 10n ** BigInt(badDebt.decimals))} ${badDebt.unit}`;
  console.log(
    `  ${badDebt.caption ?? "bad debt"}: ${amount(badDebt.unguarded)} without the guard, ${amount(badDebt.guarded)} with it`,
  );
  for (const { attempt, error } of refusals) console.log(`  ${attempt}: refused, ${error}`);
  for (const { title, block, rows } of ledgers) {
    console.log(`  ${title}, at block ${block.number}`);
    for (const { key, ledger, chain, verdict } of rows)
      console.log(`    ${key}: the ledger says ${ledger}, the chain holds ${chain}: ${verdict}`);
  }
  for (const note of notes) console.log(`  ${note}`);
}

function verdict({ executed, error, says }: Outcome): string {
  return `${executed ? "executed" : "refused "}  ${error === undefined ? "" : `${error}: `}${says}`;
}
