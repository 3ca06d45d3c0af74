import { createEVM } from "@ethereumjs/evm";

import { toBytes, toHex, type Hex } from "../src/core/bytes.js";
import { findAnvil, startAnvil } from "../src/anvil/program.js";
import type { Artifact } from "./compile.js";
import "./fastInterpreter.js";

/** More than any call of a test needs. */
const GAS_LIMIT = 10n ** 12n;

/** Calls a contract without leaving a trace. It throws where the call reverts. */
export type PureCall = (data: Hex) => Promise<Hex>;

/**
 * A contract that reads nothing but calldata and what its constructor creates. It is called on anvil where that is installed, and in an
 * embedded EVM elsewhere. For megabytes of calldata anvil takes a tenth of the time.
 *
 * @param artifact of a contract without constructor arguments
 */
export async function deployPure({ bytecode }: Artifact): Promise<PureCall> {
  const binary = findAnvil();
  return binary === undefined ? deployEmbedded(bytecode) : deployOnAnvil(bytecode, await anvilAt(binary));
}

type Send = (method: string, params: readonly unknown[]) => Promise<unknown>;

/** Megabytes as they are: ethers goes through them byte by byte. */
function senderTo(url: string): Send {
  return async (method, params) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } };
    if (error !== undefined) throw new TypeError(`${method}: ${error.message}`);
    return result;
  };
}

/** One for each process, which ends with it. */
let anvil: Promise<Send> | undefined;

function anvilAt(binary: string): Promise<Send> {
  const options = ["--hardfork", "prague", "--code-size-limit", "1000000", "--disable-block-gas-limit"];
  anvil ??= startAnvil(binary, options).then(({ url }) => senderTo(url));
  return anvil;
}

async function deployOnAnvil(bytecode: string, send: Send): Promise<PureCall> {
  const [from] = (await send("eth_accounts", [])) as [Hex];
  const creation = { from, data: bytecode, gas: "0x5f5e100" };
  const receipt = (await send("eth_sendTransactionSync", [creation])) as { status: Hex; contractAddress: Hex };
  if (receipt.status !== "0x1") throw new TypeError("the contract was not deployed");
  const [to, gas] = [receipt.contractAddress, `0x${GAS_LIMIT.toString(16)}`];
  return async (data) => (await send("eth_call", [{ to, data, gas }, "latest"])) as Hex;
}

async function deployEmbedded(bytecode: string): Promise<PureCall> {
  const evm = await createEVM({ allowUnlimitedContractSize: true });
  const { createdAddress: to } = await evm.runCall({ data: toBytes(bytecode, "bytecode"), gasLimit: GAS_LIMIT });
  if (to === undefined) throw new TypeError("the contract was not deployed");
  return async (data) => {
    const { execResult } = await evm.runCall({ to, data: toBytes(data, "data"), gasLimit: GAS_LIMIT });
    const { exceptionError, returnValue } = execResult;
    if (exceptionError === undefined) return toHex(returnValue);
    throw new TypeError(`${exceptionError.error}: ${toHex(returnValue)}`);
  };
}
