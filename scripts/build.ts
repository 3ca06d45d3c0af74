/**
 * Makes `dist`, which is published beside Solidity and documents. It holds the library as ES
 * modules and as CommonJS. Of the contracts it holds ABIs, artifacts that can be deployed, and
 * types for ethers. All of it is made anew, so that nothing stale can be packed.
 *
 * Sources are staged in `cache/package`: the `type` of the manifest beside them decides for which of the two TypeScript compiles.
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { runTypeChain } from "typechain";

interface Artifact {
  contractName: string;
  sourceName: string;
  abi: { type: string }[];
  bytecode: string;
}

/** Version 7 takes two fifths of the time of version 5, which TypeDoc has to have. */
const TSC = "node_modules/typescript-7/bin/tsc";
const STAGE = "cache/package";
const DIST = "dist";
/** Solidity of which nothing compiled is published: it is for tests, or to be read. */
const NOT_COMPILED = ["mocks", "reference", "examples", "testing"];
/** Hardhat 3 exists as ES modules only. */
const ESM_ONLY = ["src/hardhat"];
const ARTIFACT_TYPE = `
/** A compiled contract in the format of Hardhat, which viem, ethers and Ignition deploy as it is. */
export interface Artifact<Abi extends readonly unknown[]> {
  _format: string;
  contractName: string;
  sourceName: string;
  abi: Abi;
  bytecode: \`0x\${string}\`;
  deployedBytecode: \`0x\${string}\`;
  linkReferences: Record<string, never>;
  deployedLinkReferences: Record<string, never>;
  immutableReferences: Record<string, { start: number; length: number }[]>;
}
`;

for (const directory of [STAGE, DIST]) rmSync(directory, { recursive: true, force: true });
cpSync("src", join(STAGE, "src"), { recursive: true });

const paths = publishedArtifacts();
const artifacts = paths.map(readArtifact);
const deployable = artifacts.filter(({ abi, bytecode }) => bytecode !== "0x" && abi.some(isFunction));
await stageTypes(paths);
stageModules(artifacts, deployable);
compile("module", "esm");
for (const directory of ESM_ONLY) rmSync(join(STAGE, directory), { recursive: true });
compile("commonjs", "cjs");
for (const { contractName, abi } of artifacts) writeJson(join(DIST, "abi", `${contractName}.json`), abi);
for (const artifact of deployable) writeJson(join(DIST, "artifacts", `${artifact.contractName}.json`), artifact);
requireEntries();

/** Hardhat's artifacts of what a protocol inherits or calls; libraries of internal functions have an empty ABI. */
function publishedArtifacts(): string[] {
  const root = "artifacts/contracts";
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".json") && !NOT_COMPILED.includes(path.split("/")[0]!))
    .map((path) => join(root, path))
    .filter((path) => readArtifact(path).abi.length > 0)
    .sort();
}

/** An artifact without what leads to Hardhat's build info, which is not published. */
function readArtifact(path: string): Artifact {
  return JSON.parse(readFileSync(path, "utf8"), (key, value: unknown) =>
    key === "buildInfoId" || key === "inputSourceName" ? undefined : value,
  ) as Artifact;
}

async function stageTypes(artifactPaths: string[]): Promise<void> {
  const outDir = join(STAGE, "typechain-types");
  await runTypeChain({
    cwd: process.cwd(),
    target: "ethers-v6",
    outDir,
    allFiles: artifactPaths,
    filesToProcess: artifactPaths,
    flags: {
      alwaysGenerateOverloads: false,
      discriminateTypes: false,
      tsNocheck: false,
      environment: undefined,
      node16Modules: true,
    },
  });
  // TypeChain forgets the extension where it imports a directory.
  for (const path of readdirSync(outDir, { recursive: true, encoding: "utf8" })) {
    if (!path.endsWith("index.ts")) continue;
    const index = join(outDir, path);
    writeFileSync(
      index,
      readFileSync(index, "utf8").replaceAll(/ from (["'])(\.[^"']*)(?<!\.js)\1/g, " from $1$2/index.js$1"),
    );
  }
}

/** What viem and Ignition infer types from: JSON modules have no literal types. */
function stageModules(all: readonly Artifact[], deployed: readonly Artifact[]): void {
  const abis = all.map(
    ({ contractName, sourceName, abi }) =>
      `/** The ABI of \`${contractName}\` in ${sourceName}. */\n` +
      `export const ${abiName(contractName)} = ${JSON.stringify(abi)} as const;\n`,
  );
  writeModule("abi", abis.join("\n"));

  const imports = deployed.map(({ contractName }) => abiName(contractName)).join(", ");
  const constants = deployed.map((artifact) => {
    const { contractName } = artifact;
    // The ABI is a constant of the other module, not a second copy of it.
    const source = JSON.stringify({ ...artifact, abi: 0 }).replace('"abi":0', `abi: ${abiName(contractName)}`);
    return (
      `/** \`${contractName}\`, compiled. */\n` +
      `export const ${constantName(contractName)}Artifact: Artifact<typeof ${abiName(contractName)}> = ${source};\n`
    );
  });
  writeModule("artifacts", [`import { ${imports} } from "../abi/index.js";\n`, ARTIFACT_TYPE, ...constants].join("\n"));
}

function compile(type: "module" | "commonjs", name: "esm" | "cjs"): void {
  const outDir = join(DIST, name);
  writeJson(join(STAGE, "package.json"), { type });
  execFileSync(process.execPath, [TSC, "-p", "tsconfig.build.json", "--outDir", outDir], { stdio: "inherit" });
  // The nearest manifest decides, also of side effects. The package's own says "module".
  if (type === "commonjs") writeJson(join(outDir, "package.json"), { type, sideEffects: false });
}

/** Every file of the build that the manifest names must be there. */
function requireEntries(): void {
  const named = readFileSync("package.json", "utf8").match(/"(?:\.\/)?dist\/[^"*]+"/g)!;
  const missing = named.map((path) => JSON.parse(path) as string).filter((path) => !existsSync(path));
  if (missing.length === 0) return;
  console.error(`package.json names what the build does not make: ${missing.join(", ")}`);
  process.exit(1);
}

function isFunction({ type }: { type: string }): boolean {
  return type === "function";
}

/** `IStandaloneGuard` is `iStandaloneGuard`, as wagmi and viem name constants. */
function constantName(contractName: string): string {
  return contractName[0]!.toLowerCase() + contractName.slice(1);
}

function abiName(contractName: string): string {
  return `${constantName(contractName)}Abi`;
}

function writeModule(name: string, source: string): void {
  write(join(STAGE, name, "index.ts"), source);
}

function writeJson(path: string, value: unknown): void {
  write(path, `${JSON.stringify(value, undefined, 2)}\n`);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
