import { BUILDS, compile, CONFIGURED, isConfigured, type Build } from "./compile.js";

const mocks = (...names: readonly string[]): readonly string[] => names.map((name) => `contracts/mocks/${name}.sol`);

/** What suites of inherited code are about, each compiled in every build. */
export const SOURCES = {
  policy: mocks("PolicyTargets", "AssessmentHarness", "Delegator", "SelfProvenTargets"),
  guard: mocks("Targets", "Delegator"),
  headers: mocks("HeaderReaderHarness"),
  headersGas: mocks("HeaderReaderGas"),
  proofs: mocks("StateProofHarness"),
  exchange: mocks("WholeExchange"),
};

/** Both pipelines with the settings that most projects have. */
export const PIPELINES: readonly Build[] = [false, true].map((viaIR) => ({
  ...CONFIGURED,
  name: viaIR ? "viaIR" : "legacy",
  viaIR,
}));

/**
 * Compiles all of it into the user's cache, but for what Hardhat compiles. It is one after the other, the longest first: a suite that is
 * there before waits.
 */
export async function compileTargets(): Promise<void> {
  const { exchange, ...inherited } = SOURCES;
  const all = Object.values(inherited).flatMap((entries) => BUILDS.toReversed().map((build) => ({ entries, build })));
  all.push(...PIPELINES.map((build) => ({ entries: exchange, build })));
  for (const { entries, build } of all) if (!isConfigured(build)) await compile(entries, build);
}
