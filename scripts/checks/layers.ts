/**
 * Checks that no file imports from a layer above its own, in both languages. Files must not import each other in a circle.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { pathToFileURL } from "node:url";

/** Rooms from the lowest up, those of one line level. A file's room is the longest prefix of its path that is listed. */
const LAYERS: readonly (readonly string[])[] = [
  ["src/core"],
  ["src/header"],
  ["src/anchor"],
  ["src/proof"],
  ["src/policy"],
  ["src/rpc", "src/explain"],
  ["src/ledger"],
  ["src/actions"],
  ["src/forks", "src/keccak-wasm.ts", "src/journal.ts"],
  ["src/assert"],
  ["src/hardhat", "src/hardhat2", "src/anvil", "src/chai", "src/scenarios"],
  ["src/index.ts"],

  ["packages/cli/src"],

  ["contracts/interfaces/IHeaderErrors.sol"],
  ["contracts/header"],
  [
    "contracts/interfaces/IAnchorErrors.sol",
    "contracts/interfaces/IBlockHashSource.sol",
    "contracts/interfaces/IChainErrors.sol",
    "contracts/interfaces/ISourceErrors.sol",
    "contracts/interfaces/IStateProver.sol",
  ],
  ["contracts/anchor"],
  ["contracts/interfaces/IProofErrors.sol", "contracts/interfaces/IPinErrors.sol"],
  ["contracts/proof"],
  ["contracts/policy", "contracts/interfaces", "contracts/ledger"],
  ["contracts"],
  ["contracts/reference", "contracts/testing"],
  ["contracts/StateProofLens.sol", "contracts/examples"],
  ["contracts/mocks"],
];

/** A file, and the files of this project that it imports. */
export interface Source {
  readonly path: string;
  readonly imports: readonly string[];
}

/** What is wrong with the sources, one line each. */
export function faultsOf(sources: readonly Source[]): string[] {
  const wrong = sources.flatMap(({ path, imports }) =>
    imports.flatMap((imported) => {
      if (packageOf(path) !== packageOf(imported))
        return [`${path} imports ${imported}, a file of another package: its name has to do`];
      return levelOf(imported) > levelOf(path) ? [`${path} imports ${imported}, which lies above it`] : [];
    }),
  );
  return [...wrong, ...circlesOf(sources)];
}

/** The folder of a package beside the library; undefined for what is the library's. */
function packageOf(path: string): string | undefined {
  return /^packages\/[^/]+/.exec(path)?.[0];
}

/** @throws RangeError for a file in no room */
function levelOf(path: string): number {
  const rooms = LAYERS.flatMap((layer, level) => layer.map((room) => ({ room, level })));
  const fitting = rooms.filter(({ room }) => path === room || path.startsWith(`${room}/`));
  const [longest] = fitting.sort((a, b) => b.room.length - a.room.length);
  if (longest === undefined) throw new RangeError(`${path} is in no room: add it to the layers`);
  return longest.level;
}

function circlesOf(sources: readonly Source[]): string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) {
      circles.push(`a circle: ${[...way.slice(way.indexOf(path)), path].join(" -> ")}`);
      return;
    }
    if (done.has(path)) return;
    for (const imported of byPath.get(path)?.imports ?? []) visit(imported, [...way, path]);
    done.add(path);
  };
  for (const { path } of sources) visit(path, []);
  return circles;
}

/** All sources of a folder. A type that is imported in TypeScript counts: whoever reads the file has to know its room. */
export function sourcesOf(folder: string): Source[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => join(folder, file))
    .filter((path) => /\.(?:ts|sol)$/.test(path))
    .map((path) => {
      const specifiers = [...readFileSync(path, "utf8").matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)];
      const imports = specifiers.map(([, name]) => normalize(join(dirname(path), name ?? "")).replace(/\.js$/, ".ts"));
      return { path, imports: imports.filter((imported) => /^(?:src|packages|contracts)\//.test(imported)) };
    });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const sources = ["src", "packages/cli/src", "contracts"].flatMap(sourcesOf);
  const faults = faultsOf(sources);
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exit(1);
  console.log(`layers: ${sources.length} files import downward, in no circle`);
}
