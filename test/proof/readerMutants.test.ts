import { createEVM } from "@ethereumjs/evm";
import { expect } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { compile, CONFIGURED, PROJECT } from "../../tools/compile.js";
import { SOURCES } from "../../tools/targets.js";
import { pattern, type Mutant } from "../../tools/mutants.js";
import { forbiddenQuestions, stateQuestions, validQuestions } from "../../tools/proof/questions.js";
import { deploy, keyReader, twin, type Contract } from "../../tools/proof/readers.js";
import { READER_MUTANTS } from "./readerMutants.js";

/** `MUTANTS=1` runs all; any other text, those whose name has it. */
const WANTED = process.env["MUTANTS"];

/** What a call may take that ends: a mutant that runs out of it is caught. */
const GAS_LIMIT = 50_000_000n;

describe("mutants of the reader of witnesses", function () {
  if (WANTED === undefined) return;

  for (const mutant of READER_MUTANTS.filter(({ name }) => WANTED === "1" || name.includes(WANTED)))
    it(`is caught: ${mutant.name}`, async () => {
      expect(await firstWrongAnswer(await harnessOf(mutant)), "survives").to.be.a("string");
    });
});

describe("the fixed questions", () => {
  it("are all answered rightly by the reader itself", async function () {
    expect(await firstWrongAnswer(await harnessOf(undefined))).to.equal(undefined);
  });

  it("find each mutant's text in its file, once", () => {
    for (const mutant of READER_MUTANTS) {
      const text = readFileSync(join(PROJECT, mutant.file), "utf8");
      expect([...text.matchAll(pattern(mutant))], `${mutant.name}, in ${mutant.file}`).to.have.lengthOf(1);
    }
  });
});

async function harnessOf(mutant: Mutant | undefined): Promise<Contract> {
  const { StateProofHarness } = await compile(SOURCES.proofs, CONFIGURED, ["StateProofHarness"], mutant);
  return deploy(StateProofHarness!, await createEVM(), GAS_LIMIT);
}

/** The name of a question that is answered wrongly; undefined if none is. */
async function firstWrongAnswer(harness: Contract): Promise<string | undefined> {
  const reader = keyReader("the mutant", harness);
  for (const { name, root, keys, witness, values } of [...validQuestions(), ...forbiddenQuestions()]) {
    const answer = await reader.read(root, keys, witness);
    const isRight =
      values === undefined ? answer === (await twin.read(root, keys, witness)) : answer === values.join(" ");
    if (!isRight) return name;
    // Cut off, or with a byte more, it is refused where the twin refuses it, or both answer alike.
    for (const changed of [witness.subarray(0, witness.length - 1), Uint8Array.of(...witness, 0)])
      if ((await reader.read(root, keys, changed)) !== (await twin.read(root, keys, changed)))
        return `${name}, changed`;
  }
  for (const { name, method, args, expected } of stateQuestions()) {
    const { values, error } = await harness.call(method, args);
    const line = values === undefined ? error?.name : plain(values);
    if (line !== expected) return name;
  }
  return undefined;
}

function plain(value: unknown): string {
  return Array.isArray(value) ? `[${[...value].map(plain).join()}]` : String(value);
}
