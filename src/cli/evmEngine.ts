import type { EVM } from "@ethereumjs/evm";

import { toBytes, toWord, type Hex } from "../bytes.js";
import { SettlementGuardError } from "../errors.js";
import { missingPeer } from "../peer.js";
import { PROOF_REASONS } from "../proof/reasons.js";
import { readRlpItem } from "../proof/rlp.js";
import { MAX_PROOF_BYTES } from "../proof/trie.js";
import { headerHashMismatch, headerMalformed, type Engine, type Finding } from "./engine.js";

/** Far beyond what the longest proof takes; what runs out of it has a fault. */
const GAS_LIMIT = 1_000_000_000n;

/** `HeaderStatus` in contracts/proof/HeaderReader.sol. */
const HEADER_OK = 0n;
const HEADER_HASH_MISMATCH = 1n;
/** `ProofStatus` in contracts/proof/ProofTypes.sol. */
const INVALID = 0n;
const ABSENT = 1n;

type Run = (method: Method, args: Arguments) => Promise<{ values: Values; gas: number }>;
type Method = "header" | Form | `${Form}OfList`;
type Form = "key" | "account" | "slot";
/** Words, and last the bytes, or the list of them. */
type Arguments = readonly (Uint8Array | readonly Uint8Array[])[];
/** ABI-decoded return values. */
type Values = readonly unknown[];

/**
 * The Solidity verifier, as this package ships it compiled, in an embedded EVM. The gas of a finding is what the call executes: the
 * function's dispatch and its return values included, the transaction's 21,000 and its calldata not.
 *
 * @throws MISSING_PEER if `@ethereumjs/evm` or `ethers` is not installed
 */
export async function evmEngine(): Promise<Engine> {
  const run = await runner();

  const ask = async <Value>(
    form: Form,
    root: Uint8Array,
    subject: Uint8Array,
    nodes: readonly Uint8Array[],
    read: (value: unknown) => Value,
  ): Promise<Finding<Value>> => {
    // As one byte string, which is how a contract is given a proof, unless that would hide where a node ends.
    const { values, gas } = isOneString(nodes)
      ? await run(form, [root, subject, concat(nodes)])
      : await run(`${form}OfList`, [root, subject, nodes]);
    const [status, reason, value] = values;
    if (status === INVALID) return { status: "invalid", reason: PROOF_REASONS[Number(reason)] ?? "None", gas };
    return status === ABSENT ? { status: "absent", gas } : { status: "present", value: read(value), gas };
  };

  const engine: Engine = {
    async header(hash, rlp) {
      const { values, gas } = await run("header", [toBytes(hash, "hash", 32), rlp]);
      const [status, actual, number, stateRoot] = values as [bigint, Hex, bigint, Hex];
      if (status === HEADER_HASH_MISMATCH) return { ...headerHashMismatch(actual), gas };
      if (status !== HEADER_OK) return { ...headerMalformed(Number(BigInt(actual))), gas };
      return { status: "present", value: { number, stateRoot: toBytes(stateRoot, "state root", 32) }, gas };
    },
    key: (root, hashedKey, proof) => ask("key", root, hashedKey, proof, (value) => toBytes(value, "value")),
    account: (stateRoot, address, proof) =>
      ask("account", stateRoot, address, proof, (value) => {
        const [nonce, balance, storageRoot, codeHash] = value as [bigint, bigint, Hex, Hex];
        return {
          nonce,
          balance,
          storageRoot: toBytes(storageRoot, "storage root"),
          codeHash: toBytes(codeHash, "code hash"),
        };
      }),
    slot: (storageRoot, slot, proof) => ask("slot", storageRoot, slot, proof, (value) => value as bigint),
  };
  return {
    header: (hash, rlp) => engine.header(hash, rlp).catch(failed),
    key: (root, hashedKey, proof) => engine.key(root, hashedKey, proof).catch(failed),
    account: (stateRoot, address, proof) => engine.account(stateRoot, address, proof).catch(failed),
    slot: (storageRoot, slot, proof) => engine.slot(storageRoot, slot, proof).catch(failed),
  };
}

/** A failure is a finding: that the two verifiers then disagree is what the caller has to hear. */
function failed(error: unknown): Finding<never> {
  if (SettlementGuardError.is(error, "EVM_FAILED")) return { status: "invalid", reason: `EvmFailed: ${error.message}` };
  throw error;
}

async function runner(): Promise<Run> {
  const { createEVM } = await import("@ethereumjs/evm").catch(missingPeer("@ethereumjs/evm", "--evm"));
  // The factory is generated, and imports ethers.
  const { StateProofLens__factory: lens } =
    await import("../../typechain-types/factories/StateProofLens__factory.js").catch(missingPeer("ethers", "--evm"));
  const abi = lens.createInterface();
  const evm = await createEVM();
  const code = (await execute(evm, toBytes(lens.bytecode, "bytecode"), new Uint8Array())).output;
  return async (method, args) => {
    const selector = toBytes(abi.getFunction(method).selector, "selector");
    const { output, gas } = await execute(evm, code, concat([selector, ...encode(args)]));
    return { values: abi.decodeFunctionResult(method as never, output) as unknown as Values, gas };
  };
}

async function execute(evm: EVM, code: Uint8Array, data: Uint8Array): Promise<{ output: Uint8Array; gas: number }> {
  const { returnValue, executionGasUsed, exceptionError } = await evm.runCode({ code, data, gasLimit: GAS_LIMIT });
  if (exceptionError !== undefined) {
    const reason = `the contract failed in the embedded EVM: ${exceptionError.error}`;
    throw new SettlementGuardError("EVM_FAILED", { reason }, reason);
  }
  return { output: returnValue, gas: Number(executionGasUsed) };
}

/** The ABI's encoding of words and, last, of bytes or a list of bytes: half of the time would be a general encoder's. */
function encode(args: Arguments): Uint8Array[] {
  const last = args[args.length - 1] as Uint8Array | readonly Uint8Array[];
  const head = (args.slice(0, -1) as Uint8Array[]).map((item) => pad(item, 32 - item.length, 0));
  return [...head, word(32 * args.length), ...(last instanceof Uint8Array ? encodeBytes(last) : encodeList(last))];
}

function encodeBytes(bytes: Uint8Array): Uint8Array[] {
  return [word(bytes.length), pad(bytes, 0, -bytes.length & 31)];
}

function encodeList(list: readonly Uint8Array[]): Uint8Array[] {
  let offset = 32 * list.length;
  const offsets = list.map((bytes) => {
    const at = offset;
    offset += 32 + bytes.length + (-bytes.length & 31);
    return word(at);
  });
  return [word(list.length), ...offsets, ...list.flatMap(encodeBytes)];
}

function word(value: number): Uint8Array {
  return toBytes(toWord(BigInt(value)), "word");
}

function pad(bytes: Uint8Array, before: number, after: number): Uint8Array {
  return before + after === 0 ? bytes : concat([new Uint8Array(before), bytes, new Uint8Array(after)]);
}

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(pieces));
}

/** Whether nodes joined are cut up again where they were, by their own lengths, and are not too many for one string. */
function isOneString(nodes: readonly Uint8Array[]): boolean {
  let size = 0;
  for (const node of nodes) {
    size += node.length;
    if (size > MAX_PROOF_BYTES) return false;
    try {
      if (readRlpItem(node, 0, node.length).end !== node.length) return false;
    } catch (error) {
      if (SettlementGuardError.is(error, "INVALID_RLP")) return false;
      throw error;
    }
  }
  return true;
}
