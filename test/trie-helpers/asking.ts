import { expect } from "chai";

import { record } from "./recorder.js";
import { allVerifiers, type Deployed, type Line, type Verifier, type WitnessVerifier } from "./verifiers.js";
import { concat } from "./buildTrie.js";

type Everyone = Awaited<ReturnType<typeof allVerifiers>>;

/** Ways to put a question to every implementation, on one chain, and to have it recorded. Called in a `describe`. */
export interface Asking {
  everyone(): Everyone;
  each(ask: (verifier: Verifier) => Promise<Line>, expected: string | RegExp): Promise<void>;
  /** Of the implementations that take a list of nodes. */
  eachList(ask: (verifier: Verifier) => Promise<Line>, expected: string | RegExp): Promise<void>;
  /** Of the implementations that take one byte string. */
  eachPacked(ask: (verifier: Verifier) => Promise<Line>, expected: string | RegExp): Promise<void>;
  eachWitness(ask: (verifier: WitnessVerifier) => Promise<Line>, expected: string | RegExp): Promise<void>;
  /** A slot of an account, in every form of the API. */
  eachSlot(
    question: {
      readonly root: Uint8Array;
      readonly address: Uint8Array;
      readonly slot: Uint8Array;
      readonly account: readonly Uint8Array[];
      readonly storage: readonly Uint8Array[];
    },
    expected: string | RegExp,
  ): Promise<void>;
  /** Of the contract alone, in calldata that no encoder writes. */
  inCalldata(ask: (contract: Deployed) => Promise<Line>, expected: string | RegExp): Promise<void>;
}

export function asking(): Asking {
  let everyone: Everyone;
  let title = "";

  before(async () => {
    everyone = await allVerifiers();
  });
  beforeEach(function () {
    title = this.currentTest?.title ?? "";
  });

  const demand = (line: Line, name: string, expected: string | RegExp): void => {
    if (typeof expected === "string") expect(line, name).to.equal(expected);
    else expect(line, name).to.match(expected);
  };
  const ofKeys = async (
    packed: boolean | undefined,
    ask: (verifier: Verifier) => Promise<Line>,
    expected: string | RegExp,
  ): Promise<void> => {
    record({ title, expected, verifier: ask, packed });
    for (const verifier of everyone.keys)
      if (packed === undefined || verifier.packed === packed) demand(await ask(verifier), verifier.name, expected);
  };
  const eachWitness: Asking["eachWitness"] = async (ask, expected) => {
    record({ title, expected, witness: ask });
    for (const verifier of everyone.witnesses) demand(await ask(verifier), verifier.name, expected);
  };
  return {
    everyone: () => everyone,
    each: (ask, expected) => ofKeys(undefined, ask, expected),
    eachList: (ask, expected) => ofKeys(false, ask, expected),
    eachPacked: (ask, expected) => ofKeys(true, ask, expected),
    eachWitness,
    async eachSlot({ root, address, slot, account, storage }, expected) {
      await ofKeys(undefined, (v) => v.accountSlot(root, address, slot, account, storage), expected);
      await eachWitness((v) => v.slots(root, address, [slot], concat([...account, ...storage])), expected);
    },
    async inCalldata(ask, expected) {
      record({ title, expected, calldata: ask });
      demand(await ask(everyone.solidity), "Solidity", expected);
    },
  };
}
