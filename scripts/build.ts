/**
 * Builds the package out of what the compiler left in artifacts/. Everything in dist/ is made anew:
 *
 * - dist/esm and dist/cjs: the library, the types of the contracts for ethers, and their ABIs as constants for viem, for both module systems;
 * - dist/abi: the same ABIs as JSON;
 * - dist/artifacts: ABI and bytecode of what is deployed as it is.
 *
 * Types and ABIs are those of the contracts whose Solidity is in the package. Mocks, examples and the reference are for this repository.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { runTypeChain } from "typechain";

const ARTIFACTS = "artifacts/contracts";
const PRIVATE = /^(?:mocks|examples|reference)\//;
/** What users deploy without writing Solidity. */
const DEPLOYED = ["StandaloneGuard", "StateProofLens"];

interface Artifact {
  contractName: string;
  sourceName: string;
  abi: { type: string }[];
  bytecode: string;
}

for (const folder of ["build", "dist"]) rmSync(folder, { recursive: true, force: true });
const files = readdirSync(ARTIFACTS, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".json") && !PRIVATE.test(path))
  .map((path) => join(ARTIFACTS, path))
  .sort();
const artifacts = files.map((path) => JSON.parse(readFileSync(path, "utf8")) as Artifact);

const flags = { alwaysGenerateOverloads: false, discriminateTypes: false, tsNocheck: false, environment: undefined };
await runTypeChain({
  cwd: process.cwd(),
  allFiles: files,
  filesToProcess: files,
  outDir: "build/typechain-types",
  target: "ethers-v6",
  flags: { ...flags, node16Modules: true },
});
// TypeChain leaves out the file's name where it imports a folder's types.
const index = "build/typechain-types/index.ts";
write(index, readFileSync(index, "utf8").replaceAll(/(import type .* from )"(\.\/\w+)";/g, '$1"$2/index.js";'));
writeAbis(artifacts.filter(({ abi }) => abi.length > 0));
for (const { contractName, sourceName, abi, bytecode } of artifacts)
  if (DEPLOYED.includes(contractName))
    writeJson(`dist/artifacts/${contractName}.json`, { contractName, sourceName, abi, bytecode });

for (const project of ["tsconfig.build.json", "tsconfig.cjs.json"])
  execFileSync("tsc", ["-p", project], { stdio: "inherit" });
writeJson("dist/cjs/package.json", { type: "commonjs" });

/** Each ABI as JSON, and all as constants from which viem infers types. */
function writeAbis(contracts: readonly Artifact[]): void {
  const names = contracts.map(({ contractName }) => contractName);
  if (new Set(names).size < names.length) throw new RangeError(`two contracts have the same name: ${names.join(", ")}`);
  const constants = contracts.map(({ contractName, abi }) => {
    writeJson(`dist/abi/${contractName}.json`, abi);
    return `/** The ABI of \`${contractName}\`. */\nexport const ${constantOf(contractName)} = ${JSON.stringify(abi)} as const;\n`;
  });
  write("build/abi.ts", constants.join("\n"));
}

/** `IGuardErrors` becomes `iGuardErrorsAbi`, as wagmi's generator has it. */
function constantOf(name: string): string {
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}Abi`;
}

function writeJson(path: string, value: unknown): void {
  write(path, `${JSON.stringify(value)}\n`);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
