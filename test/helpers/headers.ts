import { toHex, type Hex } from "../../src/bytes.js";
import { encodeRlp } from "../../src/proof/rlp.js";

const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);

/** A made-up header's fields, each with bytes of its own. The numbers are those of the forks: 15, 16, 17, 20, 21 or 23 fields. */
export function sampleFields(count: number): Uint8Array[] {
  const fields = [
    ...[filled(32, 0x11), filled(32, 0x12), filled(20, 0x13), filled(32, 0x14), filled(32, 0x15), filled(32, 0x16)],
    ...[filled(256, 0x17), filled(0, 0), Uint8Array.of(0x01, 0x40, 0x00, 0x00), filled(4, 0x18), filled(3, 0x19)],
    ...[filled(4, 0x65), filled(13, 0x1a), filled(32, 0x1b), filled(8, 0)],
    ...[filled(5, 0x1c), filled(32, 0x1d), filled(3, 0x1e), filled(0, 0), filled(32, 0x1f), filled(32, 0x20)],
    ...[filled(32, 0x21), filled(4, 0x22)],
  ];
  return fields.slice(0, count);
}

/** The header of {@link sampleFields} with some fields replaced. */
export function sampleHeader(count: number, replaced: Readonly<Record<number, Uint8Array>> = {}): Hex {
  const fields = sampleFields(count);
  for (const [field, value] of Object.entries(replaced)) fields[Number(field)] = value;
  return toHex(encodeRlp(fields));
}

/** The header of {@link sampleFields} with one item replaced by bytes as they are, canonical or not; the list around is sound. */
export function headerWithItem(count: number, field: number, item: Uint8Array): Hex {
  const items = sampleFields(count).map((value, i) => (i === field ? item : encodeRlp(value)));
  const payload = Buffer.concat(items);
  return toHex(Uint8Array.from([0xf9, payload.length >> 8, payload.length & 0xff, ...payload]));
}
