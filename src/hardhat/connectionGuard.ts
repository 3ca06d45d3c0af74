import type { CheckDeploymentOptions, DeploymentReport } from "../actions/checkDeployment.js";
import type { ScopeExplanation, ScopeQuestion } from "../actions/explainScope.js";
import type { AnchorOptions } from "../actions/latestAnchor.js";
import type { ProveOptions, ProvenState } from "../actions/prove.js";
import type { Anchor, StateAnchor } from "../anchor/anchor.js";
import type { Hex } from "../core/bytes.js";
import type { Connection } from "../rpc/request.js";

/**
 * What tests and scripts ask most, of the connection that they have. Each is the function of `settlement-guard` with that name.
 *
 * @example
 * const { ethers, guard } = await network.create();
 * await perps.trade(5n, await guard.latestAnchor()).catch(async (error) => console.error(await guard.explain(error)));
 */
export interface ConnectionGuard {
  latestAnchor(options?: AnchorOptions): Promise<Anchor>;
  latestStateAnchor(options?: AnchorOptions): Promise<{ anchor: StateAnchor; header: Hex }>;
  prove(options: ProveOptions): Promise<ProvenState>;
  explain(error: unknown): Promise<string>;
  explainScope(question: ScopeQuestion): Promise<ScopeExplanation>;
  checkDeployment(options: CheckDeploymentOptions): Promise<DeploymentReport>;
}

/** What is called is loaded then. */
export function connectionGuard(connection: Connection): ConnectionGuard {
  const anchors = () => import("../actions/latestAnchor.js");
  return {
    latestAnchor: async (options) => (await anchors()).latestAnchor(connection, options),
    latestStateAnchor: async (options) => (await anchors()).latestStateAnchor(connection, options),
    prove: async (options) => (await import("../actions/prove.js")).prove(connection, options),
    explain: async (error) => (await import("../explain/explain.js")).explain(error),
    explainScope: async (question) => (await import("../actions/explainScope.js")).explainScope(connection, question),
    checkDeployment: async (options) =>
      (await import("../actions/checkDeployment.js")).checkDeployment(connection, options),
  };
}
