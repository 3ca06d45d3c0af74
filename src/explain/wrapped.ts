import { toBytes } from "../core/bytes.js";
import { decodeLibraryError, libraryErrorNameOf, type DecodedError, type LibraryErrorName } from "./guardErrors.js";

/** Characters of revert data that are searched: the data of no transaction that fits into a block is longer. */
const MAX_DATA = 1_000_000;
/** Characters in hexadecimal: of a selector, and of a word. */
const SELECTOR = 8;
const WORD = 64;
/** How the word of a length begins that is less than 2^32. */
const SMALL = "0".repeat(56);

/**
 * The library's errors in revert data: the data themselves, or what another contract caught and reverted with again.
 *
 * A wrapped error is found wherever the ABI has it as `bytes` or `string`: its length, then exactly its bytes. So no
 * wrapper needs a name here, however deep they wrap each other. They are `WrappedError` (ERC-7751),
 * `Error(string(reason))`, `FailedOpWithRevert` (ERC-4337), and a multicall's own. A string may also have it in
 * hexadecimal. Of several errors the first in the data comes first.
 */
export function libraryErrorsIn(data: string): DecodedError<LibraryErrorName>[] {
  const whole = decodeLibraryError(data);
  if (whole !== undefined) return [whole];
  const digits = data.slice(2, MAX_DATA);
  return [...inBytes(digits), ...inText(digits)];
}

function inBytes(digits: string): DecodedError<LibraryErrorName>[] {
  const found: DecodedError<LibraryErrorName>[] = [];
  // A length stands before it, and before that at least the outer error's selector.
  for (let at = SELECTOR + WORD; at + SELECTOR <= digits.length; at += 2) {
    if (!digits.startsWith(SMALL, at - WORD)) continue;
    if (libraryErrorNameOf(`0x${digits.slice(at, at + SELECTOR)}`) === undefined) continue;
    const length = Number(`0x${digits.slice(at - WORD, at)}`);
    const error = length > digits.length ? undefined : decodeLibraryError(`0x${digits.slice(at, at + 2 * length)}`);
    if (error !== undefined) found.push(error);
  }
  return found;
}

function inText(digits: string): DecodedError<LibraryErrorName>[] {
  if (digits.length % 2 !== 0) return [];
  const text = new TextDecoder().decode(toBytes(`0x${digits}`, "revert data"));
  return [...text.matchAll(/0x(?:[\da-f]{2})+/gi)].flatMap(([hex]) => decodeLibraryError(hex) ?? []);
}
