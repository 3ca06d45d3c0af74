import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";

import {
  ACTIONS,
  EXITS,
  STANDARD_POLICY,
  STATUSES,
  VERDICTS,
  classify,
  formatPolicy,
  packPolicy,
  policyFaults,
  unpackPolicy,
  verdictOf,
  type PolicyRow,
  type PolicyTable,
  type Verdict,
} from "../../src/policy/policy.js";
import type { PoliciesHarness } from "../../typechain-types/index.js";
import { thrown } from "../../tools/errors.js";
import { announced } from "../../tools/random.js";

const INT256_MAX = 2n ** 255n - 1n;
const INT256_MIN = -(2n ** 255n);

const anyRow = fc.array(fc.constantFrom(...VERDICTS), { minLength: 5, maxLength: 5 });
const monotoneRow = anyRow.map((row) => row.sort((a, b) => VERDICTS.indexOf(b) - VERDICTS.indexOf(a)));
const tableOf = (rows: readonly Verdict[][]): PolicyTable =>
  Object.fromEntries(ACTIONS.map((action, i) => [action, rows[i] as unknown as PolicyRow])) as PolicyTable;
const anyTable = fc.array(fc.oneof(monotoneRow, monotoneRow, anyRow), { minLength: 8, maxLength: 8 }).map(tableOf);
const ranks = (table: PolicyTable): number[][] =>
  ACTIONS.map((action) => table[action].map((verdict) => VERDICTS.indexOf(verdict)));

describe("the policy as typed data", () => {
  let contract: PoliciesHarness;

  before(async () => {
    const { ethers } = await network.create();
    contract = (await ethers.deployContract("PoliciesHarness")) as unknown as PoliciesHarness;
  });

  it("has the contract's standard policy, cell by cell and packed", async () => {
    expect(packPolicy(STANDARD_POLICY)).to.equal(await contract.standard());
    for (const [a, action] of ACTIONS.entries())
      for (const [s, status] of STATUSES.entries())
        expect(
          VERDICTS[Number(await contract.verdict(packPolicy(STANDARD_POLICY), s, a))],
          `${action} in ${status}`,
        ).to.equal(verdictOf({ policy: STANDARD_POLICY, status, action }));
    for (const [a, action] of ACTIONS.entries()) expect(await contract.isExit(a)).to.equal(EXITS.includes(action));
  });

  it("SG-12: refuses the tables that the contract refuses, and packs the others to the same bits", async () => {
    const seed = announced().seed;
    let [sound, refused] = [0, 0];
    await fc.assert(
      fc.asyncProperty(anyTable, async (table) => {
        const packed = await contract.pack(ranks(table) as never).catch(() => undefined);
        const accepted =
          packed !== undefined &&
          (await contract.requireSound(packed).then(
            () => true,
            () => false,
          ));
        expect(policyFaults(table).length === 0, formatPolicy(table)).to.equal(accepted);
        if (!accepted) {
          refused += 1;
          thrown("INVALID_POLICY", () => packPolicy(table));
          return;
        }
        sound += 1;
        expect(packPolicy(table)).to.equal(packed);
        expect(unpackPolicy(packed)).to.deep.equal(table);
      }),
      { seed, numRuns: 300 },
    );
    // Sound tables are rare among random ones: they are drawn apart.
    const soundRow = (action: string): fc.Arbitrary<Verdict[]> =>
      monotoneRow.filter((row) => policyFaults({ ...STANDARD_POLICY, [action]: row }).length === 0);
    await fc.assert(
      fc.asyncProperty(fc.tuple(...ACTIONS.map(soundRow)), async (rows) => {
        const table = tableOf(rows);
        const packed = await contract.pack(ranks(table) as never);
        await contract.requireSound(packed);
        expect(packPolicy(table)).to.equal(packed);
        expect(unpackPolicy(packed)).to.deep.equal(table);
        sound += 1;
      }),
      { seed, numRuns: 200 },
    );
    expect(sound).to.be.greaterThan(100);
    expect(refused).to.be.greaterThan(100);
  });

  it("SG-12: names the cell that is at fault, and why", () => {
    const worse: PolicyTable = { ...STANDARD_POLICY, Fund: ["Allow", "Deny", "Allow", "Deny", "Deny"] };
    const { details, message } = thrown("INVALID_POLICY", () => packPolicy(worse));
    expect(details).to.deep.include({ action: "Fund", status: "Stale" });
    expect(message).to.match(/^Fund in Stale: a worse status allows more/);
    const row = (action: string, verdicts: PolicyRow): string[] =>
      policyFaults({ ...STANDARD_POLICY, [action]: verdicts }).map(({ status }) => status);
    expect(row("Settle", ["Deny", "Deny", "Deny", "Deny", "Deny"])).to.deep.equal(["Synced"]);
    expect(row("Decrease", ["Allow", "Allow", "Deny", "Deny", "Deny"])).to.deep.equal(["Stale", "Diverged"]);
    expect(row("Withdraw", ["Allow", "Allow", "Allow", "Allow", "Deny"])).to.deep.equal(["Diverged"]);
    expect(row("Liquidate", ["Allow", "Allow", "Allow", "Allow", "Allow"])).to.deep.equal(["Diverged", "Halted"]);
    expect(row("Liquidate", ["Allow", "Deny", "Deny", "Deny", "Deny"])).to.deep.equal(["Lagging", "Stale"]);
  });

  it("refuses bits that no table has", () => {
    for (const bits of [-1n, 1n << 48n, 7n, 0o76n, 0o12n]) thrown("INVALID_POLICY", () => unpackPolicy(bits));
  });

  it("prints as a table that reads back", () => {
    const lines = formatPolicy(STANDARD_POLICY).split("\n");
    expect(lines).to.have.length(2 + ACTIONS.length);
    expect(
      lines[0]!
        .split("|")
        .slice(2, 7)
        .map((cell) => cell.trim()),
    ).to.deep.equal([...STATUSES]);
    const words: Record<string, Verdict> = { allow: "Allow", conservative: "AllowConservative", "-": "Deny" };
    const rows = lines.slice(2).map((line) => line.split("|").map((cell) => cell.trim()));
    const read = rows.map((cells) => [cells[1]!, cells.slice(2, 7).map((cell) => words[cell]!)]);
    expect(Object.fromEntries(read)).to.deep.equal(STANDARD_POLICY);
    expect(new Set(lines.map((line) => line.length)).size).to.equal(1);
  });

  it("classifies trades as the contract does, the extremes included", async () => {
    const edges = [0n, 1n, -1n, 5n, -5n, INT256_MAX, INT256_MIN, INT256_MAX - 1n, INT256_MIN + 1n];
    const cases = edges.flatMap((position) => edges.map((size) => [position, size] as const));
    const random = fc.sample(fc.tuple(fc.bigInt(INT256_MIN, INT256_MAX), fc.bigInt(INT256_MIN, INT256_MAX)), {
      numRuns: 50,
      seed: announced().seed,
    });
    for (const [position, size] of [...cases, ...random])
      expect(ACTIONS[Number(await contract.classify(position, size))], `${position} ${size}`).to.equal(
        classify(position, size),
      );
    expect(classify(10n, -11n)).to.equal("Increase");
    expect(classify(10n, -10n)).to.equal("Decrease");
    expect(classify(-10n, 3n)).to.equal("Decrease");
    expect(classify(0n, 1n)).to.equal("Increase");
  });
});
