import { createEVM } from "@ethereumjs/evm";
import { createAddressFromString, type Address } from "@ethereumjs/util";

import { toBytes, toHex, type Hex } from "../src/core/bytes.js";
import type { Request } from "../src/rpc/request.js";
import "./fastInterpreter.js";

/** More than any call of a test needs. */
const GAS_LIMIT = 10n ** 12n;
const callers = new WeakMap<Request, Promise<Caller>>();

/** Calls a contract without leaving a trace. */
type Caller = (to: Hex, data: Hex) => Promise<Hex>;

/**
 * `eth_call` for contracts that read nothing but calldata and each other. An embedded EVM has the chain's code, as it is when first
 * called, and empty storage. Hardhat's own records each opcode for its stack traces. Long calldata takes it twice as long.
 *
 * @throws TypeError where the call reverts
 */
export async function callPure(request: Request, to: Hex, data: Hex): Promise<Hex> {
  let caller = callers.get(request);
  if (caller === undefined) callers.set(request, (caller = callerOver(request)));
  return (await caller)(to, data);
}

async function callerOver(request: Request): Promise<Caller> {
  const evm = await createEVM({ allowUnlimitedContractSize: true });
  const state = evm.stateManager;
  const getAccount = state.getAccount.bind(state);
  const known = new Set<string>();
  state.getAccount = async (address: Address) => {
    const name = address.toString();
    if (!known.has(name)) {
      known.add(name);
      const code = (await request({ method: "eth_getCode", params: [name, "latest"] })) as Hex;
      if (code !== "0x") await state.putCode(address, toBytes(code, "code"));
    }
    return getAccount(address);
  };
  return async (to, data) => {
    const address = createAddressFromString(to);
    // Before the call's checkpoint: what a call that reverts has loaded is forgotten again.
    await state.getAccount(address);
    const { execResult } = await evm.runCall({ to: address, data: toBytes(data, "data"), gasLimit: GAS_LIMIT });
    const { exceptionError, returnValue } = execResult;
    if (exceptionError === undefined) return toHex(returnValue);
    known.clear();
    throw new TypeError(`${exceptionError.error}: ${toHex(returnValue)}`);
  };
}
