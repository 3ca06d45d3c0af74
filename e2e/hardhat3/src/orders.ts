// #region sign
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { latestAnchor, withAnchor, type Connection } from "settlement-guard";

import type { OrderPerps } from "../types/ethers-contracts/index.js";

const ORDER_FIELDS = [
  { name: "trader", type: "address" },
  { name: "size", type: "int256" },
  { name: "limitPrice", type: "int256" },
  { name: "nonce", type: "uint256" },
  { name: "maxAge", type: "uint64" },
];

export type SignedOrder = Awaited<ReturnType<typeof signOrder>>;

// Signs an order for the branch that the trader's `node` follows. Signed anew under the same nonce it still fills once.
export async function signOrder(
  node: Connection,
  perps: OrderPerps,
  trader: HardhatEthersSigner,
  order: { size: bigint; limitPrice: bigint; nonce: bigint; maxAge: bigint },
) {
  const anchor = await latestAnchor(node, { depth: 2 });
  const fields = { trader: trader.address, ...order };
  const { types, message } = withAnchor({ types: { Order: ORDER_FIELDS }, message: fields, anchor });
  const { name, version, chainId, verifyingContract } = await perps.eip712Domain();
  const signature = await trader.signTypedData({ name, version, chainId, verifyingContract }, types, message);
  return { order: { ...fields, anchor }, signature };
}
// #endregion sign
