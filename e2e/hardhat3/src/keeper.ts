// #region keeper
import { explain, remedyOf } from "settlement-guard";

import type { OrderPerps } from "../types/ethers-contracts/index.js";
import type { SignedOrder } from "./orders.js";

// Tries each order once, and returns those to try again. `askTrader` has an order signed anew, or says that its trader gave it up.
export async function keep(
  perps: OrderPerps,
  queue: readonly SignedOrder[],
  askTrader: (order: SignedOrder["order"]) => Promise<SignedOrder | undefined>,
  log = console.log,
): Promise<SignedOrder[]> {
  const again: SignedOrder[] = [];
  for (const signed of queue) {
    try {
      await (await perps.execute(signed.order, signed.signature)).wait();
    } catch (error) {
      log(`order ${signed.order.nonce}: ${explain(error)}`);
      const remedy = remedyOf(error);
      if (remedy === "wait") again.push(signed);
      if (remedy === "sign") again.push(...[(await askTrader(signed.order)) ?? []].flat());
    }
  }
  return again;
}
// #endregion keeper
