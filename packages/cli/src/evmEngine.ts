import type { EVM } from "@ethereumjs/evm";
import { PROOF_REASONS, toBytes, type Hex, type WitnessAccount } from "settlement-guard";

import { CliError } from "./errors.js";
import { headerHashMismatch, headerMalformed, witnessInvalid, type Engine, type Finding } from "./engine.js";
import { missing, readArtifact } from "./peers.js";

/** Far beyond what the longest proof takes; what runs out of it has a fault. */
const GAS_LIMIT = 1_000_000_000n;

/** `HeaderStatus` in contracts/header/HeaderReader.sol. */
const HEADER_OK = 0n;
const HEADER_HASH_MISMATCH = 1n;
/** `ProofStatus` in contracts/proof/ProofTypes.sol. */
const INVALID = 0n;
const ABSENT = 1n;

type Run = (method: Form | "header" | "witness", args: readonly unknown[]) => Promise<Returned>;
type Form = "key" | "account" | "slot";

/** ABI-decoded return values, or the arguments of the error with which a call reverted. */
interface Returned {
  readonly values: readonly unknown[];
  readonly reverted: boolean;
  readonly gas: number;
}

/**
 * The Solidity verifier, as the library ships it compiled, in an embedded EVM. The gas of a finding is what the call executes. That
 * includes the function's dispatch and its return values. The transaction's 21,000 and its calldata are not in it.
 *
 * @throws UNUSABLE_INPUT if `@ethereumjs/evm` or `ethers` is not installed
 */
export async function evmEngine(): Promise<Engine> {
  const run = await runner();

  const ask = async <Value>(
    form: Form,
    root: Hex,
    subject: Hex,
    nodes: readonly Hex[],
    read: (value: unknown) => Value,
  ): Promise<Finding<Value>> => {
    const { values, gas } = await run(form, [root, subject, nodes]);
    const [status, reason, value] = values;
    if (status === INVALID) return { status: "invalid", reason: PROOF_REASONS[Number(reason)] ?? "None", gas };
    return status === ABSENT ? { status: "absent", gas } : { status: "present", value: read(value), gas };
  };

  const engine: Engine = {
    async header(hash, rlp) {
      const { values, gas } = await run("header", [hash, rlp]);
      const [status, actual, number, stateRoot] = values as [bigint, Hex, bigint, Hex];
      if (status === HEADER_HASH_MISMATCH) return { ...headerHashMismatch(actual), gas };
      if (status !== HEADER_OK) return { ...headerMalformed(Number(BigInt(actual))), gas };
      return { status: "present", value: { number, stateRoot }, gas };
    },
    key: (root, hashedKey, proof) => ask("key", root, hashedKey, proof, (value) => value as Hex),
    account: (stateRoot, address, proof) => ask("account", stateRoot, address, proof, accountOf),
    slot: (storageRoot, slot, proof) => ask("slot", storageRoot, slot, proof, (value) => value as bigint),
    async witness(stateRoot, address, slots, witness) {
      const { values, reverted, gas } = await run("witness", [stateRoot, address, slots, witness]);
      if (reverted) return { ...witnessInvalid(Number(values[2])), gas };
      const [exists, fields, numbers] = values as [boolean, unknown, bigint[]];
      const account = exists ? accountOf(fields) : undefined;
      return { status: "present", value: { account, values: [...numbers] }, gas };
    },
  };
  return {
    header: (hash, rlp) => engine.header(hash, rlp).catch(failed),
    key: (root, hashedKey, proof) => engine.key(root, hashedKey, proof).catch(failed),
    account: (stateRoot, address, proof) => engine.account(stateRoot, address, proof).catch(failed),
    slot: (storageRoot, slot, proof) => engine.slot(storageRoot, slot, proof).catch(failed),
    witness: (...question) => engine.witness(...question).catch(failed),
  };
}

function accountOf(value: unknown): WitnessAccount {
  const [nonce, balance, storageRoot, codeHash] = value as [bigint, bigint, Hex, Hex];
  return { nonce, balance, storageRoot, codeHash };
}

/** A failure is a finding: that the two verifiers then disagree is what the caller has to hear. */
function failed(error: unknown): Finding<never> {
  if (CliError.is(error, "EVM_FAILED")) return { status: "invalid", reason: `EvmFailed: ${error.message}` };
  throw error;
}

async function runner(): Promise<Run> {
  const { createEVM } = await import("@ethereumjs/evm").catch(missing("--evm", "@ethereumjs/evm"));
  const { Interface } = await import("ethers").catch(missing("--evm", "ethers"));
  const lens = await readArtifact(import.meta.resolve("settlement-guard/artifacts/StateProofLens.json"));
  const abi = new Interface(lens.abi);
  const evm = await createEVM();
  const code = (await execute(evm, toBytes(lens.bytecode, "bytecode"), new Uint8Array())).output;
  return async (method, args) => {
    const data = toBytes(abi.encodeFunctionData(method, args), "calldata");
    const { output, reverted, gas } = await execute(evm, code, data);
    if (!reverted) return { values: abi.decodeFunctionResult(method, output).toArray(), reverted, gas };
    const error = abi.parseError(output);
    if (error === null) throw evmFailed("reverted without an error of the lens");
    return { values: error.args.toArray(), reverted, gas };
  };
}

async function execute(
  evm: EVM,
  code: Uint8Array,
  data: Uint8Array,
): Promise<{ output: Uint8Array; reverted: boolean; gas: number }> {
  const { returnValue, executionGasUsed, exceptionError } = await evm.runCode({ code, data, gasLimit: GAS_LIMIT });
  const reverted = exceptionError?.error === "revert";
  if (exceptionError !== undefined && !reverted) throw evmFailed(exceptionError.error);
  return { output: returnValue, reverted, gas: Number(executionGasUsed) };
}

function evmFailed(why: string): CliError<"EVM_FAILED"> {
  const reason = `the contract failed in the embedded EVM: ${why}`;
  return new CliError("EVM_FAILED", { reason }, reason);
}
