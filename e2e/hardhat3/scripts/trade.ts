// #region script
import { network } from "hardhat";
import { explain } from "settlement-guard";

import { scopes } from "../src/guard.js";
import { signOrder } from "../src/orders.js";

const { ethers, networkHelpers } = await network.create();
const [trader] = await ethers.getSigners();
if (trader === undefined) throw new Error("the network has no account");

const perps = await ethers.deployContract("OrderPerps", [scopes["ETH-PERP"].config, 2_000n]);
await perps.deposit({ value: 1_000n });
await networkHelpers.mine(3); // the anchor lies two blocks behind the head

const wanted = { size: 5n, limitPrice: 2_000n, nonce: 0n, maxAge: 64n };
const { order, signature } = await signOrder(ethers.provider, perps, trader, wanted);
try {
  await (await perps.execute(order, signature)).wait();
  console.log("position:", (await perps.positions(trader)).size);
} catch (error) {
  console.log(explain(error)); // "AnchorMismatch: the action was prepared on another branch: at block 32 it claims 0x7b11…"
}
// #endregion script
