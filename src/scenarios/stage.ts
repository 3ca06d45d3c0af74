import { latestAnchor } from "../actions/latestAnchor.js";
import type { Anchor } from "../anchor/anchor.js";
import { findAcceptance, findRejection } from "../assert/byGuard.js";
import type { Finding } from "../assert/finding.js";
import type { ChainOptions, SimulatedChain } from "../forks/index.js";
import { invalidOption } from "../rpc/options.js";
import type { DeployedProtocol, Member, Need, Protocol, ScenarioForks, ScenarioStep } from "./protocol.js";

/** A protocol, or a backend, has not what a scenario needs. */
export class Missing extends Error {
  constructor(
    readonly need: Need,
    reason: string,
  ) {
    super(`not shown: ${reason}`);
  }
}

const NEEDED: Readonly<Record<Member, string>> = {
  close: "no exit",
  payout: "no payout",
  seesOutages: "no guard that sees an outage",
};

/** Where one scenario plays: its chains, its protocol, and what was found so far. */
export class Stage<Tools> {
  readonly steps: ScenarioStep[] = [];
  readonly #forks: ScenarioForks<Tools>;
  readonly #protocol: Protocol<Tools>;
  readonly #needs: readonly Member[];
  readonly #chains: SimulatedChain<Tools>[] = [];
  #deployed: DeployedProtocol<Tools> | undefined;

  constructor(forks: ScenarioForks<Tools>, protocol: Protocol<Tools>, needs: readonly Member[]) {
    this.#forks = forks;
    this.#protocol = protocol;
    this.#needs = needs;
  }

  get protocol(): DeployedProtocol<Tools> {
    return this.#deployed!;
  }

  /** One chain, with the protocol on it. */
  async chain(options: ChainOptions = {}): Promise<SimulatedChain<Tools>> {
    const chain = this.closing(await this.#forks.create(options));
    await this.#deploy(chain);
    return chain;
  }

  /** Nodes that part after the protocol was deployed, each with three blocks of its own. */
  async nodes(...names: string[]): Promise<SimulatedChain<Tools>[]> {
    const nodes = await this.#forks.partition({ names, prepare: (chain) => this.#deploy(chain) });
    for (const node of nodes) await this.closing(node).mine(3);
    return nodes;
  }

  /** Closes a chain when the scenario ends, before those that were there earlier. */
  closing(chain: SimulatedChain<Tools>): SimulatedChain<Tools> {
    this.#chains.unshift(chain);
    return chain;
  }

  async close(): Promise<void> {
    for (const chain of this.#chains) await chain.close();
  }

  /** The guard must let it through. */
  async accepts(name: string, act: () => Promise<unknown>): Promise<void> {
    this.#note(name, "accepted", await findAcceptance(act));
  }

  /** The guard must refuse it: another revert does not count. */
  async rejects(name: string, act: () => Promise<unknown>): Promise<void> {
    this.#note(name, "rejected by the guard", await findRejection(act));
  }

  /** Opens at an anchor that the executing chain has. */
  async opensAnew(name: string, chain: SimulatedChain<Tools>): Promise<void> {
    const anchor = await anchorOf(chain);
    await this.accepts(name, () => this.protocol.open(chain, anchor));
  }

  /** Lets hours of blocks pass, one entry after the other, until it opens at an anchor that the chain has. */
  async opensWithin(hours: readonly number[], chain: SimulatedChain<Tools>): Promise<void> {
    let passed = 0;
    let finding: Finding | undefined;
    for (const more of hours) {
      await chain.passTime(3_600 * more);
      passed += more;
      const anchor = await anchorOf(chain);
      finding = await findAcceptance(() => this.protocol.open(chain, anchor));
      if (finding.holds === true) break;
    }
    this.#note(`an action after ${passed} h of blocks`, "accepted", finding!);
  }

  async #deploy(chain: SimulatedChain<Tools>): Promise<void> {
    const deployed = await this.#protocol.deploy(chain);
    if (typeof (deployed as Partial<DeployedProtocol> | undefined)?.open !== "function")
      throw invalidOption("protocol", "expected that `deploy` returns an object with `open`");
    for (const member of this.#needs)
      if (!deployed[member]) throw new Missing(member, `the protocol has ${NEEDED[member]}`);
    this.#deployed = deployed;
    await chain.mine(3);
  }

  #note(name: string, expected: ScenarioStep["expected"], { holds, found }: Finding): void {
    this.steps.push({ name, expected, holds: holds === true, found });
  }
}

/** The block before the head: what a careful client prepares an action on. */
export function anchorOf<Tools>(chain: SimulatedChain<Tools>, depth = 1): Promise<Anchor> {
  return latestAnchor(chain, { depth });
}
