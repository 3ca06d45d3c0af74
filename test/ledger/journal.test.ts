import { spawn } from "node:child_process";
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { createJournal, openJournal, postgresJournal, type JournalCounter } from "../../src/journal.js";
import { FileJournal } from "../../src/ledger/fileJournal.js";
import type { JournalFloor, JournalKey, SigningJournal } from "../../src/ledger/journal.js";
import { encodeRecord } from "../../src/ledger/records.js";
import { SettlementGuardError } from "../../src/core/errors.js";
import { rejected } from "../../tools/errors.js";
import { announced } from "../../tools/random.js";
import { FakeDisk, fakePostgres, inEveryOrder } from "../../tools/ledger/journalWorlds.js";

const GUARD = `0x${"11".repeat(20)}`;
const SCOPE = `0x${"22".repeat(32)}`;
const [A, B, C] = ["aa", "bb", "cc"].map((byte) => `0x${byte.repeat(32)}`) as [string, string, string];
const NO_FLOOR: JournalFloor = { epoch: 0n, sequence: 0n };

/** What was signed, by place. No journal sees it. */
class Signatures {
  readonly #byPlace = new Map<string, Set<string>>();
  count = 0;

  /** Has a digest signed, and returns its signature. */
  sign(journal: SigningJournal, digest: string, place: Partial<JournalKey> = {}, floor = NO_FLOOR): Promise<string> {
    const key = { guard: GUARD, scope: SCOPE, epoch: 1n, sequence: 1n, ...place };
    return journal.sign({ key, digest, floor }, async () => {
      this.note(`${key.guard} ${key.scope} ${key.epoch} ${key.sequence}`, digest);
      return Promise.resolve(this.of(digest));
    });
  }

  of(digest: string): string {
    return `0x51${digest.slice(2)}`;
  }

  note(place: string, digest: string): void {
    this.count++;
    this.#byPlace.set(place, (this.#byPlace.get(place) ?? new Set()).add(digest));
    const digests = [...this.#byPlace.get(place)!];
    if (digests.length > 1) throw new TypeError(`equivocated at ${place}: ${digests.join(", ")}`);
  }
}

/** Fails for anything but a refusal of the journal's. */
async function orRefused(signing: Promise<unknown>): Promise<string | undefined> {
  try {
    await signing;
    return undefined;
  } catch (error) {
    if (error instanceof TypeError) throw error;
    return SettlementGuardError.is(error) ? error.code : "crashed";
  }
}

const onDisk = (disk: FakeDisk, gate?: (operation: string) => Promise<void>): Promise<SigningJournal> =>
  new FileJournal({ file: disk.file(gate), where: "a fake" }).open();

describe("Signing journals", function () {
  let directory: string;
  let path: string;
  const open: SigningJournal[] = [];

  beforeEach(async function () {
    directory = mkdtempSync(join(tmpdir(), "journal-"));
    path = join(directory, "journal");
    await createJournal(path);
  });
  afterEach(async function () {
    for (const journal of open.splice(0)) await journal.close();
    rmSync(directory, { recursive: true });
  });
  const opened = async (at = path, counter?: JournalCounter): Promise<SigningJournal> => {
    const journal = await openJournal(at, counter === undefined ? {} : { counter });
    open.push(journal);
    return journal;
  };

  // --- what both keep ---

  const kinds: [name: string, make: () => Promise<() => Promise<SigningJournal>>][] = [
    ["in a file", () => Promise.resolve(() => opened())],
    [
      "in PostgreSQL",
      () => {
        const { query } = fakePostgres();
        return Promise.resolve(() => Promise.resolve(postgresJournal(query)));
      },
    ],
  ];
  for (const [name, make] of kinds)
    describe(name, function () {
      let again: () => Promise<SigningJournal>;
      let journal: SigningJournal;
      let signatures: Signatures;
      beforeEach(async function () {
        again = await make();
        journal = await again();
        signatures = new Signatures();
      });

      it("signs a digest once, and returns the signature on record ever after", async function () {
        for (const each of [journal, journal, await again()])
          expect(await signatures.sign(each, A)).to.equal(signatures.of(A));
        expect(signatures.count).to.equal(1);
      });

      it("refuses another digest for a place, with both, now and after it was opened again", async function () {
        await signatures.sign(journal, A);
        for (const each of [journal, await again()]) {
          const { details } = await rejected("ALREADY_SIGNED", signatures.sign(each, B));
          expect(details).to.include({ guard: GUARD, scope: SCOPE, epoch: 1n, sequence: 1n, recorded: A, asked: B });
          expect(details.where).to.match(name === "in a file" ? /journal$/ : /PostgreSQL/);
        }
      });

      it("signs the same digest again where signing failed, and no other", async function () {
        const key = { guard: GUARD, scope: SCOPE, epoch: 1n, sequence: 1n };
        const fails = journal.sign({ key, digest: A, floor: NO_FLOOR }, () => Promise.reject(new RangeError("no key")));
        expect(await fails.catch((error: Error) => error.message)).to.equal("no key");
        await rejected(
          "INVALID_HEX",
          journal.sign({ key, digest: A, floor: NO_FLOOR }, () => Promise.resolve("0x")),
        );
        await rejected("ALREADY_SIGNED", signatures.sign(await again(), B));
        expect(await signatures.sign(await again(), A)).to.equal(signatures.of(A));
      });

      it("refuses what is behind the greatest of its scope: a lower sequence, a lower epoch", async function () {
        await signatures.sign(journal, A, { epoch: 2n, sequence: 7n });
        for (const place of [
          { epoch: 2n, sequence: 6n },
          { epoch: 1n, sequence: 8n },
        ]) {
          const { details } = await rejected("SEQUENCE_PASSED", signatures.sign(journal, B, place));
          expect(details).to.deep.include({ ...place, passed: { epoch: 2n, sequence: 7n }, by: "journal" });
        }
        // Another scope, another guard, a later place and a later epoch are free.
        await signatures.sign(journal, B, { epoch: 1n, scope: `0x${"33".repeat(32)}` });
        await signatures.sign(journal, B, { epoch: 1n, guard: `0x${"44".repeat(20)}` });
        await signatures.sign(journal, B, { epoch: 2n, sequence: 8n });
        await signatures.sign(journal, C, { epoch: 3n, sequence: 8n });
        // What was signed is returned, however far the sequence went.
        expect(await signatures.sign(journal, A, { epoch: 2n, sequence: 7n })).to.equal(signatures.of(A));
      });

      it("an epoch or a sequence of many digits is compared as a number", async function () {
        await signatures.sign(journal, A, { epoch: 9n, sequence: 9n });
        await signatures.sign(journal, B, { epoch: 10n, sequence: 10n });
        await rejected("SEQUENCE_PASSED", signatures.sign(journal, C, { epoch: 9n, sequence: 11n }));
        await signatures.sign(journal, C, { epoch: 2n ** 64n - 1n, sequence: 2n ** 64n - 1n });
      });

      it("signs nothing at or below the floor, which the chain shows", async function () {
        const floor = { epoch: 3n, sequence: 5n };
        for (const place of [
          { epoch: 3n, sequence: 5n },
          { epoch: 4n, sequence: 5n },
          { epoch: 3n, sequence: 4n },
          { epoch: 2n, sequence: 6n },
        ]) {
          const { details } = await rejected("SEQUENCE_PASSED", signatures.sign(journal, A, place, floor));
          expect(details).to.deep.include({ ...place, passed: floor, by: "chain" });
        }
        expect(signatures.count).to.equal(0);
        await signatures.sign(journal, A, { epoch: 3n, sequence: 6n }, floor);
        await signatures.sign(journal, B, { epoch: 4n, sequence: 7n }, floor);
      });

      it("takes hexadecimal of any case for the same, and refuses what is no place or digest", async function () {
        const key = { guard: GUARD, scope: SCOPE, epoch: 1n, sequence: 1n };
        await signatures.sign(journal, A);
        expect(await signatures.sign(journal, `0x${A.slice(2).toUpperCase()}`)).to.equal(signatures.of(A));
        const never = (): Promise<string> => Promise.reject(new TypeError("signed"));
        const bad: [unknown, "INVALID_HEX" | "INVALID_OPTION"][] = [
          [{ key, digest: "0x12", floor: NO_FLOOR }, "INVALID_HEX"],
          [{ key: { ...key, guard: SCOPE }, digest: A, floor: NO_FLOOR }, "INVALID_HEX"],
          [{ key: { ...key, scope: GUARD }, digest: A, floor: NO_FLOOR }, "INVALID_HEX"],
          [{ key: { ...key, epoch: 1 }, digest: A, floor: NO_FLOOR }, "INVALID_OPTION"],
          [{ key: { ...key, sequence: 2n ** 64n }, digest: A, floor: NO_FLOOR }, "INVALID_OPTION"],
          [{ key: { ...key, sequence: -1n }, digest: A, floor: NO_FLOOR }, "INVALID_OPTION"],
          [{ key, digest: A }, "INVALID_OPTION"],
          [{ key, digest: A, floor: { sequence: 0n } }, "INVALID_OPTION"],
          [{ digest: A, floor: NO_FLOOR }, "INVALID_OPTION"],
          [{ key, digest: A, floor: NO_FLOOR, flour: 1 }, "INVALID_OPTION"],
        ];
        for (const [request, code] of bad) await rejected(code, journal.sign(request as never, never));
      });

      it("two at once in one process: one digest is signed", async function () {
        const ends = await Promise.all([A, B, A, C].map((digest) => orRefused(signatures.sign(journal, digest))));
        expect(ends).to.deep.equal([undefined, "ALREADY_SIGNED", undefined, "ALREADY_SIGNED"]);
      });
    });

  // --- two instances, step by step ---

  it("two instances on one file, in every order of their steps: one digest is signed, and one instance signs it", async function () {
    const orders = await inEveryOrder((gates) => {
      const [disk, signatures] = [new FakeDisk(), new Signatures()];
      const actors = [A, B].map(async (digest, i) => {
        const journal = new FileJournal({ file: disk.file(gates(i)), where: "a fake" });
        return orRefused(signatures.sign(journal, digest));
      });
      return {
        actors,
        check: async () => {
          expect((await Promise.all(actors)).sort()).to.deep.equal(["ALREADY_SIGNED", undefined]);
          expect(signatures.count).to.equal(1);
        },
      };
    });
    expect(orders).to.be.greaterThan(100);
  });

  it("two instances on one table, in every order of their statements: one digest is signed", async function () {
    const orders = await inEveryOrder((gates) => {
      const [{ query }, signatures] = [fakePostgres(), new Signatures()];
      const actors = [A, B].map(async (digest, i) => {
        const gate = gates(i);
        const journal = postgresJournal(async (text, values) => {
          await gate();
          return query(text, values);
        });
        return orRefused(signatures.sign(journal, digest));
      });
      return {
        actors,
        check: async () => expect((await Promise.all(actors)).sort()).to.deep.equal(["ALREADY_SIGNED", undefined]),
      };
    });
    expect(orders).to.be.greaterThan(100);
  });

  it("a row that does not come back is no permission to sign", async function () {
    const deaf = postgresJournal(() => Promise.resolve({ rows: [] }));
    const { details } = await rejected("JOURNAL_UNUSABLE", new Signatures().sign(deaf, A));
    expect(details.reason).to.equal("what was inserted is not in it");
  });

  // --- crashes ---

  /** Signs until the operation at which the power is lost; all operations where there is none. Answers how many there were. */
  async function signUntil(disk: FakeDisk, signatures: Signatures, digest: string, crash = Infinity): Promise<number> {
    let count = 0;
    const gate = (): Promise<void> =>
      count++ < crash ? Promise.resolve() : Promise.reject(new RangeError("the power is lost"));
    const signing = onDisk(disk, gate).then((journal) => signatures.sign(journal, digest));
    await orRefused(signing);
    return count;
  }

  it("power that is lost at any step, with any part of what was not synced: no second digest is ever signed", async function () {
    const steps = await signUntil(new FakeDisk(), new Signatures(), A);
    let ends = 0;
    for (let crash = 0; crash <= steps; crash++) {
      const crashed = new FakeDisk();
      await signUntil(crashed, new Signatures(), A, crash);
      for (let kept = 0; kept <= crashed.unsynced; kept++) {
        const [disk, signatures] = [new FakeDisk(), new Signatures()];
        await signUntil(disk, signatures, A, crash);
        disk.losePower(kept);
        // Crashes again, of which some bytes are left; then another digest still is refused where one was signed.
        for (const second of [1, 2, 3, Infinity]) {
          const copy = disk.copy();
          const again = new Signatures();
          if (signatures.count > 0) again.note(`${GUARD} ${SCOPE} 1 1`, A);
          await signUntil(copy, again, B, second);
          copy.losePower(Math.min(copy.unsynced, kept % 7));
          await signUntil(copy, again, C);
          // The journal is never lost by a crash: the digest that counts can be had.
          const ending = await Promise.all([A, B, C].map((digest) => signUntilDone(copy, again, digest)));
          expect(ending.filter((end) => end === undefined).length, `${crash} ${kept} ${second}`).to.equal(1);
          ends++;
        }
      }
    }
    expect(ends).to.be.greaterThan(1000);
  });

  async function signUntilDone(disk: FakeDisk, signatures: Signatures, digest: string): Promise<string | undefined> {
    return orRefused(signatures.sign(await onDisk(disk), digest));
  }

  it("two instances and a loss of power at random steps: no second digest is ever signed", async function () {
    const random = announced();
    for (let run = 0; run < 3000; run++) {
      const [disk, signatures] = [new FakeDisk(), new Signatures()];
      let left = random.below(24);
      const gate = async (): Promise<void> => {
        for (let turns = random.below(4); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
        if (left-- <= 0) throw new RangeError("the power is lost");
      };
      const digests = [A, B, random.pick([A, B, C])];
      await Promise.all(
        digests.map(async (digest) =>
          orRefused(onDisk(disk, gate).then((journal) => signatures.sign(journal, digest))),
        ),
      );
      disk.losePower(random.below(disk.unsynced + 1));
      for (const digest of [C, B, A]) await signUntilDone(disk, signatures, digest);
      expect(signatures.count, `run ${run}`).to.be.greaterThan(0);
    }
  });

  it("nothing is signed before its intent is on the disk, and nothing returned before its signature is", async function () {
    const disk = new FakeDisk();
    const journal = await onDisk(disk);
    const key = { guard: GUARD, scope: SCOPE, epoch: 1n, sequence: 1n };
    const textOf = (): string => Buffer.from(disk.bytes.slice(0, disk.synced)).toString();
    await journal.sign({ key, digest: A, floor: NO_FLOOR }, () => {
      expect(disk.unsynced).to.equal(0);
      expect(textOf())
        .to.match(/^\{"type":"intent",.*\}\n$/)
        .and.include(A);
      return Promise.resolve("0x5151");
    });
    expect(disk.unsynced).to.equal(0);
    expect(textOf()).to.match(/\n\{"type":"signature",.*"signature":"0x5151","check":"[\da-f]{16}"\}\n$/);
  });

  it("a disk that could not write is believed no more, and another instance writes the record again", async function () {
    const disk = new FakeDisk();
    const file = disk.file();
    let isFailing = true;
    const sync = (): Promise<void> => (isFailing ? Promise.reject(new RangeError("EIO")) : file.sync());
    const journal = new FileJournal({ file: { ...file, sync }, where: "a fake" });
    const signatures = new Signatures();
    await rejected("JOURNAL_UNUSABLE", signatures.sign(journal, A));
    isFailing = false;
    await rejected("JOURNAL_UNUSABLE", signatures.sign(journal, A));
    expect(signatures.count).to.equal(0);
    // The system shows the record, and the disk has lost it: only what is appended anew will be there.
    const before = disk.bytes.length;
    await signatures.sign(await onDisk(disk), A);
    expect(Buffer.from(disk.bytes.slice(before)).toString())
      .to.match(/^\{"type":"intent"/)
      .and.include(A);
  });

  it("a signer that is killed at any step, half a record written or none, never signs a second digest", async function () {
    const signed = join(directory, "signed");
    const [, whole] = await signer(path, signed, A, "Infinity");
    const steps = Number.parseInt(whole, 10);
    expect(steps).to.be.greaterThan(8);
    const halves = Array.from({ length: 2 * steps }, (_, i) => i / 2);
    let killed = 0;
    for (const step of halves) {
      const [file, list] = [join(directory, `journal-${step}`), join(directory, `signed-${step}`)];
      await createJournal(file);
      const [signal] = await signer(file, list, A, String(step));
      if (signal === "SIGKILL") killed++;
      const hadSigned = existsSync(list);
      const journal = await opened(file);
      const end = await orRefused(
        journal.sign({ key: KEY, digest: B, floor: NO_FLOOR }, () => {
          appendFileSync(list, `${B}\n`);
          return Promise.resolve("0x51");
        }),
      );
      if (hadSigned) expect(end, `step ${step}`).to.equal("ALREADY_SIGNED");
      const digests = existsSync(list) ? readFileSync(list, "utf8").trim().split("\n") : [];
      expect(new Set(digests).size, `step ${step}`).to.be.lessThan(2);
      // Whichever it is, it can be had.
      const [digest] = end === undefined ? [B] : [A];
      await journal.sign({ key: KEY, digest, floor: NO_FLOOR }, () => Promise.resolve("0x51"));
    }
    expect(killed).to.be.greaterThan(steps);
  });

  it("two processes at once: one digest is signed", async function () {
    for (let round = 0; round < 3; round++) {
      const [file, list] = [join(directory, `both-${round}`), join(directory, `signed-both-${round}`)];
      await createJournal(file);
      await Promise.all([A, B, C].map((digest) => signer(file, list, digest, "Infinity")));
      expect(readFileSync(list, "utf8").trim().split("\n"), `round ${round}`).to.have.length(1);
    }
  });

  // --- damage, and older copies ---

  it("a record that is damaged is refused, wherever it stands; a last line that is torn is not", async function () {
    const signatures = new Signatures();
    const journal = await opened();
    await signatures.sign(journal, A);
    await signatures.sign(journal, B, { sequence: 2n });
    const whole = readFileSync(path, "latin1");
    const lines = whole.split("\n").slice(0, -1);
    for (const [i, line] of lines.entries())
      for (const at of [0, 20, line.length - 3, line.length - 1]) {
        const bent = lines.with(i, `${line.slice(0, at)}~${line.slice(at + 1)}`);
        writeFileSync(path, `${bent.join("\n")}\n`, "latin1");
        const { details } = await rejected("JOURNAL_UNUSABLE", openJournal(path));
        expect(details.reason).to.equal(`line ${i + 1} of its records is damaged`);
      }
    // A line out of the middle that is whole, and is no record of ours.
    writeFileSync(path, `${lines[0]!.replace('"type"', ' "type"')}\n${lines[1]!}\n`);
    await rejected("JOURNAL_UNUSABLE", openJournal(path));
    for (const torn of ["{", lines[0]!, "\0\0\0", "#torn 00", `${lines[0]!}#torn 0011`]) {
      writeFileSync(path, `${whole}${torn}`);
      const again = await opened();
      await signatures.sign(again, C, { sequence: 3n });
      expect(await signatures.sign(await opened(), C, { sequence: 3n })).to.equal(signatures.of(C));
      await rejected("ALREADY_SIGNED", signatures.sign(await opened(), A, { sequence: 2n }));
    }
  });

  it("a mark of a torn line hides nothing else", async function () {
    const record = encodeRecord({ type: "intent", ...ENTRY, digest: A as never });
    writeFileSync(path, `${record.trimEnd()}#torn 0123456789abcdef\n`);
    await rejected("JOURNAL_UNUSABLE", openJournal(path));
  });

  it("of what stands in a file the first counts: of two digests, of two signatures, and of two places out of order", async function () {
    const intent = (sequence: bigint, digest: string): string =>
      encodeRecord({ type: "intent", ...ENTRY, sequence, digest: digest as never });
    const signature = (bytes: `0x${string}`): string =>
      encodeRecord({ type: "signature", ...ENTRY, sequence: 2n, digest: A as never, signature: bytes });
    writeFileSync(path, [intent(2n, A), intent(2n, B), intent(1n, C), signature("0x51"), signature("0x52")].join(""));
    const [journal, signatures] = [await opened(), new Signatures()];
    expect(await signatures.sign(journal, A, { sequence: 2n })).to.equal("0x51");
    await rejected("ALREADY_SIGNED", signatures.sign(journal, B, { sequence: 2n }));
    // Whoever appended it saw that it came too late, and did not sign.
    await rejected("SEQUENCE_PASSED", signatures.sign(journal, C, { sequence: 1n }));
    expect(signatures.count).to.equal(0);
  });

  it("a journal that is missing is not made anew, one that is there is not made again, and a directory is none", async function () {
    const missing = await rejected("JOURNAL_UNUSABLE", openJournal(join(directory, "other")));
    expect(missing.details.reason).to.match(/^there is no such file/);
    expect((await rejected("JOURNAL_UNUSABLE", createJournal(path))).details.reason).to.equal("there is one already");
    await rejected("JOURNAL_UNUSABLE", openJournal(directory));
    await rejected("JOURNAL_UNUSABLE", openJournal("/dev/null"));
    await rejected("INVALID_OPTION", openJournal(path, { create: true } as never));
  });

  it("a file that is moved, replaced or cut while it is open is refused", async function () {
    const signatures = new Signatures();
    const spoilers: [() => void, RegExp][] = [
      [() => renameSync(path, `${path}.1`), /^the file is gone$/],
      [
        () => {
          copyFileSync(path, `${path}.2`);
          renameSync(`${path}.2`, path);
        },
        /^another file is in its place$/,
      ],
      [() => truncateSync(path, 10), /^it has 10 bytes, and had \d+$/],
    ];
    for (const [spoil, reason] of spoilers) {
      rmSync(path, { force: true });
      await createJournal(path);
      const journal = await opened();
      await new Signatures().sign(journal, A);
      spoil();
      const { details } = await rejected("JOURNAL_UNUSABLE", signatures.sign(journal, B, { sequence: 2n }));
      expect(details.reason).to.match(reason);
    }
    expect(signatures.count).to.equal(0);
  });

  it("an older copy of the file: the floor refuses what was relayed, and alone does not know the rest", async function () {
    const before = new Signatures();
    const first = await opened();
    await before.sign(first, A);
    copyFileSync(path, `${path}.backup`);
    await before.sign(first, B, { sequence: 2n });
    copyFileSync(`${path}.backup`, `${path}.restored`);
    const restored = await opened(`${path}.restored`);
    const relayed = { epoch: 1n, sequence: 2n };
    await rejected("SEQUENCE_PASSED", before.sign(restored, C, { sequence: 2n }, relayed));
    // Signed and not relayed: what a counter is for, and a floor cannot see.
    const unseen = new Signatures();
    await unseen.sign(restored, C, { sequence: 2n }, { epoch: 1n, sequence: 1n });
  });

  it("an older copy of the file, and a second machine's, are refused by a counter that was not restored with it", async function () {
    const counter = fakeCounter();
    const signatures = new Signatures();
    const first = await opened(path, counter);
    await signatures.sign(first, A);
    copyFileSync(path, `${path}.backup`);
    const twin = await opened(`${path}.backup`, counter);
    await signatures.sign(first, B, { sequence: 2n });
    const { details } = await rejected("JOURNAL_UNUSABLE", signatures.sign(twin, C, { sequence: 2n }));
    expect(details.reason).to.match(/older copy/);
    // The genuine one goes on, also after a crash between the record and the counter.
    counter.fail = true;
    expect(await orRefused(signatures.sign(first, C, { sequence: 3n }))).to.equal("crashed");
    counter.fail = false;
    await signatures.sign(await opened(path, counter), C, { sequence: 3n });
    expect(signatures.count).to.equal(3);
  });

  it("a counter is never moved back by an instance that another overtook", async function () {
    const inner = fakeCounter();
    const [one, two] = [new Signatures(), new Signatures()];
    const second = await opened(path, inner);
    let overtake = (): Promise<unknown> => two.sign(second, B, { sequence: 2n });
    const first = await opened(path, {
      ...inner,
      read: async () => {
        const run = overtake;
        overtake = () => Promise.resolve();
        await run();
        return inner.read();
      },
    });
    await one.sign(first, A);
    expect(one.count + two.count).to.equal(2);
    expect(inner.marks.map((mark) => Number.parseInt(mark, 10))).to.deep.equal([2]);
  });

  it("two instances on one file share a counter", async function () {
    const counter = fakeCounter();
    const [one, two] = [await opened(path, counter), await opened(path, counter)];
    const signatures = new Signatures();
    for (let sequence = 1n; sequence <= 6n; sequence++)
      await signatures.sign(sequence % 2n === 0n ? one : two, A, { sequence });
    const ends = await Promise.all([one, two].map((each) => orRefused(signatures.sign(each, B, { sequence: 7n }))));
    expect(ends).to.deep.equal([undefined, undefined]);
  });
});

const ENTRY = { guard: GUARD, scope: SCOPE, epoch: 1n, sequence: 1n } as {
  guard: `0x${string}`;
  scope: `0x${string}`;
  epoch: bigint;
  sequence: bigint;
};
const KEY: JournalKey = ENTRY;

function fakeCounter(): JournalCounter & { fail: boolean; readonly marks: readonly string[] } {
  const marks: string[] = [];
  const counter = {
    fail: false,
    marks,
    read: () => Promise.resolve(marks.at(-1)),
    advance: ({ from, to }: { from: string | undefined; to: string }) => {
      if (counter.fail) return Promise.reject(new RangeError("the counter is away"));
      if (marks.at(-1) !== from) return Promise.resolve(false);
      marks.push(to);
      return Promise.resolve(true);
    },
  };
  return counter;
}

/** Runs a signer in a process of its own. Answers with the signal that ended it, and what it printed. */
function signer(...args: string[]): Promise<[NodeJS.Signals | null, string]> {
  const script = fileURLToPath(new URL("../../tools/ledger/signer.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", script, ...args], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { PATH: process.env["PATH"] },
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  return new Promise((resolve) => child.on("close", (_, signal) => resolve([signal, output])));
}
