import { createEVM } from "@ethereumjs/evm";
import { expect } from "chai";

import { compile } from "../trie-helpers/compile.js";
import { forbiddenQuestions, stateQuestions, validQuestions } from "./helpers/questions.js";
import { deploy, keyReader, twin, type Contract } from "./helpers/readers.js";
import { READER_MUTANTS, type ReaderMutant } from "./readerMutants.js";

/** `MUTANTS=1` runs all; any other text, those whose name has it. */
const WANTED = process.env["MUTANTS"];

/** What a call may take that ends: a mutant that runs out of it is caught. */
const GAS_LIMIT = 50_000_000n;

describe("mutants of the reader of witnesses", function () {
  this.timeout(600_000);
  if (WANTED === undefined) return;

  for (const mutant of READER_MUTANTS.filter(({ name }) => WANTED === "1" || name.includes(WANTED)))
    it(`is caught: ${mutant.name}`, async () => {
      expect(await firstWrongAnswer(await harnessOf(mutant)), "survives").to.be.a("string");
    });
});

describe("the fixed questions", () => {
  it("are all answered rightly by the reader itself, and each mutant's text stands in its file once", async function () {
    this.timeout(120_000);
    expect(await firstWrongAnswer(await harnessOf(undefined))).to.equal(undefined);
  });
});

async function harnessOf(mutant: ReaderMutant | undefined): Promise<Contract> {
  const patch = (path: string, text: string): string => {
    for (const { name, file, find } of READER_MUTANTS)
      if (path === `contracts/proof/${file}.sol`) expect(text.split(find), `${name}, in ${file}`).to.have.length(2);
    if (path !== `contracts/proof/${mutant?.file}.sol` || mutant === undefined) return text;
    return text.replace(mutant.find, () => mutant.replace);
  };
  const options = { evmVersion: "prague", patch };
  const { StateProofHarness } = compile("contracts/mocks/StateProofHarness.sol", ["StateProofHarness"], options);
  return deploy(
    { abi: JSON.parse(StateProofHarness!.abi.formatJson()), bytecode: StateProofHarness!.bytecode },
    await createEVM(),
    GAS_LIMIT,
  );
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
