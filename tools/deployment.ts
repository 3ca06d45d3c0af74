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
