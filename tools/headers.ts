import { toBytes, toHex, type Hex } from "../src/core/bytes.js";
import { hashHeader } from "../src/header/header.js";
import { encodeRlp } from "../src/core/rlp.js";

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

/** The header of {@link sampleFields} as a JSON-RPC block, with its true hash; and beside it, fields of later forks. */
export function rpcBlock(count: number, later: Readonly<Record<string, Hex>> = {}): Record<string, unknown> {
  const names = [
    ...[
      "parentHash",
      "sha3Uncles",
      "miner",
      "stateRoot",
      "transactionsRoot",
      "receiptsRoot",
      "logsBloom",
      "difficulty",
    ],
    ...[
      "number",
      "gasLimit",
      "gasUsed",
      "timestamp",
      "extraData",
      "mixHash",
      "nonce",
      "baseFeePerGas",
      "withdrawalsRoot",
    ],
    ...["blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot", "requestsHash", "blockAccessListHash", "slotNumber"],
  ];
  const integers = new Set([7, 8, 9, 10, 11, 15, 17, 18, 22]);
  const laterFields = Object.values(later).map((value) => toBytes(value, "later field"));
  const hash = hashHeader(toHex(encodeRlp([...sampleFields(count), ...laterFields])));
  const block: Record<string, unknown> = { hash, size: "0x300", transactions: [], uncles: [] };
  for (const [i, field] of sampleFields(count).entries()) {
    block[names[i]!] = integers.has(i)
      ? `0x${BigInt(field.length === 0 ? 0 : toHex(field)).toString(16)}`
      : toHex(field);
  }
  return { ...block, ...later };
}

/**
 * The header of {@link sampleFields} with one item replaced by bytes as they are, canonical or not. The list around is
 * sound.
 */
export function headerWithItem(count: number, field: number, item: Uint8Array): Hex {
  const items = sampleFields(count).map((value, i) => (i === field ? item : encodeRlp(value)));
  const payload = Buffer.concat(items);
  return toHex(Uint8Array.from([0xf9, payload.length >> 8, payload.length & 0xff, ...payload]));
}

/**
 * Bytes of a header after the merge that decide where its state root and its number lie. Each has the field that it
 * belongs to; 255 is the list.
 */
const MARKERS: readonly [at: number, field: number][] = [
  ...([0, 1, 2].map((at) => [at, 255]) as [number, number][]),
  ...([3, 36, 69, 90, 123, 156].map((at, field) => [at, field]) as [number, number][]),
  ...([189, 190, 191].map((at) => [at, 6]) as [number, number][]),
];

/** The header of {@link sampleFields} with one bit of one marker changed, and the field that is malformed then. */
export function headersWithWrongMarker(): { title: string; rlp: Hex; field: number }[] {
  return MARKERS.flatMap(([at, field]) =>
    Array.from({ length: 8 }, (_, bit) => ({ title: `bit ${bit} of byte ${at}`, rlp: withByte(at, 1 << bit), field })),
  );
}

/**
 * The same with any other byte for the difficulty, for the number's prefix, and for its first digits. Some of them are
 * sound.
 */
export function headersWithOtherNumber(): Hex[] {
  return [448, 449, 450].flatMap((at) => Array.from({ length: 255 }, (_, i) => withByte(at, i + 1)));
}

function withByte(at: number, change: number): Hex {
  const header = toBytes(sampleHeader(21), "header").slice();
  header[at] = header[at]! ^ change;
  return toHex(header);
}
