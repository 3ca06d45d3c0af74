import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";

import { Interface, type InterfaceAbi } from "ethers";

/** The part of the npm compiler that is used here. */
interface Solc {
  compile(input: string): string;
  version(): string;
}

/** How to compile: everything that changes bytecode. */
export interface CompilerOptions {
  viaIR?: boolean;
  runs?: number;
  evmVersion?: string;
  /** 0.8.13 is the floor that the library promises. */
  version?: "0.8.37" | "0.8.13";
  /** Replaces the text of one source, by its path from the project root. */
  patch?: (path: string, text: string) => string;
}

export interface Compiled {
  abi: Interface;
  bytecode: string;
  deployedSize: number;
}

const require = createRequire(import.meta.url);
export const PROJECT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const compilers = new Map<string, Solc>();

/** Compiles contracts of this project with settings other than the configured ones. */
export function compile(path: string, names: readonly string[], options: CompilerOptions = {}): Record<string, Compiled> {
  const { viaIR = false, runs = 200, evmVersion = "london", version = "0.8.37", patch = (_: string, text: string) => text } = options;
  const sources: Record<string, { content: string }> = {};
  collect(path, sources, patch);
  const input = {
    language: "Solidity",
    sources,
    settings: {
      viaIR,
      evmVersion,
      optimizer: { enabled: true, runs },
      outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } },
    },
  };
  const output = JSON.parse(compiler(version).compile(JSON.stringify(input))) as {
    errors?: { severity: string; formattedMessage: string }[];
    contracts?: Record<
      string,
      Record<string, { abi: InterfaceAbi; evm: { bytecode: { object: string }; deployedBytecode: { object: string } } }>
    >;
  };
  const problems = (output.errors ?? []).filter((problem) => problem.severity === "error");
  if (problems.length > 0) throw new TypeError(problems.map((problem) => problem.formattedMessage).join("\n"));
  const compiled: Record<string, Compiled> = {};
  for (const name of names) {
    const contract = output.contracts?.[path]?.[name];
    if (contract === undefined) throw new TypeError(`${path} has no contract ${name}`);
    compiled[name] = {
      abi: new Interface(contract.abi),
      bytecode: `0x${contract.evm.bytecode.object}`,
      deployedSize: contract.evm.deployedBytecode.object.length / 2,
    };
  }
  return compiled;
}

function compiler(version: string): Solc {
  let found = compilers.get(version);
  if (found === undefined) {
    found = require(version === "0.8.13" ? "solc-0.8.13" : "solc") as Solc;
    compilers.set(version, found);
  }
  return found;
}

/** The source and all that it imports, keyed by path from the project root, or by package path. */
function collect(path: string, sources: Record<string, { content: string }>, patch: (path: string, text: string) => string): void {
  if (path in sources) return;
  const file = path.startsWith("@") ? join(PROJECT, "node_modules", path) : join(PROJECT, path);
  const content = patch(path, readFileSync(file, "utf8"));
  sources[path] = { content };
  for (const [, target] of content.matchAll(/^import\s[^;]*?"([^"]+)";/gm)) {
    if (target === undefined) continue;
    collect(target.startsWith(".") ? posix.join(posix.dirname(path), target) : target, sources, patch);
  }
}
