/**
 * Incidents of other chains, played on a simulated one with anybody's protocol. An adapter says how the protocol is deployed and used.
 */
import { invalidOption } from "../rpc/options.js";
import { CATALOGUE, NOT_IN_CATALOGUE, type ScenarioId } from "./catalogue.js";
import type { Member, Protocol, ScenarioForks, ScenarioOutcome } from "./protocol.js";
import { Missing, Stage } from "./stage.js";

export type { ScenarioId } from "./catalogue.js";
export type { DeployedProtocol, Member, Protocol, ScenarioForks, ScenarioOutcome, ScenarioStep } from "./protocol.js";
export { scenariosAsJUnit, scenariosAsMarkdown } from "./report.js";

/** The protocol, and what makes the chains on which it is tried. */
export interface ScenarioOptions<Tools = unknown> {
  readonly protocol: Protocol<Tools>;
  /** What `hardhatForks(network)` returns, or the like for another backend. */
  readonly forks: ScenarioForks<Tools>;
}

const NEEDED: Readonly<Record<Member, string>> = {
  close: "no exit",
  payout: "no payout",
  seesOutages: "no guard that sees an outage",
};

async function run<Tools>(id: ScenarioId, { protocol, forks }: ScenarioOptions<Tools>): Promise<ScenarioOutcome> {
  if (!Object.hasOwn(CATALOGUE, id)) throw invalidOption("id", whyNot(id));
  const { title, incident, needs, play } = CATALOGUE[id];
  const stage = new Stage(forks, protocol, needs);
  try {
    await play(stage);
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    const reason = `not shown: the protocol has ${NEEDED[error.member]}`;
    return { id, title, incident, kind: "not shown", missing: error.member, reason };
  } finally {
    await stage.close();
  }
  const kind = stage.steps.every(({ holds }) => holds) ? "held" : "broken";
  return { id, title, incident, kind, steps: stage.steps };
}

async function runAll<Tools>(options: ScenarioOptions<Tools>): Promise<ScenarioOutcome[]> {
  const outcomes: ScenarioOutcome[] = [];
  for (const id of scenarios.ids) outcomes.push(await run(id, options));
  return outcomes;
}

function whyNot(id: string): string {
  const reason = Object.hasOwn(NOT_IN_CATALOGUE, id) ? NOT_IN_CATALOGUE[id] : "There is no such scenario.";
  return `"${id}" cannot be run. ${reason} There are ${scenarios.ids.join(", ")}`;
}

/**
 * The catalogue of scenarios, for a protocol of one's own.
 *
 * @example
 * const outcome = await scenarios.run("polygon-157", { protocol, forks: hardhatForks(network) });
 * expect(outcome.kind, scenariosAsMarkdown([outcome])).to.equal("held");
 */
export const scenarios = {
  /** Every scenario that can be run. */
  ids: Object.keys(CATALOGUE) as readonly ScenarioId[],
  /** The ids of the others, each with the reason why a chain cannot show it of a protocol. */
  notInCatalogue: NOT_IN_CATALOGUE,
  /**
   * Plays one scenario, on chains that are closed afterwards.
   *
   * @throws INVALID_OPTION for an id that cannot be run
   * @throws whatever the protocol's `deploy` throws
   */
  run,
  /** Plays all of them, one after the other. */
  runAll,
};
