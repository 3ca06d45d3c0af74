import { expect } from "chai";

import type { Action, Scenario, ScenarioResult, Step } from "../../scenarios/types.js";

/** A scenario that was run once for all the tests of its block. */
export interface Replay {
  result: () => ScenarioResult;
  /** The step whose name is like this. */
  step: (name: RegExp) => Step;
  /** The same for a step that carries an anchor. */
  action: (name: RegExp) => Action;
}

export function replay(scenario: Scenario): Replay {
  let found: ScenarioResult | undefined;
  before(async () => {
    found = await scenario.run(() => undefined);
  });
  const result = (): ScenarioResult => {
    expect(found, "the scenario ran").not.to.equal(undefined);
    return found as ScenarioResult;
  };
  const step = (name: RegExp): Step => {
    const match = result().actions.find((taken) => name.test(taken.name));
    expect(match, `a step like ${name}`).not.to.equal(undefined);
    return match as Step;
  };
  return {
    result,
    step,
    action(name) {
      const match = step(name);
      expect(match, "an anchor").to.have.property("anchor");
      return match as Action;
    },
  };
}

/** Both twins let a legal step through. */
export function expectAccepted(step: Step): void {
  expect(step.legal, step.because).to.equal(true);
  expect(step.unguarded.executed, "without the guard").to.equal(true);
  expect(step.guarded.executed, step.guarded.says).to.equal(true);
}
