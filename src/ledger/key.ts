import { concat, invalidHex, toBytes, toHex, type Hex } from "../core/bytes.js";
import { keccak256 } from "../core/keccak.js";
import { isShortText, textWord } from "../core/text.js";

/** The word before all that a ledger's key is the hash of, as in `LedgerTypes.sol`. */
const LEDGER_KEY = keccak256(new TextEncoder().encode("settlement-guard.ledger.key"));
const NOBODY = "0x0000000000000000000000000000000000000000";

/** What an entry of a ledger is about. */
export interface LedgerSubject {
  /** An address, 20 bytes. Zero is the owner of totals. */
  readonly owner: string;
  /** 32 bytes of hexadecimal, or 1 to 31 characters of ASCII, as Solidity's `bytes32("USDC")`. */
  readonly asset: string;
  /** As `asset`: what is counted, such as `balance` or `margin`. */
  readonly kind: string;
}

/**
 * The key of an owner's entry: keccak256(abi.encode(LEDGER_KEY, owner, asset, kind)).
 *
 * @throws INVALID_HEX for a member of another form
 * @example
 * const key = ledgerKey({ owner: trader, asset: "USDC", kind: "balance" });
 */
export function ledgerKey({ owner, asset, kind }: LedgerSubject): Hex {
  const ownerWord = concat([new Uint8Array(12), toBytes(owner, "owner", 20)]);
  return toHex(keccak256(concat([LEDGER_KEY, ownerWord, wordOf(asset, "asset"), wordOf(kind, "kind")])));
}

/**
 * The key of the total of an asset and a kind: that of owner zero.
 *
 * @throws INVALID_HEX for a member of another form
 * @example
 * tree.get(totalKey({ asset: "USDC", kind: "balance" }));
 */
export function totalKey({ asset, kind }: Omit<LedgerSubject, "owner">): Hex {
  return ledgerKey({ owner: NOBODY, asset, kind });
}

function wordOf(value: string, what: string): Uint8Array {
  // Text that begins like hexadecimal is hexadecimal that went wrong.
  if (isShortText(value) && !/^0x/i.test(value)) return textWord(value);
  if (typeof value === "string" && value.length === 66) return toBytes(value, what, 32);
  throw invalidHex(what, value, "32 bytes of hexadecimal, or 1 to 31 characters of ASCII");
}
