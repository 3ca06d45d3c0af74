import { toQuantity, type Hex } from "../core/bytes.js";

/** EIP-4788's contract, the same on every chain. Asked for the time of a block, it answers the root of that block's parent beacon block. */
export const BEACON_ROOTS_ADDRESS: Hex = "0x000f3df6d732807ef1319fb7b8bb8522d0beac02";

/** EIP-4788's runtime code (97 bytes). */
export const BEACON_ROOTS_CODE: Hex =
  "0x3373fffffffffffffffffffffffffffffffffffffffe14604d57602036146024575f5ffd5b5f35801560495762001fff810690815414603c575f5ffd5b62001fff01545f5260205ff35b5f5ffd5b62001fff42064281555f359062001fff015500";

/** Times that the contract keeps apart, in seconds. A later time takes the place of one that is a multiple of it earlier. */
export const BEACON_ROOTS_LENGTH = 8191;

/** The slots that hold a block's time, in seconds since the epoch, and its root, as JSON-RPC quantities. */
export function beaconSlots(time: number): { readonly time: Hex; readonly root: Hex } {
  const index = time % BEACON_ROOTS_LENGTH;
  return { time: toQuantity(index), root: toQuantity(index + BEACON_ROOTS_LENGTH) };
}
