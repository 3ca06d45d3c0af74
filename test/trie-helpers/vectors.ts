import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { PROJECT } from "./compile.js";

export const VECTORS = join(PROJECT, "..", "shared", "vectors");
export const haveVectors = existsSync(VECTORS);

export function readVectors<T>(path: string): T {
  return JSON.parse(readFileSync(join(VECTORS, path), "utf8")) as T;
}

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
  return files.sort().map((file) => readVectors<RealVector>(join("real", file)));
}
