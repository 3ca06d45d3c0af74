// Runs forge from npm, with the compiler from npm. On a machine that has both, `forge test` is all, or `forge coverage`.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const forge = findForge();
if (forge === undefined) {
  console.log("skipped: npm has forge for Linux on x64 only");
} else {
  const solc = join(import.meta.dirname, "solc.mjs");
  const tests = [
    ["default", "test", "--gas-report"],
    ["ir", "test"],
  ];
  // Without the optimizer the contracts are too deep for the legacy pipeline.
  const heavy = [
    ["default", "coverage", "--ir-minimum"],
    ["default", "test", "--network", "optimism"],
  ];
  const runs = (process.argv[2] === "heavy" ? heavy : tests).map(([profile, ...command]) =>
    spawnSync(forge, [...command, "--offline", "--use", solc], {
      stdio: "inherit",
      env: { ...process.env, FOUNDRY_PROFILE: profile },
    }),
  );
  process.exitCode = runs.every(({ status }) => status === 0) ? 0 : 1;
}

function findForge() {
  try {
    return join(
      dirname(createRequire(import.meta.url).resolve("@foundry-rs/forge-linux-amd64/package.json")),
      "bin",
      "forge",
    );
  } catch {
    return undefined;
  }
}
