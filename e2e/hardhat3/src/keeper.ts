// #region keeper
import { explain, remedyOf, revertDataOf } from "settlement-guard";

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
      if (remedy === "sign") {
        const anew = await askTrader(signed.order);
        if (anew !== undefined) again.push(anew);
      } else if (remedy === "wait" || isSilent(revertDataOf(error))) {
        again.push(signed);
      }
    }
  }
  return again;
}

// A lost connection or empty revert data decides nothing about an order. An error of the exchange's own does.
function isSilent(revertData: string | undefined): boolean {
  return revertData === undefined || revertData === "0x";
}
// #endregion keeper
