import { expect } from "chai";
import { parseEther } from "ethers";

import type { Hex } from "../../src/core/bytes.js";
import type { Action, ScenarioResult, Step } from "../../scenarios/types.js";
import { NOBODY } from "./inputs.js";
import { developmentAccount, keyByEthers, rootByMpt, valueByMpt } from "./oracle.js";

export const UNIT = 10n ** 18n;

/** Who is who in the scenarios, by the place among a development chain's accounts. */
export const ACCOUNTS = {
  alice: developmentAccount(4),
  bob: developmentAccount(5),
  carol: developmentAccount(6),
  dave: developmentAccount(7),
  erin: developmentAccount(8),
} as const;

/** An entry of a ledger. */
export type Entry = readonly [key: Hex, value: bigint];

/** A ledger beside the chain, as a test expects it. */
export interface ExpectedLedger {
  /** All entries of the ledger, of which its root is made anew. */
  readonly entries: readonly Entry[];
  /** What is shown of the ledger, the word of the chain's slot, and whether they agree. The word is undefined where there is no slot. */
  readonly rows: readonly (readonly [key: string, ledger: string, word: bigint | undefined, agrees: boolean])[];
}

export function balanceOf(role: keyof typeof ACCOUNTS, amount: bigint): Entry {
  return [keyByEthers(ACCOUNTS[role], "balance"), amount * UNIT];
}

export function totalOf(amount: bigint): Entry {
  return [keyByEthers(NOBODY, "balance"), amount * UNIT];
}

/** The ledgers that a scenario shows have these roots, and the chain's slots hold these words, by `@ethereumjs/mpt`. */
export async function expectLedgers({ ledgers = [] }: ScenarioResult, expected: readonly ExpectedLedger[]) {
  expect(ledgers).to.have.length(expected.length);
  for (const [i, { entries, rows }] of expected.entries()) {
    const { ledgerRoot, stateRoot, rows: shown, title } = ledgers[i]!;
    expect(ledgerRoot, title).to.equal(await rootByMpt(entries));
    expect(shown.map(({ key, ledger, agrees }) => [key, ledger, agrees])).to.deep.equal(
      rows.map(([key, ledger, , agrees]) => [key, ledger, agrees]),
    );
    for (const [j, [key, , word]] of rows.entries()) {
      const { proof, chain } = shown[j]!;
      expect(proof === undefined, `a slot of ${key}`).to.equal(word === undefined);
      if (proof === undefined || word === undefined) continue;
      expect(await valueByMpt(stateRoot, proof), `${title}: ${key}`).to.equal(word);
      expect([BigInt(chain), amountOf(chain)], `what is shown of ${key}`).to.include(word);
    }
  }
}

/** Something shown as whole tokens, in the smallest unit. */
function amountOf(shown: string): bigint {
  return /^\d+$/.test(shown) ? parseEther(shown) : 0n;
}

/** What is illegal took effect without the guard alone, which refused it with this error, and these of its values. */
export function expectRefused(step: Step, error: string, values: Record<string, bigint>): void {
  expect(step.legal, step.because).to.equal(false);
  expect(step.unguarded.executed, "without the guard").to.equal(true);
  expect(step.guarded.error, step.guarded.says).to.equal(error);
  expect(step.guarded.values).to.include(values);
}

/** What a scenario says that happened, in this order. */
export function expectEvents({ events = [] }: ScenarioResult, texts: readonly string[]): void {
  expect(events.map(({ text }) => text)).to.deep.equal(texts);
}

/** What was refused, in this order: codes, and what each says. */
export function expectRefusals({ refusals = [] }: ScenarioResult, expected: readonly (readonly [string, RegExp])[]) {
  expect(refusals.map(({ error }) => error)).to.deep.equal(expected.map(([error]) => error));
  for (const [i, [, says]] of expected.entries()) expect(refusals[i]!.says).to.match(says);
}

/** Hashes of an action's anchor on the branch where it was signed, and on the one where it was presented. */
export function anchorsOf({ branches }: ScenarioResult, { anchor, signedOn, presentedOn }: Action) {
  const on = (name: string): Hex | undefined =>
    branches.find((branch) => branch.name === name)?.blocks.find(({ number }) => number === anchor.number)?.hash;
  return { signed: on(signedOn), presented: on(presentedOn) };
}
