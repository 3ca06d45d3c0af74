import "hardhat/types/network";

// The matchers' types.
import type {} from "../chai/index.js";
import type { ConnectionForks } from "./connectionForks.js";
import type { ConnectionGuard } from "./connectionGuard.js";

declare module "hardhat/types/network" {
  // The parameters of Hardhat's own declaration, which this one extends.
  // oxlint-disable-next-line no-unused-vars
  interface NetworkConnection<ChainTypeT extends ChainType | string = DefaultChainType> {
    readonly forks: ConnectionForks;
    readonly guard: ConnectionGuard;
  }
}
