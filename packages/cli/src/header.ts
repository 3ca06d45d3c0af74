import { hashHeader as hashBytes, readHeader as readBytes, toBytes, toHex, type Hex } from "settlement-guard";

/** The library's functions take a header as bytes. */
export function hashHeader(rlp: Hex): Hex {
  return hashBytes(toBytes(rlp, "header"));
}

/** The number and the state root, as the library's function of this name reads them under a hash. */
export function readHeader(rlp: Hex, hash: Hex): { number: bigint; stateRoot: Hex } {
  const { number, stateRoot } = readBytes(toBytes(rlp, "header"), hash);
  return { number, stateRoot: toHex(stateRoot) };
}
