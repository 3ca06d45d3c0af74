import { readdirSync } from "node:fs";
import { join } from "node:path";

import { readVector, VECTORS } from "../helpers/vectors.js";

/** One answer of `eth_getProof`, recorded with the root under which it was given. */
export interface RealVector {
  id: string;
  stateRoot: string;
  address: string;
  accountExists: boolean;
  account: { nonce: string; balance: string; storageHash: string; codeHash: string } | null;
  accountProof: string[];
  storage: { slot: string; value: string; proof: string[] }[];
}

export function realVectors(): RealVector[] {
  const files = readdirSync(join(VECTORS, "real")).filter((file) => file.endsWith(".json") && file !== "INDEX.json");
  return files.sort().map((file) => readVector<RealVector>(join("real", file)));
}
