import { concat, toBytes, toHex, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { keccak256 } from "../core/keccak.js";
import { checkWhole, invalidOption } from "../rpc/options.js";
import { call, checkRequestOptions, type Connection, type RequestOptions } from "../rpc/request.js";

/** What is deployed, and who pays for it. One of `from` and `send` is needed. */
export interface DeployAtOptions extends RequestOptions {
  /** Creation code with its encoded arguments: `data` of an ethers factory's `getDeployTransaction`, viem's `encodeDeployData`. */
  readonly initCode: string;
  /** 32 bytes of hexadecimal. The address follows from it and from the init code alone. */
  readonly salt: string;
  /** keccak256 of the runtime code. What is there must hash to it, whether it was there before or not. */
  readonly codeHash?: string;
  /** An account of the endpoint, which signs there (`eth_sendTransaction`). */
  readonly from?: string;
  /** Sends the transaction, and returns its hash. For an account that signs elsewhere. */
  readonly send?: (transaction: { readonly to: Hex; readonly data: Hex }) => Promise<string>;
  /** How long to wait for the transaction's receipt, in milliseconds. By default 120,000. */
  readonly patience?: number;
}

/** What stands at the address now. */
export interface DeployedAt {
  readonly address: Hex;
  /** keccak256 of the code, hashed here. */
  readonly codeHash: Hex;
  /** Whether it was there before. Then nothing was sent. */
  readonly outcome: "deployed" | "already there";
}

/** The deterministic deployment proxy, at this address on most chains. It has no owner and no state. */
const PROXY: Hex = "0x4e59b44847b379578588920ca78fbf26c0b4956c";
/** It passes the first 32 bytes on as the salt of CREATE2, and the rest as the init code. */
const PROXY_CODE: Hex =
  "0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3";
const DEFAULT_PATIENCE = 120_000; // milliseconds
const POLL_INTERVAL = 250; // milliseconds

/**
 * Where the deterministic deployment proxy puts a contract (EIP-1014): the same address on every chain that has the proxy.
 *
 * @throws INVALID_HEX
 * @example
 * const address = create2AddressOf(standaloneGuardArtifact.bytecode, `0x${"00".repeat(32)}`);
 */
export function create2AddressOf(initCode: string, salt: string): Hex {
  const preimage = [
    Uint8Array.of(0xff),
    toBytes(PROXY, "the proxy", 20),
    toBytes(salt, "salt", 32),
    keccak256(toBytes(initCode, "initCode")),
  ];
  return toHex(keccak256(concat(preimage)).subarray(12));
}

/**
 * Deploys a contract through the deterministic deployment proxy. Where it is there already, nothing is sent. The creation is tried in a
 * call first, so that a constructor that refuses costs nothing.
 *
 * The address commits to the init code and not to what the constructor read. Give `codeHash` where the code depends on that.
 *
 * @throws DEPLOYMENT_REFUSED where the proxy is missing, the code is another, or the transaction failed or did not come
 * @throws INVALID_OPTION, INVALID_HEX, INVALID_CONNECTION before anything is sent; RPC_FAILED, also where the constructor reverts
 * @example
 * const { data: initCode } = await new StandaloneGuard__factory().getDeployTransaction();
 * const { address, outcome } = await deployAt(provider, { initCode, salt, from });
 */
export async function deployAt(connection: Connection, options: DeployAtOptions): Promise<DeployedAt> {
  const { initCode, salt, from, send, codeHash, patience, asking } = readOptions(options);
  const address = create2AddressOf(initCode, salt);
  const codeAt = async (of: Hex): Promise<Hex> =>
    toHex(toBytes(await call(connection, "eth_getCode", [of, "latest"], asking), "the code"));
  const report = async (outcome: DeployedAt["outcome"]): Promise<DeployedAt> => {
    const code = await codeAt(address);
    const actual = toHex(keccak256(toBytes(code, "the code")));
    if (code === "0x") throw refused(address, "the transaction succeeded, and there is no code");
    if (codeHash !== undefined && codeHash !== actual) throw refused(address, `the code there hashes to ${actual}, not to ${codeHash}`); // prettier-ignore
    return { address, codeHash: actual, outcome };
  };
  if ((await codeAt(address)) !== "0x") return report("already there");

  const proxy = await codeAt(PROXY);
  if (proxy !== PROXY_CODE)
    throw refused(address, `${proxy === "0x" ? "no" : "another"} contract is at ${PROXY}, where the deployment proxy should be`); // prettier-ignore
  const transaction = { to: PROXY, data: `${salt}${initCode.slice(2)}` as const };
  await call(connection, "eth_call", [{ ...(from === undefined ? {} : { from }), ...transaction }, "latest"], asking);
  const sent = send ?? ((fields) => call(connection, "eth_sendTransaction", [{ from, ...fields }], asking));
  const hash = toHex(toBytes(await sent(transaction), "the transaction's hash", 32));
  const { status } = await receiptOf(connection, hash, { address, patience, asking });
  if (status !== "0x1") throw refused(address, `the transaction ${hash} failed`);
  return report("deployed");
}

/** Waits until the endpoint has the receipt. */
async function receiptOf(
  connection: Connection,
  hash: Hex,
  { address, patience, asking }: { address: Hex; patience: number; asking: RequestOptions },
): Promise<{ readonly status?: unknown }> {
  for (const until = Date.now() + patience; ; await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL))) {
    const receipt = await call(connection, "eth_getTransactionReceipt", [hash], asking);
    if (typeof receipt === "object" && receipt !== null) return receipt;
    if (Date.now() >= until) throw refused(address, `there is no receipt of ${hash} after ${patience} ms`);
  }
}

function readOptions(options: DeployAtOptions) {
  checkRequestOptions(options, "initCode", "salt", "codeHash", "from", "send", "patience");
  const { initCode, salt, codeHash, from, send, patience = DEFAULT_PATIENCE, ...asking } = options;
  if ((from === undefined) === (send === undefined)) throw invalidOption("from", "give either it or send");
  if (send !== undefined && typeof send !== "function") throw invalidOption("send", "expected a function");
  checkWhole("patience", patience, 2 ** 31 - 1);
  const bytes = (name: string, value: unknown, length?: number): Hex => toHex(toBytes(value, name, length));
  return {
    initCode: bytes("initCode", initCode),
    salt: bytes("salt", salt, 32),
    codeHash: codeHash === undefined ? undefined : bytes("codeHash", codeHash, 32),
    from: from === undefined ? undefined : bytes("from", from, 20),
    send,
    patience,
    asking,
  };
}

function refused(address: Hex, reason: string): SettlementGuardError<"DEPLOYMENT_REFUSED"> {
  return new SettlementGuardError("DEPLOYMENT_REFUSED", { address, reason }, `nothing to use at ${address}: ${reason}`);
}
