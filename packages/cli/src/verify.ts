import { useWasmKeccak } from "settlement-guard/keccak-wasm";

import { readCases, unusableFile } from "./jsonFile.js";
import { typescriptEngine, type Engine } from "./engine.js";
import { evmEngine } from "./evmEngine.js";
import { judge } from "./judge.js";
import { readCase } from "./proofCase.js";
import { jsonReporter, textReporter } from "./report.js";
import type { Terminal } from "./terminal.js";

export interface VerifyOptions {
  /** Also run the Solidity verifier, and compare. */
  evm?: boolean;
  json?: boolean;
}

/**
 * Verifies every case of a file.
 *
 * @returns the exit code: 0 if everything is valid, 1 if anything is not
 * @throws UNUSABLE_INPUT
 */
export async function verify(path: string, options: VerifyOptions, terminal: Terminal): Promise<0 | 1> {
  const evm: Engine | undefined = options.evm === true ? await evmEngine() : undefined;
  // Where its package is not installed, the library's own engine does the same in more time.
  await useWasmKeccak().catch(() => undefined);
  const reporter = (options.json === true ? jsonReporter : textReporter)(terminal);
  let count = 0;
  let exitCode: 0 | 1 = 0;
  try {
    for await (const value of readCases(path)) {
      const report = await judge(readCase(value, count), typescriptEngine, evm);
      count += 1;
      if (report.verdict === "invalid") exitCode = 1;
      await reporter.add(report);
    }
  } finally {
    if (count > 0) await reporter.end();
  }
  // That nothing was invalid must not be said of nothing.
  if (count === 0) throw unusableFile(path, "there is no case in it", "a file holds one proof, or a list of them");
  return exitCode;
}
