import type { Anchor } from "../anchor/anchor.js";
import type { Hex } from "../core/bytes.js";
import { invalidResponse } from "../core/errors.js";
import { decodeLibraryError } from "../explain/guardErrors.js";
import type { HashedHeader } from "../header/fields.js";
import type { ContractKind } from "../policy/deployment.js";
import { ACTIONS, VERDICTS } from "../policy/policy.js";
import { callOf, type ChainReader } from "./chainReads.js";

/** Asks whether an anchor holds. @returns the revert data of the check, `0x` where it holds */
export type AskAnchor = (anchor: Anchor, header: HashedHeader) => Promise<Hex>;

const ANCHOR = "(uint64,bytes32)";
const ANY_DEPTH = 2n ** 64n - 1n;

/** How a contract of a kind is asked about an anchor. Undefined where it is not asked. */
export function anchorQuestion(kind: ContractKind, chain: ChainReader, to: Hex): AskAnchor | undefined {
  if (kind === "standalone-guard" || kind === "ledger-desk")
    return ({ number, hash }) =>
      preview(chain, to, callOf("previewAnchored", [ANCHOR, "uint64", "uint64"], number, hash, 1n, ANY_DEPTH));
  if (kind === "stateless-guard" || kind === "settlement-guard")
    return ({ number, hash }) => preview(chain, to, callOf("previewAnchored", [ANCHOR], number, hash));
  if (kind !== "pin-board") return undefined;
  return async ({ number, hash }, { stateRoot, rlp }) => {
    const size = BigInt((rlp.length - 2) / 2);
    const head = callOf("pinStateRoot", ["(uint64,bytes32,bytes32)", "bytes"], number, hash, stateRoot, 128n, size);
    const padding = "00".repeat(Number((32n - (size % 32n)) % 32n));
    const { succeeded, data } = await chain.attempt(to, [`${head}${rlp.slice(2)}${padding}`]);
    if (succeeded && data.length !== 66)
      throw invalidResponse("eth_call", "pinStateRoot did not return a word: there is no pin board");
    return succeeded ? "0x" : data;
  };
}

/** Asks about an anchor by the depths of a scope. That the policy then denies the action is no fault of the anchor. */
export function scopeQuestion(chain: ChainReader, to: Hex, scope: Hex): AskAnchor {
  return async ({ number, hash }) => {
    const action = BigInt(ACTIONS.indexOf("Increase"));
    const data = callOf("previewAt", ["bytes32", "uint8", ANCHOR], scope, action, number, hash);
    const reason = await preview(chain, to, data, VERDICTS.indexOf("Allow"));
    return decodeLibraryError(reason)?.name === "ActionDenied" ? "0x" : reason;
  };
}

/**
 * The reason in what a preview returns: a verdict, and bytes.
 *
 * @param allow the verdict without a reason
 */
async function preview(chain: ChainReader, to: Hex, data: Hex, allow = 1): Promise<Hex> {
  const [flag, offset, length, ...rest] = await chain.words(to, data);
  const size = Number(length ?? -1);
  const isWhole = Number(offset) === 64 && size >= 0 && Math.ceil(size / 32) === rest.length;
  const reason: Hex = `0x${rest.map((word) => word.slice(2)).join("").slice(0, 2 * size)}`; // prettier-ignore
  if (isWhole && (size === 0) === (Number(flag) === allow)) return reason;
  throw invalidResponse("eth_call", "it is no preview: there is no guard of this kind");
}
