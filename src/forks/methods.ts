import type { RpcCall } from "./backend.js";

/** Methods of anvil's that Hardhat has by names of its own. */
const AS_EVM =
  /^anvil_(increaseTime|revert|setAutomine|setBlockGasLimit|setIntervalMining|setNextBlockTimestamp|snapshot)$/;
const AS_HARDHAT =
  /^anvil_(drop(?:All)?Transactions?|getAutomine|impersonateAccount|metadata|mine|set(?:Balance|Code|Coinbase|LoggingEnabled|NextBlockBaseFeePerGas|Nonce|StorageAt)|stopImpersonatingAccount)$/;
const OTHER_NAMES: Readonly<Record<string, string>> = {
  evm_setAccountNonce: "hardhat_setNonce",
  tenderly_addBalance: "anvil_addBalance",
  tenderly_setBalance: "hardhat_setBalance",
};

/** What drives a development node, or sends. New ones may do anything. */
const DRIVING = /^(?:(?:anvil|debug|evm|hardhat|tenderly)_|(?:eth|personal|wallet)_(?:resend|send|submit))/;

/** What of that reads, or leaves blocks and state as they are. */
const HARMLESS = [
  /^hardhat_(?:addCompilationResult|dropAllTransactions|dropTransaction|get\w+|metadata|setLoggingEnabled)$/,
  /^anvil_(?:classifyTransaction|dumpState|get(?!IntervalMining)\w+|nodeInfo|removePoolTransactions)$/,
  /^debug_(?:account|code|db|execution|get|storage|trace)\w*$/,
];

/** A request by the one name that the simulator has for its method. */
export function byOneName({ method, params = [] }: RpcCall): RpcCall {
  // In seconds there.
  if (method === "anvil_setIntervalMining")
    return { method: "evm_setIntervalMining", params: [Number(params[0]) * 1000] };
  const name = OTHER_NAMES[method] ?? method.replace(AS_EVM, "evm_$1").replace(AS_HARDHAT, "hardhat_$1");
  return { method: name, params };
}

/** Whether the backend may answer what the simulator does not answer itself. */
export function mayPass(method: string): boolean {
  return !DRIVING.test(method) || HARMLESS.some((harmless) => harmless.test(method));
}
