import { SettlementGuardError } from "./errors.js";

/** A decoded item: a byte string, or a list of items. */
export type RlpItem = Uint8Array | RlpItem[];

/** What {@link encodeRlp} takes: a byte string, or a list of such. */
export type RlpInput = Uint8Array | readonly RlpInput[];

/** Where one item lies in its buffer: the payload is `[start, end)`. */
export interface RlpSpan {
  list: boolean;
  start: number;
  end: number;
}

/** Lists inside lists that are followed; Ethereum's own structures need fewer than ten. */
export const MAX_RLP_DEPTH = 1024;

/**
 * Encodes an item as RLP.
 *
 * @throws INVALID_RLP where lists are nested deeper than `MAX_RLP_DEPTH`
 */
export function encodeRlp(item: RlpInput): Uint8Array {
  const bytes = new Uint8Array(encodedLength(item, 0));
  writeItem(bytes, 0, item);
  return bytes;
}

/**
 * Decodes exactly one item of canonical RLP, so that one value has one encoding. A length has its shortest form. A byte
 * below 0x80 is itself, and nothing comes after the item. The byte strings are views of `bytes`, not copies. Nothing is
 * allocated by a length that the input merely claims.
 *
 * @throws INVALID_RLP
 */
export function decodeRlp(bytes: Uint8Array): RlpItem {
  const root = readRlpItem(bytes, 0, bytes.length);
  if (root.end !== bytes.length) throw invalidRlp(root.end, "bytes after the item");
  if (!root.list) return bytes.subarray(root.start, root.end);

  // A stack of its own rather than recursion: how deep the input is nested is the sender's choice.
  const result: RlpItem[] = [];
  const open: { items: RlpItem[]; end: number }[] = [];
  let items = result;
  let end = root.end;
  let offset = root.start;
  for (;;) {
    while (offset === end) {
      const parent = open.pop();
      if (parent === undefined) return result;
      ({ items, end } = parent);
    }
    const item = readRlpItem(bytes, offset, end);
    if (item.list) {
      if (open.length + 1 === MAX_RLP_DEPTH) throw invalidRlp(offset, `lists nested deeper than ${MAX_RLP_DEPTH}`);
      const inner: RlpItem[] = [];
      items.push(inner);
      open.push({ items, end });
      items = inner;
      end = item.end;
      offset = item.start;
    } else {
      items.push(bytes.subarray(item.start, item.end));
      offset = item.end;
    }
  }
}

/**
 * Reads the prefix of the item at `offset`, which must end at or before `limit`. What is inside a list is not looked at.
 *
 * @param limit at most `bytes.length`
 * @throws INVALID_RLP
 */
export function readRlpItem(bytes: Uint8Array, offset: number, limit: number): RlpSpan {
  const prefix = bytes[offset];
  if (prefix === undefined || offset >= limit) throw invalidRlp(offset, "an item is missing");
  if (prefix < 0x80) return { list: false, start: offset, end: offset + 1 };

  const list = prefix >= 0xc0;
  const short = prefix - (list ? 0xc0 : 0x80);
  if (short <= 55) {
    const start = offset + 1;
    if (short > limit - start) throw invalidRlp(offset, "the item runs past its end");
    if (short === 1 && !list && bytes[start]! < 0x80) throw invalidRlp(offset, "a byte below 0x80 with a prefix");
    return { list, start, end: start + short };
  }

  const width = short - 55; // 1 to 8 bytes of length
  const start = offset + 1 + width;
  if (start > limit) throw invalidRlp(offset, "the length is cut short");
  if (bytes[offset + 1] === 0) throw invalidRlp(offset, "a length with a leading zero");
  if (width > 6) throw invalidRlp(offset, "the item runs past its end"); // at least 2^48, beyond any buffer
  let length = 0;
  for (let i = offset + 1; i < start; i++) length = length * 256 + bytes[i]!;
  if (length <= 55) throw invalidRlp(offset, "a long form where the short one fits");
  if (length > limit - start) throw invalidRlp(offset, "the item runs past its end");
  return { list, start, end: start + length };
}

function isBytes(item: RlpInput): item is Uint8Array {
  return item instanceof Uint8Array;
}

function encodedLength(item: RlpInput, depth: number): number {
  if (isBytes(item)) {
    if (item.length === 1 && item[0]! < 0x80) return 1;
    return prefixLength(item.length) + item.length;
  }
  const payload = payloadLength(item, depth);
  return prefixLength(payload) + payload;
}

function payloadLength(items: readonly RlpInput[], depth: number): number {
  if (depth === MAX_RLP_DEPTH) throw invalidRlp(0, `lists nested deeper than ${MAX_RLP_DEPTH}`);
  let length = 0;
  for (const item of items) length += encodedLength(item, depth + 1);
  return length;
}

export function prefixLength(length: number): number {
  return length <= 55 ? 1 : 1 + byteWidth(length);
}

function byteWidth(length: number): number {
  let width = 1;
  while (length >= 256) {
    length = Math.floor(length / 256);
    width++;
  }
  return width;
}

/** Writes an item whose depth {@link encodedLength} has checked, and returns where it ends. */
function writeItem(bytes: Uint8Array, offset: number, item: RlpInput): number {
  if (isBytes(item)) {
    if (item.length === 1 && item[0]! < 0x80) {
      bytes[offset] = item[0]!;
      return offset + 1;
    }
    offset = writePrefix(bytes, offset, 0x80, item.length);
    bytes.set(item, offset);
    return offset + item.length;
  }
  offset = writePrefix(bytes, offset, 0xc0, payloadLength(item, 0));
  for (const inner of item) offset = writeItem(bytes, offset, inner);
  return offset;
}

export function writePrefix(bytes: Uint8Array, offset: number, kind: 0x80 | 0xc0, length: number): number {
  if (length <= 55) {
    bytes[offset] = kind + length;
    return offset + 1;
  }
  const width = byteWidth(length);
  bytes[offset] = kind + 55 + width;
  for (let i = width; i > 0; i--) {
    bytes[offset + i] = length % 256;
    length = Math.floor(length / 256);
  }
  return offset + 1 + width;
}

function invalidRlp(offset: number, reason: string): SettlementGuardError<"INVALID_RLP"> {
  return new SettlementGuardError("INVALID_RLP", { offset, reason }, `invalid RLP at byte ${offset}: ${reason}`);
}
