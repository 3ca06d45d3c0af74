/**
 * Incidents of other chains, played on a simulated one with anybody's protocol. An adapter says how the protocol is deployed and used.
 */
import { describeValue } from "../core/text.js";
import { checkOptions, invalidOption } from "../rpc/options.js";
import { CATALOGUE, NOT_IN_CATALOGUE, type ScenarioId } from "./catalogue.js";
import type { Protocol, ScenarioForks, ScenarioOutcome } from "./protocol.js";
import { Missing, Stage } from "./stage.js";

export type { ScenarioId } from "./catalogue.js";
export type {
  DeployedProtocol,
  Member,
  Need,
  Protocol,
  ScenarioForks,
  ScenarioOutcome,
  ScenarioStep,
} from "./protocol.js";
export { scenariosAsPage } from "./page.js";
export { scenariosAsJUnit, scenariosAsMarkdown } from "./report.js";

/** The protocol, and what makes the chains on which it is tried. */
export interface ScenarioOptions<Tools = unknown> {
  readonly protocol: Protocol<Tools>;
  /** What `hardhatForks(network)` returns, or the like for another backend. */
  readonly forks: ScenarioForks<Tools>;
}

async function run<Tools>(id: ScenarioId, options: ScenarioOptions<Tools>): Promise<ScenarioOutcome> {
  checkOptions(options, ["protocol", "forks"]);
  const { protocol, forks } = options;
  for (const [name, member, value] of [
    ["protocol", "deploy", protocol],
    ["forks", "partition", forks],
  ] as const)
    if (typeof (value as unknown as Record<string, unknown> | undefined)?.[member] !== "function")
      throw invalidOption(name, `expected an object with \`${member}\``);
  if (!Object.hasOwn(CATALOGUE, id)) throw invalidOption("id", whyNot(id));
  const { title, incident, needs, play } = CATALOGUE[id];
  const stage = new Stage(forks, protocol, needs);
  try {
    await play(stage);
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    return { id, title, incident, kind: "not shown", missing: error.need, reason: error.message };
  } finally {
    await stage.close();
  }
  const kind = stage.steps.every(({ holds }) => holds) ? "held" : "broken";
  return { id, title, incident, kind, steps: stage.steps };
}

async function runAll<Tools>(options: ScenarioOptions<Tools>): Promise<ScenarioOutcome[]> {
  const outcomes: ScenarioOutcome[] = [];
  for (const id of scenarios.ids) outcomes.push(await run(id, options).catch((error: unknown) => failed(id, error)));
  return outcomes;
}

function failed(id: ScenarioId, error: unknown): ScenarioOutcome {
  const { title, incident } = CATALOGUE[id];
  return { id, title, incident, kind: "failed", error: error instanceof Error ? error.message : describeValue(error) };
}

function whyNot(id: string): string {
  const reason = Object.hasOwn(NOT_IN_CATALOGUE, id)
    ? NOT_IN_CATALOGUE[id]
    : "The catalogue has no scenario of this id.";
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
   * @throws FORK_SIMULATOR where the backend makes no chain, or cannot do what happens to it
   * @throws INVALID_MATCHER where the node does not trace, of `keeper-key-reuse`
   * @throws whatever the protocol's `deploy` throws; of `keeper-key-reuse` what `open` throws, unless it is a revert
   */
  run,
  /** Plays all of them, one after the other. What one throws is its outcome, `failed`. */
  runAll,
};
