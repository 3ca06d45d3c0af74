import { ethers } from "ethers";

import type { Connection } from "../src/index.js";

/** An endpoint over HTTP. Every request goes out alone and unmerged, and no answer is kept: a verifier wants to see each. */
export function jsonRpc(url: string): Connection {
  // The network is named so that ethers does not ask for it, again and again where nobody answers; only `send` is used.
  return new ethers.JsonRpcProvider(url, 1, { staticNetwork: true, batchMaxCount: 1, cacheTimeout: -1 });
}
