import { toHex, type Hex } from "../core/bytes.js";
import { keccak256 } from "../core/keccak.js";
import { isBehind, unusable, type Entry, type JournalFloor, type Recorded } from "./journal.js";

/** A line of the file: that a digest is going to be signed, or its signature. */
export type JournalRecord = Entry &
  ({ readonly type: "intent" } | { readonly type: "signature"; readonly signature: Hex });

const TORN = "#torn ";

/** A record as a line of JSON, its last member a checksum of those before, with the line's end. */
export function encodeRecord(record: JournalRecord): string {
  const { type, guard, scope, epoch, sequence, digest } = record;
  const members = { type, guard, scope, epoch: `${epoch}`, sequence: `${sequence}`, digest };
  const whole = record.type === "signature" ? { ...members, signature: record.signature } : members;
  return `${JSON.stringify({ ...whole, check: checksum(JSON.stringify(whole)) })}\n`;
}

/** What is appended to a line that somebody began and nobody ended. It says that what stands before was never whole. */
export function markTorn(tail: string): string {
  return `${TORN}${checksum(tail)}\n`;
}

/** 8 bytes of a hash. They tell a line that is whole from one that is not, and keep nobody from forging one. */
function checksum(text: string): string {
  return toHex(keccak256(new TextEncoder().encode(text))).slice(2, 18);
}

/**
 * What the lines of a journal say, read from the first to the last. The first intent for a
 * place alone counts. An intent behind its scope's greatest is void. So two who append at once come to the same answer.
 */
export class Records {
  /** The place that was reached: the number of records, and a hash of them all. */
  mark = "0:";
  readonly #where: string;
  readonly #marks = new Set<string>();
  readonly #byPlace = new Map<string, { readonly digest: string; signature?: Hex }>();
  readonly #greatest = new Map<string, JournalFloor>();

  constructor(where: string) {
    this.#where = where;
  }

  /** @throws JOURNAL_UNUSABLE for a line that is damaged. An empty line, and one that is marked as torn, say nothing */
  take(line: string): void {
    const tornAt = line.lastIndexOf(TORN);
    if (line === "" || tornAt === 0) return;
    if (tornAt > 0 && `${line.slice(tornAt)}\n` === markTorn(line.slice(0, tornAt))) return;
    const record = decodeRecord(line);
    if (record === undefined) throw unusable(this.#where, `line ${this.count + 1} of its records is damaged`);
    this.mark = `${this.count + 1}:${checksum(this.mark + line)}`;
    this.#marks.add(this.mark);
    this.#keep(record);
  }

  get count(): number {
    return this.#marks.size;
  }

  /** Whether the records once ended here. */
  has(mark: string): boolean {
    return this.#marks.has(mark);
  }

  about(entry: Entry): Recorded {
    const [same, greatest] = [this.#byPlace.get(placeOf(entry)), this.#greatest.get(scopeOf(entry))];
    return { same, greatest, where: this.#where };
  }

  #keep(record: JournalRecord): void {
    const place = placeOf(record);
    const same = this.#byPlace.get(place);
    if (record.type === "signature") {
      if (same?.digest === record.digest) same.signature ??= record.signature;
      return;
    }
    const greatest = this.#greatest.get(scopeOf(record));
    if (same !== undefined || (greatest !== undefined && isBehind(record, greatest))) return;
    this.#byPlace.set(place, { digest: record.digest });
    this.#greatest.set(scopeOf(record), { epoch: record.epoch, sequence: record.sequence });
  }
}

/** The record of a line; undefined where the line is not what {@link encodeRecord} makes of it. */
function decodeRecord(line: string): JournalRecord | undefined {
  try {
    const read = JSON.parse(line) as Record<keyof JournalRecord | "signature", string>;
    const record = { ...read, epoch: BigInt(read.epoch), sequence: BigInt(read.sequence) } as unknown as JournalRecord;
    return encodeRecord(record) === `${line}\n` ? record : undefined;
  } catch {
    return undefined;
  }
}

function scopeOf({ guard, scope }: Entry): string {
  return `${guard} ${scope}`;
}

function placeOf(entry: Entry): string {
  return `${scopeOf(entry)} ${entry.epoch} ${entry.sequence}`;
}
