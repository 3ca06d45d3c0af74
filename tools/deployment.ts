import { toBytes, toHex, type Hex } from "../src/core/bytes.js";
import { keccak256 } from "../src/core/keccak.js";
import type { Request } from "../src/rpc/request.js";

/** What ethers returns of a contract that it deployed. */
interface Deployed {
  getAddress(): Promise<string>;
  deploymentTransaction(): { hash: string } | null;
}

/** What a deployer writes down of a contract, to have it checked. */
export interface Noted {
  address: string;
  codeHash: Hex;
  receipt: { transactionHash: Hex; blockNumber: Hex; blockHash: Hex };
}

/** Notes a contract that was deployed and mined. */
export async function noted(request: Request, deployed: Deployed): Promise<Noted> {
  const { hash } = deployed.deploymentTransaction()!;
  return { address: await deployed.getAddress(), ...(await notedAt(request, await deployed.getAddress(), hash)) };
}

/** Notes what stands at an address, and the receipt of a transaction. */
export async function notedAt(request: Request, address: string, hash: string): Promise<Omit<Noted, "address">> {
  const code = await request({ method: "eth_getCode", params: [address, "latest"] });
  const receipt = (await request({ method: "eth_getTransactionReceipt", params: [hash] })) as Noted["receipt"];
  const { transactionHash, blockNumber, blockHash } = receipt;
  return {
    codeHash: toHex(keccak256(toBytes(code, "the code"))),
    receipt: { transactionHash, blockNumber, blockHash },
  };
}

/** Where the deterministic deployment proxy is. */
export const PROXY: Hex = "0x4e59b44847b379578588920cA78FbF26c0B4956C";
/** The proxy's own deployment, with a signature that nobody made: so its address is the same on every chain. */
const PROXY_SENDER = "0x3fab184622dc19b6109349b94811493bf2a45362";
const PROXY_TRANSACTION =
  "0xf8a58085174876e800830186a08080b853604580600e600039806000f350fe7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf31ba02222222222222222222222222222222222222222222222222222222222222222a02222222222222222222222222222222222222222222222222222222222222222";

/** Deploys the proxy as it is deployed everywhere: its own transaction, paid for by somebody. */
export async function installProxy(request: Request, from: string): Promise<void> {
  const gift = { from, to: PROXY_SENDER, value: "0x2386f26fc10000" }; // 0.01 ether
  await request({ method: "eth_sendTransaction", params: [gift] });
  await request({ method: "eth_sendRawTransaction", params: [PROXY_TRANSACTION] });
}
