import type { Hex } from "../core/bytes.js";
import type { SettlementGuardError } from "../core/errors.js";
import { judge, readRequest, readSignature, unusable, type SigningJournal, type SigningRequest } from "./journal.js";
import { encodeRecord, markTorn, Records, type JournalRecord } from "./records.js";

/** A file that grows at its end alone. */
export interface JournalFile {
  /** The bytes from an offset to the end. @throws JOURNAL_UNUSABLE where the file is not the one that was opened, or is shorter */
  read(offset: number): Promise<Uint8Array>;
  /** Writes all bytes at the end, after whatever others have written there. */
  append(bytes: Uint8Array): Promise<void>;
  /** Returns when all that was appended, by whomever, survives a loss of power. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * A small store elsewhere that remembers how far a journal went: a row, an object, a tag of a key. It must not be restored
 * together with the journal.
 */
export interface JournalCounter {
  /** The mark that was put last; undefined before the first. */
  read(): Promise<string | undefined>;
  /** Puts `to` in the place of `from`, at once, and nothing where another mark stands. Answers whether it did. */
  advance(step: { readonly from: string | undefined; readonly to: string }): Promise<boolean>;
}

/** Others may move the counter between a look and a step; more often than this nobody does. */
const MOST_STEPS = 16;

/** A journal in a file. Who appends first decides: every instance reads its own record back before it signs. */
export class FileJournal implements SigningJournal {
  readonly #file: JournalFile;
  readonly #where: string;
  readonly #counter: JournalCounter | undefined;
  readonly #records: Records;
  /** Bytes of whole lines that were read. */
  #offset = 0;
  #broken: SettlementGuardError | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor({ file, where, counter }: { file: JournalFile; where: string; counter?: JournalCounter | undefined }) {
    this.#file = file;
    this.#where = where;
    this.#counter = counter;
    this.#records = new Records(where);
  }

  /** Reads the file as it is. @throws JOURNAL_UNUSABLE */
  async open(): Promise<this> {
    await this.#exclusively(() => this.#catchUp());
    return this;
  }

  async sign(request: SigningRequest, sign: () => Promise<string>): Promise<Hex> {
    const { entry, floor } = readRequest(request);
    const known = await this.#exclusively(async () => {
      await this.#catchUp();
      const verdict = () => judge(entry, floor, this.#records.about(entry));
      const before = verdict();
      if (typeof before === "object") return before.signature;
      // Also where the digest is on record. After a disk failed, its system may show what the disk does not hold.
      await this.#append({ type: "intent", ...entry });
      const found = verdict();
      if (found === "free") throw unusable(this.#where, "what was appended is not in it");
      if (found !== "recorded") return found.signature;
      await this.#sync();
      await this.#count();
      return undefined;
    });
    if (known !== undefined) return known;

    const signature = readSignature(await sign());
    await this.#exclusively(async () => {
      await this.#append({ type: "signature", ...entry, signature });
      await this.#sync();
    });
    return signature;
  }

  close(): Promise<void> {
    return this.#exclusively(() => this.#file.close());
  }

  /** Appends a line, and reads back all that came before it and itself. */
  async #append(record: JournalRecord): Promise<void> {
    const encoder = new TextEncoder();
    for (let tail = await this.#catchUp(); tail !== ""; tail = await this.#catchUp())
      await this.#file.append(encoder.encode(markTorn(tail)));
    await this.#file.append(encoder.encode(encodeRecord(record)));
    await this.#catchUp();
  }

  /** A failure is for good. A system may forget what it could not write, and next time say that all is written. */
  async #sync(): Promise<void> {
    try {
      await this.#file.sync();
    } catch (cause) {
      this.#broken = unusable(this.#where, "a record could not be written to the disk: open the journal again", cause);
      throw this.#broken;
    }
  }

  /** Reads the lines that are new. Answers with what stands behind the last, which somebody began. */
  async #catchUp(): Promise<string> {
    if (this.#broken !== undefined) throw this.#broken;
    // One byte is one character, so that offsets are right and damage stays what it is.
    const text = Buffer.from(await this.#file.read(this.#offset)).toString("latin1");
    const lines = text.split("\n");
    const tail = lines.pop()!;
    for (const line of lines) {
      this.#records.take(line);
      this.#offset += line.length + 1;
    }
    return tail;
  }

  /** Moves the counter to where this file is. @throws JOURNAL_UNUSABLE where it stands at what this file never held */
  async #count(): Promise<void> {
    if (this.#counter === undefined) return;
    const { mark } = this.#records;
    for (let step = 0; step < MOST_STEPS; step++) {
      const from = await this.#counter.read();
      if (from !== undefined && !this.#records.has(from)) await this.#catchUp();
      if (from !== undefined && !this.#records.has(from))
        throw unusable(
          this.#where,
          `its counter stands at ${from}, which this file never reached: it is an older copy`,
        );
      if (from !== undefined && numberOf(from) >= numberOf(mark)) return;
      if (await this.#counter.advance({ from, to: mark })) return;
    }
    throw unusable(this.#where, `its counter moved ${MOST_STEPS} times`);
  }

  /** One after the other: what was read must still be so when it is written. */
  #exclusively<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(run);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}

function numberOf(mark: string): number {
  return Number.parseInt(mark, 10);
}
