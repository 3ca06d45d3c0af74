/**
 * Runs every scenario on embedded chains, says what the guard did and what happened without it, and draws it all in reports/demo.html.
 */
import { mkdirSync, writeFileSync } from "node:fs";

import { Listr } from "listr2";

import { SCENARIOS, type Outcome, type Scenario, type ScenarioResult } from "../scenarios/index.js";
import { renderReport } from "../scenarios/report.js";

const REPORT = "reports/demo.html";

const chapters: { scenario: Scenario; result: ScenarioResult }[] = [];
const started = performance.now();
const tasks = new Listr(
  SCENARIOS.map((scenario) => ({
    title: `${scenario.id}: ${scenario.title}`,
    task: async (_context: unknown, task: { output: string }): Promise<void> => {
      const result = await scenario.run((text) => {
        task.output = text;
      });
      chapters.push({ scenario, result });
    },
  })),
  {
    concurrent: false,
    fallbackRenderer: "verbose",
    fallbackRendererCondition: () => !process.stdout.isTTY,
    fallbackRendererOptions: { logTitleChange: false },
  },
);
await tasks.run();

for (const { scenario, result } of chapters) print(scenario, result);

mkdirSync("reports", { recursive: true });
const seconds = ((performance.now() - started) / 1000).toFixed(1);
writeFileSync(
  REPORT,
  renderReport(chapters, `${chapters.length} scenarios on embedded chains, in ${seconds} seconds.`),
);
console.log(`\n${chapters.length} scenarios in ${seconds} s. The branches, block by block: ${REPORT}`);

const wrong = chapters.flatMap(({ scenario, result }) =>
  result.actions
    .filter(({ guarded, legal }) => guarded.executed !== legal)
    .map(({ name }) => `${scenario.id}: ${name}`),
);
for (const name of wrong) console.error(`the guard was wrong: ${name}`);
// Simulated chains hold native handles that would keep the process alive.
process.exit(wrong.length === 0 ? 0 : 1);

function print(scenario: Scenario, { actions, badDebt, notes }: ScenarioResult): void {
  console.log(`\n${scenario.id}: ${scenario.title}`);
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
  for (const note of notes) console.log(`  ${note}`);
}

function verdict({ executed, error, says }: Outcome): string {
  return `${executed ? "executed" : "refused "}  ${error === undefined ? "" : `${error}: `}${says}`;
}
