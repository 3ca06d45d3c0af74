import { expect } from "chai";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { PROJECT } from "../tools/compile.js";
import { pattern } from "../tools/mutants.js";
import type { AimedMutant, Ask, Finding } from "../tools/mutation.js";

/** `1` runs all; any other text is a regular expression over the names. */
const WANTED = process.env["MUTANTS"];

/**
 * Bugs put into the contracts. Each names a file and must make one of the fixed tests fail that the file holds. They run
 * in processes of their own, two at a time, where `MUTANTS` is set.
 */
export function shouldNoticeMutants(mutants: readonly AimedMutant[], ask: Ask): void {
  it("each one's text is in its source, once, and the file that is to notice it is there", () => {
    for (const mutant of mutants) {
      const text = readFileSync(join(PROJECT, mutant.file), "utf8");
      expect([...text.matchAll(pattern(mutant))], mutant.name).to.have.lengthOf(1);
      expect(existsSync(join(PROJECT, mutant.test)), mutant.test).to.equal(true);
    }
    expect(new Set(mutants.map(({ name }) => name))).to.have.property("size", mutants.length);
  });

  describe("with MUTANTS=1", function () {
    const wanted = mutants.filter(
      ({ name }) => WANTED === undefined || WANTED === "1" || new RegExp(WANTED).test(name),
    );
    const asked = [
      ...[...new Set(wanted.map(({ test }) => test))].sort().map((test) => ({ test, mutant: undefined })),
      ...wanted.map((mutant) => ({ test: mutant.test, mutant })),
    ];
    const findings = new Map<number, Promise<Finding>>();
    let scratch = "";

    /** The next one begins, too, while this one is waited for. */
    async function findingAt(index: number): Promise<Finding> {
      for (const i of [index, index + 1]) {
        const { test, mutant } = asked[i] ?? {};
        if (test !== undefined && !findings.has(i)) findings.set(i, ask(test, mutant, scratch));
      }
      return findings.get(index)!;
    }

    before(function () {
      if (WANTED === undefined) this.skip();
      scratch = mkdtempSync(join(tmpdir(), "mutants-"));
    });

    after(async () => {
      await Promise.all(findings.values());
      if (scratch !== "") rmSync(scratch, { recursive: true });
    });

    for (const [i, { test, mutant }] of asked.entries()) {
      if (mutant === undefined) {
        it(`none: the fixed tests of ${test} pass`, async () => {
          const { failed, passing, output } = await findingAt(i);
          expect(failed, output).to.equal(undefined);
          expect(passing, output).to.be.at.least(1);
        });
        continue;
      }
      it(`${mutant.attack}: ${mutant.name}`, async () => {
        const { failed, isAssertion, output } = await findingAt(i);
        expect(failed, `${test} notices nothing: ${output}`).not.to.equal(undefined);
        expect(isAssertion, `what fails is no test of ${test}: ${output}`).to.equal(true);
        console.log(`      noticed by ${test}: ${failed}`);
      });
    }
  });
}
