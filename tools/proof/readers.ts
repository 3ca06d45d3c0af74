import { createEVM, type EVM } from "@ethereumjs/evm";

import { toBytes, toHex } from "../../src/core/bytes.js";
import { Reader, Refusal } from "../../src/proof/read.js";
import { compile, type Artifact, type Build } from "../compile.js";
import { QuickInterface, type Named } from "../quickInterface.js";
import { SOURCES } from "../targets.js";
import "../fastInterpreter.js";

/** What a witness shows, in one line: values with spaces between them, or `refused at N`. */
export type Line = string;

/** One implementation of the reader, asked about keys as they lie in a trie. */
export interface KeyReader {
  readonly name: string;
  read(root: Uint8Array, keys: readonly Uint8Array[], witness: Uint8Array): Promise<Line>;
}

/** The TypeScript twin. */
export const twin: KeyReader = {
  name: "TypeScript",
  async read(root, keys, witness) {
    const { line } = readByTwin(root, keys, witness);
    return line;
  },
};

/** What the twin says, and why it refuses. */
export function readByTwin(root: Uint8Array, keys: readonly Uint8Array[], witness: Uint8Array) {
  const reader = new Reader(witness);
  try {
    const { root: actual, values } = reader.slots(keys);
    reader.end(actual, root);
    return { line: values.join(" "), reason: undefined };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { line: `refused at ${error.offset}`, reason: error.reason };
  }
}

/** A contract in an embedded EVM. */
export interface Contract {
  /** @param change what is done to the calldata */
  call(
    method: string,
    args: readonly unknown[],
    change?: (data: Uint8Array) => Uint8Array,
  ): Promise<{ values?: readonly unknown[]; error?: Named }>;
}

const GAS_LIMIT = 10n ** 10n;

/** @param artifact of a contract without constructor arguments */
export async function deploy({ abi, bytecode }: Artifact, evm?: EVM, gasLimit = GAS_LIMIT): Promise<Contract> {
  const machine = evm ?? (await createEVM());
  const contract = new QuickInterface(abi);
  const created = await machine.runCode({
    code: toBytes(bytecode, "bytecode"),
    data: new Uint8Array(),
    gasLimit: GAS_LIMIT,
  });
  const code = created.returnValue;
  return {
    async call(method, args, change = (encoded) => encoded) {
      const data = change(toBytes(contract.calldata(method, args), "calldata"));
      const { returnValue, exceptionError } = await machine.runCode({
        code,
        data,
        gasLimit,
      });
      const output = toHex(returnValue);
      if (exceptionError === undefined) return { values: contract.returned(method, output) };
      return { error: contract.errorIn(output) ?? { name: exceptionError.error, args: [] } };
    },
  };
}

/** The Solidity reader, in one build. */
export async function solidityReader(build: Build): Promise<KeyReader> {
  const artifacts = await compile(SOURCES.proofs, build, ["StateProofHarness"]);
  return keyReader(build.name, await deploy(artifacts["StateProofHarness"] as Artifact));
}

/** @param harness a deployed `StateProofHarness` */
export function keyReader(name: string, harness: Contract): KeyReader {
  return {
    name,
    async read(root, keys, witness) {
      const { values, error } = await harness.call("readKeys", [root, keys, witness]);
      if (values !== undefined) return (values[0] as bigint[]).join(" ");
      return error?.name === "StateProofInvalid" ? `refused at ${String(error.args[2])}` : `failed: ${error?.name}`;
    },
  };
}
