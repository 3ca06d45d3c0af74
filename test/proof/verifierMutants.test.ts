import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import { toHex } from "../../src/core/bytes.js";
import { compile, type Compiled, PROJECT } from "../trie-helpers/compile.js";
import { mutate, MUTANTS, pattern } from "../trie-helpers/mutants.js";
import { fits, type Recorded, recorded } from "../trie-helpers/recorder.js";
import {
  type Caller,
  connect,
  type Deployed,
  solidityVerifiers,
  solidityWitnessVerifiers,
  type Verifier,
  type WitnessVerifier,
} from "../trie-helpers/verifiers.js";

const HARNESS = "contracts/mocks/StateProofHarness.sol";

/** A mutant, in all forms of the API. */
interface Bugged {
  readonly keys: readonly Verifier[];
  readonly witnesses: readonly WitnessVerifier[];
  readonly contract: Deployed;
}

/**
 * Historical bugs of proof verifiers, and a few of our own, put back into ours one at a time: some question that another test asked
 * must then get another answer. Asked for with `MUTANTS=1` (or a part of a name), together with the tests that ask the questions, none
 * of which is drawn at random:
 *
 * MUTANTS=1 npx hardhat test mocha test/proof/{stateProof,shortcut,hostileTries,verifierMutants}.test.ts
 */
describe("mutants of the verifier", function () {
  const wanted = process.env["MUTANTS"];
  let call: Caller;
  let deploy: (compiled: Compiled) => Promise<string>;

  before(async function () {
    if (wanted === undefined) this.skip();
    const { ethers, provider } = await connect();
    const [signer] = await ethers.getSigners();
    call = async (to, data) =>
      (await provider.request({ method: "eth_call", params: [{ to, data, gas: "0x1c9c380" }, "latest"] })) as string;
    deploy = async ({ abi, bytecode }) =>
      (await new ethers.ContractFactory(abi, bytecode, signer ?? null).deploy()).getAddress();
  });

  for (const mutant of MUTANTS) {
    it(`${mutant.attack}: ${mutant.name}`, async function () {
      this.timeout(600_000);
      if (wanted !== undefined && wanted !== "1" && !mutant.name.includes(wanted)) this.skip();
      const built = compile(HARNESS, ["StateProofHarness"], { patch: mutate(mutant.name) })[
        "StateProofHarness"
      ] as Compiled;
      const address = await deploy(built);
      expect(recorded.length, "questions that other tests asked").to.be.greaterThan(0);
      const killer = await firstToNotice({
        keys: solidityVerifiers("mutant", call, address, built.abi),
        witnesses: solidityWitnessVerifiers("mutant", call, address, built.abi),
        contract: { abi: built.abi, call: (data) => call(address, toHex(data)) },
      });
      expect(killer, "a test that notices").to.not.equal(undefined);
      console.log(`      noticed by: ${killer}`);
    });
  }

  async function firstToNotice(bugged: Bugged): Promise<string | undefined> {
    for (const entry of recorded) {
      for (const line of await answers(entry, bugged)) if (!fits(line, entry.expected)) return entry.title;
    }
    return undefined;
  }

  async function answers(entry: Recorded, { keys, witnesses, contract }: Bugged): Promise<string[]> {
    // A mutant may also run out of gas, or fail in another way that the library never does.
    const safely = (line: Promise<string>): Promise<string> => line.catch(() => "reverted");
    if ("calldata" in entry) return [await safely(entry.calldata(contract))];
    if ("witness" in entry) return Promise.all(witnesses.map((v) => safely(entry.witness(v))));
    const asked = keys.filter(({ packed }) => entry.packed === undefined || entry.packed === packed);
    return Promise.all(asked.map((v) => safely(entry.verifier(v))));
  }
});

describe("the mutants' texts", () => {
  it("are in the sources: a bug that cannot be put back would be noticed by nobody", () => {
    const missing = MUTANTS.filter(
      (mutant) => !pattern(mutant).test(readFileSync(join(PROJECT, mutant.file), "utf8")),
    ).map(({ name }) => name);
    expect(missing).to.deep.equal([]);
  });
});
