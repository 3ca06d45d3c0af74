// clients' own errors: what foreign code throws
import { Interface } from "ethers";

import { GUARD_ERRORS } from "../src/explain/guardErrors.js";

export const CLAIMED = `0x${"a1".repeat(32)}`;
export const ACTUAL = `0x${"b2".repeat(32)}`;

const inputs = GUARD_ERRORS.AnchorMismatch.map(({ type, name }) => `${type} ${name}`).join(", ");

/** The revert data of `AnchorMismatch` at block 41. */
export const mismatch = new Interface([`error AnchorMismatch(${inputs})`]).encodeErrorResult("AnchorMismatch", [
  41n,
  CLAIMED,
  ACTUAL,
]);

const bytes = Buffer.from(mismatch.slice(2), "hex");
/** Of the transaction: no revert data. */
export const calldata = `0x${"c0ffee00".repeat(9)}`;

/** What clients and nodes throw, in their own forms, of a call that reverts with `mismatch`. */
export const FORMS: Record<string, unknown> = {
  "the bytes in hexadecimal": mismatch,
  "the bytes": new Uint8Array(bytes),
  "a Buffer": bytes,
  "a Buffer under data": { code: 3, data: bytes },
  "a Buffer that went through JSON": { data: JSON.parse(JSON.stringify(bytes)) as unknown },
  "JSON-RPC": { code: 3, message: "execution reverted", data: mismatch },
  "a JSON-RPC answer": { jsonrpc: "2.0", id: 1, error: { code: 3, message: "execution reverted", data: mismatch } },
  "the text of a JSON-RPC answer": JSON.stringify({ jsonrpc: "2.0", id: 1, error: { code: 3, data: mismatch } }),
  "Nethermind of 2023, OpenEthereum": { code: -32015, message: "VM execution error.", data: `Reverted ${mismatch}` },
  "the same, through ethers v6": { code: "CALL_EXCEPTION", data: null, transaction: { data: calldata }, info: { error: { code: -32015, data: `Reverted ${mismatch}` } } },
  "the text alone": `Reverted ${mismatch}`,
  "Hardhat 2 and 3": Object.assign(new Error("reverted with an unrecognized custom error"), { data: { message: "x", txHash: CLAIMED, data: mismatch } }),
  "Hardhat's words": new Error(`VM Exception while processing transaction: reverted with an unrecognized custom error (return data: ${mismatch})`),
  "anvil's words": { code: 3, message: `execution reverted: custom error 0x${mismatch.slice(2, 10)}: ${mismatch.slice(10)}` },
  "anvil's words, older": `custom error ${mismatch.slice(2, 10)}:${mismatch.slice(10)}`,
  "alloy's words": `server returned an error response: error code 3: execution reverted, data: "${mismatch}"`,
  "words of geth's kind": new Error(`execution reverted: ${mismatch}`),
  "Besu's words": `Execution reverted (${mismatch})`,
  "ZKsync's words": `execution reverted: Error function_selector = ${mismatch.slice(0, 10)}, data = ${mismatch}`,
  "ethers' words": `execution reverted (unknown custom error) (action="call", data="${mismatch}", reason=null, transaction={ "data": "${calldata}", "to": "0x00" }, code=CALL_EXCEPTION)`,
  "ethers v5": { reason: "processing response error", code: "SERVER_ERROR", requestBody: JSON.stringify({ data: calldata }), body: JSON.stringify({ jsonrpc: "2.0", error: { code: 3, data: mismatch } }) },
  "ethers v5, wrapped": { code: "UNPREDICTABLE_GAS_LIMIT", transaction: { data: calldata }, error: { reason: "x", error: { error: { code: 3, data: mismatch } } } },
  "MetaMask": { code: -32603, data: { code: 3, originalError: { code: 3, data: mismatch } } },
  "MetaMask's words": { code: -32603, message: `Internal JSON-RPC error.\n{\n "code": 3,\n "message": "execution reverted",\n "data": "${mismatch}"\n}` },
  "web3 v1": Object.assign(new Error("Returned error: execution reverted"), { data: { originalError: { data: mismatch } } }),
  "web3 v4": { name: "ContractExecutionError", innerError: { code: 3, data: mismatch }, request: { params: [{ data: calldata }] } },
  "Ganache 7": { code: -32000, data: { hash: CLAIMED, programCounter: 7, result: mismatch, reason: null } },
  "Ganache 2": { code: -32000, data: { [CLAIMED]: { error: "revert", program_counter: 7, return: mismatch }, stack: "x" } },
  "viem": { name: "ContractFunctionRevertedError", raw: mismatch, signature: mismatch.slice(0, 10), data: { errorName: "AnchorMismatch", args: [41n, CLAIMED, ACTUAL] } },
  "an HTTP client": { response: { status: 200, data: { error: { data: mismatch } } } },
  "AggregateError": new AggregateError([new Error("offline"), Object.assign(new Error("x"), { data: mismatch })]),
  "a list of errors": { errors: [{ message: "x" }, { info: { error: { data: mismatch } } }] },
  "a deep chain of causes": Array.from({ length: 40 }).reduce((cause) => new Error("outer", { cause }), { data: mismatch }),
  "data behind empty data": { code: "CALL_EXCEPTION", data: "0x", info: { error: { data: mismatch } } },
}; // prettier-ignore
