import { readFile } from "node:fs/promises";

import type { InterfaceAbi } from "ethers";
import type { Hex } from "settlement-guard";

import { unusable } from "./errors.js";

/** What is used of a contract's file in the library's `artifacts`. */
export interface Artifact {
  readonly abi: InterfaceAbi;
  readonly bytecode: Hex;
}

/** A transaction that anybody may send. */
export interface Call {
  readonly to: string;
  readonly data: string;
}

/** @param url of one of the library's `artifacts`, as `import.meta.resolve` answers */
export async function readArtifact(url: string): Promise<Artifact> {
  return JSON.parse(await readFile(new URL(url), "utf8")) as Artifact;
}

/**
 * Makes a transaction of a call of the desk.
 *
 * @param what needs it, for the error
 * @throws UNUSABLE_INPUT if `ethers` is not installed
 */
export async function deskCalls(what: string): Promise<(to: string, name: string, args: readonly unknown[]) => Call> {
  const { Interface } = await import("ethers").catch(missing(what, "ethers"));
  const { abi } = await readArtifact(import.meta.resolve("settlement-guard/artifacts/LedgerDesk.json"));
  const desk = new Interface(abi);
  return (to, name, args) => ({ to, data: desk.encodeFunctionData(name, args) });
}

/** For `import(…).catch(…)` of an optional package. @throws UNUSABLE_INPUT if it is that package that is not installed */
export function missing(what: string, name: string): (cause: unknown) => never {
  return (cause) => {
    const { code, message } = cause as { code?: unknown; message?: unknown };
    if (code !== "ERR_MODULE_NOT_FOUND" || !String(message).includes(`'${name}'`)) throw cause;
    throw unusable(what, `the package ${name} is not installed`, `npm install ${name}`);
  };
}
