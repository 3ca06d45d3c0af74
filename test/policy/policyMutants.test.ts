import { expect } from "chai";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { PROJECT } from "../../tools/compile.js";
import { pattern } from "../../tools/mutants.js";
import { findingOf, MUTANTS, testOf, type Finding } from "../../tools/policy/mutation.js";

/** In milliseconds: to compile the contracts and ask a file of tests, on a busy machine. */
const LONGEST = 600_000;

/**
 * Bugs put into the policy room. Each names a file and must make one of the fixed tests fail that the file holds. They
 * run in processes of their own, two at a time, with `MUTANTS=1` or a regular expression over the names:
 *
 * MUTANTS=1 npx hardhat test mocha test/policy/policyMutants.test.ts
 */
describe("mutants of the policy room", () => {
  it("each one's text is in its source, once, and the file that is to notice it is there", () => {
    for (const mutant of MUTANTS) {
      const text = readFileSync(join(PROJECT, mutant.file), "utf8");
      expect([...text.matchAll(pattern(mutant))], mutant.name).to.have.lengthOf(1);
      expect(existsSync(join(PROJECT, testOf(mutant.test))), mutant.test).to.equal(true);
    }
    expect(new Set(MUTANTS.map(({ name }) => name))).to.have.property("size", MUTANTS.length);
  });

  describe("with MUTANTS=1", function () {
    this.timeout(LONGEST);
    const wanted = process.env["MUTANTS"] ?? "1";
    const mutants = MUTANTS.filter(({ name }) => wanted === "1" || new RegExp(wanted).test(name));
    const files = [...new Set(mutants.map(({ test }) => test))].sort();
    const asked = [
      ...files.map((file) => ({ file, mutant: undefined })),
      ...mutants.map((mutant) => ({ file: mutant.test, mutant })),
    ];
    const findings = new Map<number, Promise<Finding>>();
    let cache = "";

    /** The next one begins, too, while this one is waited for. */
    async function findingAt(index: number): Promise<Finding> {
      for (const i of [index, index + 1]) {
        const { file, mutant } = asked[i] ?? {};
        if (file !== undefined && !findings.has(i)) findings.set(i, findingOf(file, mutant, cache));
      }
      return findings.get(index)!;
    }

    before(function () {
      if (process.env["MUTANTS"] === undefined) this.skip();
      cache = mkdtempSync(join(tmpdir(), "mutants-"));
    });

    after(async () => {
      await Promise.all(findings.values());
      if (cache !== "") rmSync(cache, { recursive: true });
    });

    for (const [i, { file, mutant }] of asked.entries()) {
      if (mutant === undefined) {
        it(`none: the fixed tests of ${file} pass`, async () => {
          const { failed, passing, output } = await findingAt(i);
          expect(failed, output).to.equal(undefined);
          expect(passing, output).to.be.at.least(1);
        });
        continue;
      }
      it(`${mutant.attack}: ${mutant.name}`, async () => {
        const { failed, isAssertion, output } = await findingAt(i);
        expect(failed, `${file} notices nothing: ${output}`).not.to.equal(undefined);
        expect(isAssertion, `what fails is no test of ${file}: ${output}`).to.equal(true);
        console.log(`      noticed by ${file}: ${failed}`);
      });
    }
  });
});
