import { expect } from "chai";
import type { BaseContract } from "ethers";
import { existsSync } from "node:fs";

import type { StateAnchor } from "../../src/anchor/anchor.js";
import { toBytes, toHex, toWord, type Hex } from "../../src/core/bytes.js";
import { MAX_HEADER_SIZE } from "../../src/header/fields.js";
import { decodeHeader, hashHeader } from "../../src/header/header.js";
import { encodeRlp } from "../../src/core/rlp.js";
import { BUILDS, compile, CONFIGURED } from "../../tools/compile.js";
import { SOURCES } from "../../tools/targets.js";
import { deployPure, type PureCall } from "../../tools/evm.js";
import {
  authenticateInSolidity,
  readInSolidity,
  readInTypeScript,
  READ_WORD,
  refusalsInSolidity,
  START_WORD,
  startInTypeScript,
  STATUS,
  word,
  deployReaders,
} from "../../tools/headerReaders.js";
import {
  headersWithOtherNumber,
  headersWithWrongMarker,
  headerWithItem,
  sampleFields,
  sampleHeader,
} from "../../tools/headers.js";
import { random, type Random } from "../../tools/random.js";
import { expectSame } from "../../tools/same.js";
import { needVectors, readHeaderVectors, VECTORS, type HeaderVectors } from "../../tools/vectors.js";

const bytes = (hex: string): Uint8Array => toBytes(hex, "test");
const hashOf = (rlp: Hex): Hex => hashHeader(rlp);
const OTHER: Hex = `0x${"77".repeat(32)}`;

describe("HeaderReader", function () {
  const source = random();
  const note = (rlp: Hex) => (): string => `${rlp.slice(0, 3_000)} (seed ${source.seed})`;
  let vectors: HeaderVectors | undefined;
  let honest: Expected[];
  let bounds: Expected[];
  let mutated: Expected[];

  before(async function () {
    vectors = existsSync(VECTORS) ? readHeaderVectors() : undefined;
    honest = readAll(vectors?.honest.map(({ rlp }) => rlp) ?? []);
    const bases = baseHeaders(vectors);
    bounds = readAll(boundaryHeaders());
    mutated = readAll(Array.from({ length: 2_000 }, () => mutate(source, source.pick(bases))));
    console.log(`    seed ${source.seed}: ${mutated.length} mutated headers, ${soundOnes(mutated)} still sound`);
    console.log(`    ${bounds.length} headers at the bounds, ${soundOnes(bounds)} of them sound`);
    expect(soundOnes(mutated)).to.be.within(100, 1_000);
    expect(soundOnes(bounds)).to.be.within(100, bounds.length / 2);
    await Promise.all(BUILDS.map((build) => compile(SOURCES.headers, build))); // side by side, and only where not in the cache
  });

  for (const build of BUILDS) {
    describe(build.name, function () {
      // All of everything under the build with the most aggressive optimizer, a part under the others: they share the source.
      const every = build.viaIR ? 1 : 5;
      const part = <T>(items: readonly T[]): T[] => items.filter((_, i) => i % every === 0);
      let harness: BaseContract;
      let call: PureCall;

      before(async function () {
        ({ harness, call } = await deployReaders(build));
      });

      describe("the vectors", function () {
        let known: HeaderVectors;

        before(function () {
          needVectors(this);
          known = vectors!;
        });

        it("H3: reads every honest header as its vector says, strictly and under its hash", async function () {
          const cases = part(known.honest.map((vector, i) => ({ ...vector, ...honest[i]! })));
          const headers = cases.map(({ rlp }) => rlp);
          const readings = await readInSolidity(call, "readAll", headers);
          const starts = await authenticateInSolidity(call, "authenticateAll", headers);
          for (const [i, vector] of cases.entries()) {
            const { id, hash, fields, number, parentHash, stateRoot, timestamp } = vector;
            const reading = readings[i]!;
            const start = starts[i]!;
            expectSame(reading, vector.reading, () => id);
            expectSame(start, vector.start, () => id);
            expectSame(word(reading, READ_WORD.status), STATUS.Ok, () => id);
            expectSame(word(start, START_WORD.status), STATUS.Ok, () => id);
            const facts: [words: string, index: number, value: Hex | number | undefined][] = [
              [start, START_WORD.actual, hash],
              [start, START_WORD.number, number],
              [start, START_WORD.stateRoot, stateRoot],
              [reading, READ_WORD.fieldCount, fields],
              [reading, READ_WORD.number, number],
              [reading, READ_WORD.parentHash, parentHash],
              [reading, READ_WORD.stateRoot, stateRoot],
              [reading, READ_WORD.timestamp, timestamp],
            ];
            for (const [words, index, value] of facts) {
              if (value !== undefined) expectSame(word(words, index), BigInt(value), () => id);
            }
          }
          console.log(`        ${headers.length} honest headers`);
        });

        it("H5, H7: refuses every malformed header, where TypeScript does", async function () {
          const headers = known.malformed.map(({ rlp }) => rlp);
          const slices = known.malformed.flatMap(({ slice }) => (slice === undefined ? [] : [slice]));
          const readings = await readInSolidity(call, "readAll", [...headers, ...slices]);
          for (const [i, rlp] of [...headers, ...slices].entries()) {
            if (i < headers.length) expectSame(word(readings[i]!, READ_WORD.status), STATUS.Malformed, note(rlp));
            expectSame(readings[i], readInTypeScript(rlp), note(rlp));
          }
          console.log(`        ${headers.length} malformed headers, ${slices.length} slices of malformed blocks`);
        });

        it("H1, H20: refuses every header under another hash, malformed or not, and says what its hash is", async function () {
          const all = part([...known.honest, ...known.malformed]).map(({ rlp }) => rlp);
          const starts = await authenticateInSolidity(call, "authenticateAll", all, () => OTHER);
          for (const [i, rlp] of all.entries()) {
            expectSame(word(starts[i]!, START_WORD.status), STATUS.HashMismatch, note(rlp));
            expectSame(word(starts[i]!, START_WORD.actual), BigInt(hashOf(rlp)), note(rlp));
            expectSame(word(starts[i]!, START_WORD.number) + word(starts[i]!, START_WORD.stateRoot), 0n, note(rlp));
          }
          console.log(`        ${all.length} headers under another hash`);
        });

        it("H2, H9: refuses a sibling's, a neighbour's and another chain's header for an anchor", async function () {
          const chains = known.honest.filter(({ file }) => file.startsWith("real/") || file.startsWith("bc-reorg"));
          for (let i = 1; i < chains.length; i += 40) {
            const [ours, other] = [chains[i - 1]!, chains[i]!];
            const { number, stateRoot } = decodeHeader(ours.rlp);
            const anchor = { number, hash: hashOf(ours.rlp), stateRoot };
            await expect(harness.getFunction("verifyStateAnchor")(other.rlp, anchor))
              .to.be.revertedWithCustomError(harness, "HeaderHashMismatch")
              .withArgs(number, anchor.hash, hashOf(other.rlp));
            await harness.getFunction("verifyStateAnchor")(ours.rlp, anchor);
          }
        });
      });

      describe("the errors", function () {
        const rlp = sampleHeader(21);
        const anchor = { number: 0x1400000n, hash: hashOf(rlp), stateRoot: `0x${"14".repeat(32)}` };
        const verify = (header: Hex, claimed: object): Promise<unknown> =>
          harness.getFunction("verifyStateAnchor")(header, claimed) as Promise<unknown>;
        const authenticate = (header: Hex, number: bigint, hash: Hex): Promise<unknown> =>
          harness.getFunction("authenticate")(header, number, hash) as Promise<unknown>;

        it("passes an anchor and a header that agree, and returns the state root", async function () {
          await verify(rlp, anchor);
          expect(await authenticate(rlp, anchor.number, anchor.hash)).to.equal(anchor.stateRoot);
          const { fieldCount } = (await harness.getFunction("read")(rlp)) as { fieldCount: bigint };
          expect(fieldCount).to.equal(21n);
        });

        it("H1: HeaderHashMismatch carries the number, the claim and the hash of the bytes", async function () {
          for (const call of [
            () => verify(rlp, { ...anchor, hash: OTHER }),
            () => authenticate(rlp, anchor.number, OTHER),
          ]) {
            await expect(call())
              .to.be.revertedWithCustomError(harness, "HeaderHashMismatch")
              .withArgs(anchor.number, OTHER, anchor.hash);
          }
          await expect(authenticate("0x", 5n, OTHER))
            .to.be.revertedWithCustomError(harness, "HeaderHashMismatch")
            .withArgs(5n, OTHER, hashOf("0x"));
        });

        it("SG-2: a zero hash matches nothing", async function () {
          const zero: Hex = `0x${"00".repeat(32)}`;
          for (const header of [rlp, "0x"] as const) {
            await expect(authenticate(header, anchor.number, zero)).to.be.revertedWithCustomError(
              harness,
              "HeaderHashMismatch",
            );
          }
        });

        it("H2: HeaderNumberMismatch carries both numbers", async function () {
          for (const call of [() => verify(rlp, { ...anchor, number: 7n }), () => authenticate(rlp, 7n, anchor.hash)]) {
            await expect(call())
              .to.be.revertedWithCustomError(harness, "HeaderNumberMismatch")
              .withArgs(7n, anchor.number);
          }
        });

        it("StateRootMismatch carries the number and both roots", async function () {
          await expect(verify(rlp, { ...anchor, stateRoot: OTHER }))
            .to.be.revertedWithCustomError(harness, "StateRootMismatch")
            .withArgs(anchor.number, OTHER, anchor.stateRoot);
        });

        it("H5: HeaderMalformed carries the position, under the right hash too", async function () {
          const cases: [Hex, number][] = [
            [sampleHeader(21, { 3: new Uint8Array(33) }), 3],
            [sampleHeader(21, { 8: Uint8Array.of(0) }), 8],
            [sampleHeader(21, { 8: new Uint8Array(9).fill(1) }), 8],
            ["0x", 255],
          ];
          for (const [header, field] of cases) {
            const hash = hashOf(header);
            for (const call of [
              () => verify(header, { ...anchor, hash }),
              () => authenticate(header, anchor.number, hash),
            ]) {
              await expect(call()).to.be.revertedWithCustomError(harness, "HeaderMalformed").withArgs(field);
            }
            await expect(harness.getFunction("read")(header))
              .to.be.revertedWithCustomError(harness, "HeaderMalformed")
              .withArgs(field);
          }
        });

        it("H5: one wrong bit before the state root and the number is the field's, under the hash that it gives", async function () {
          const cases = headersWithWrongMarker();
          const starts = await authenticateInSolidity(
            call,
            "authenticateAll",
            cases.map((it) => it.rlp),
          );
          for (const [i, { title, rlp: header, field }] of cases.entries()) {
            expect(word(starts[i]!, START_WORD.status), title).to.equal(STATUS.Malformed);
            expect(word(starts[i]!, START_WORD.actual), title).to.equal(BigInt(field));
            if (i % 8 !== 0) continue; // a call for every marker is enough for the shells
            const hash = hashOf(header);
            for (const call of [
              () => verify(header, { ...anchor, hash }),
              () => authenticate(header, anchor.number, hash),
            ]) {
              await expect(call(), title).to.be.revertedWithCustomError(harness, "HeaderMalformed").withArgs(field);
            }
          }
        });

        it("H3, H5: a difficulty and a number of any first bytes are read, or refused, as TypeScript does", async function () {
          const expected = readAll(headersWithOtherNumber());
          const refused = expected.filter(({ start }) => word(start, START_WORD.status) === STATUS.Malformed);
          expect(refused.length).to.be.within(200, expected.length - 200);
          await expectAgreement(expected);
        });

        it("the total functions return what the shells revert with", async function () {
          const attempt = async (claimed: object): Promise<unknown> => [
            ...((await harness.getFunction("tryVerifyStateAnchor")(rlp, claimed)) as Iterable<unknown>),
          ];
          expect(await attempt(anchor)).to.deep.equal([0n, anchor.stateRoot]);
          expect(await attempt({ ...anchor, hash: OTHER })).to.deep.equal([1n, anchor.hash]);
          expect(await attempt({ ...anchor, number: 7n })).to.deep.equal([3n, `0x${"1400000".padStart(64, "0")}`]);
          expect(await attempt({ ...anchor, stateRoot: OTHER })).to.deep.equal([4n, anchor.stateRoot]);
        });
      });

      it("H3, H5, H6, H7: reads made-up headers at every bound as TypeScript and the reference do", async function () {
        await expectAgreement(part(bounds));
      });

      it("R1, R2, R3, R4, R5, R7, R9, H5: agrees with TypeScript and the reference on mutated headers: verdict, position and values", async function () {
        await expectAgreement(part(mutated));
      });

      it("H2, H5: the shell accepts what is sound and agrees, and reverts with the position where it is not", async function () {
        const anchorOf = ({ rlp, start }: Expected): StateAnchor => ({
          number: word(start, START_WORD.number),
          hash: hashOf(rlp),
          stateRoot: toWord(word(start, START_WORD.stateRoot)),
        });
        const cases = part([...bounds, ...mutated].filter(({ rlp }) => rlp.length < 4_000));
        const headers = cases.map(({ rlp }) => rlp);
        const anchors = new Map(cases.map((it) => [it.rlp, anchorOf(it)]));
        const refusals = await refusalsInSolidity(call, "verifyAll", headers, (rlp) => anchors.get(rlp)!);
        for (const [i, { rlp, start }] of cases.entries()) {
          const malformed = word(start, START_WORD.status) === STATUS.Malformed;
          const field = word(start, START_WORD.actual);
          const expected = malformed ? harness.interface.encodeErrorResult("HeaderMalformed", [field]) : "0x";
          expectSame(refusals[i], expected, note(rlp));
        }
      });

      async function expectAgreement(expected: readonly Expected[]): Promise<void> {
        const headers = expected.map(({ rlp }) => rlp);
        const strict = await readInSolidity(call, "readAll", headers);
        const fast = await authenticateInSolidity(call, "authenticateAll", headers);
        for (const [i, { rlp, reading, start }] of expected.entries()) {
          expectSame(strict[i], reading, note(rlp));
          expectSame(fast[i], start, note(rlp));
        }
      }
    });
  }

  it("the reference agrees with TypeScript on all of these, and a sound header has one number and one root", async function () {
    const { HeaderReaderHarness } = await compile(SOURCES.headers, CONFIGURED);
    const call = await deployPure(HeaderReaderHarness!);
    const expected = [...bounds, ...mutated];
    const headers = expected.map(({ rlp }) => rlp);
    const strict = await readInSolidity(call, "readAllByReference", headers);
    const fast = await authenticateInSolidity(call, "authenticateAllByReference", headers);
    for (const [i, { rlp, reading, start }] of expected.entries()) {
      expectSame(strict[i], reading, note(rlp));
      expectSame(fast[i], start, note(rlp));
      if (word(reading, READ_WORD.status) !== STATUS.Ok) continue;
      expectSame(word(start, START_WORD.status), STATUS.Ok, note(rlp));
      expectSame(word(start, START_WORD.number), word(reading, READ_WORD.number), note(rlp));
      expectSame(word(start, START_WORD.stateRoot), word(reading, READ_WORD.stateRoot), note(rlp));
    }
  });
});

/** A header, and what TypeScript makes of it. */
interface Expected {
  rlp: Hex;
  reading: string;
  start: string;
}

function readAll(headers: readonly Hex[]): Expected[] {
  return headers.map((rlp) => ({ rlp, reading: readInTypeScript(rlp), start: startInTypeScript(rlp) }));
}

function soundOnes(expected: readonly Expected[]): number {
  return expected.filter(({ reading }) => word(reading, READ_WORD.status) === STATUS.Ok).length;
}

/** Real headers of every kind where the vectors are there, and made-up ones of every fork. */
function baseHeaders(vectors: HeaderVectors | undefined): Hex[] {
  const bases = [15, 16, 17, 20, 21, 23].map((fields) => sampleHeader(fields));
  bases.push(
    sampleHeader(16, { 7: new Uint8Array(5).fill(9), 13: Uint8Array.of(9, 9), 14: new Uint8Array(65).fill(3) }),
  );
  const real = (vectors?.honest ?? []).filter(({ file }) => file.startsWith("real/"));
  return [...bases, ...real.map(({ rlp }) => rlp)];
}

/** Encodings that are not canonical, and their canonical neighbours. */
const ENCODINGS = [
  ...["00", "01", "7f", "80", "8100", "8101", "817f", "8180", "820000", "82007f", "820080", "bf", "c0", "c101", "ff"],
  ...[`b801${"aa"}`, `b820${"aa".repeat(32)}`, `b837${"aa".repeat(55)}`, `b838${"aa".repeat(56)}`],
  ...[
    `b90020${"aa".repeat(32)}`,
    `b900ff${"aa".repeat(255)}`,
    `b90100${"aa".repeat(256)}`,
    `ba000100${"aa".repeat(256)}`,
  ],
  ...[
    `b8ff${"aa".repeat(255)}`,
    `f820${"aa".repeat(32)}`,
    `e0${"aa".repeat(32)}`,
    "b8",
    "b9",
    "b900",
    "b9ffff",
    "b8ff",
  ],
];

/** Every field at and beyond its bounds, in one header each. */
function boundaryHeaders(): Hex[] {
  const headers: Hex[] = ["0x", "0xc0", "0xf9", "0xf90000", `0xf90000${"00".repeat(600)}`];
  const integer = (length: number, first: number): Uint8Array => {
    const value = new Uint8Array(length).fill(0xee);
    if (length > 0) value[0] = first;
    return value;
  };
  for (const count of [14, 15, 16, 17, 18, 19, 20, 21, 22, 23]) headers.push(sampleHeader(count));
  for (const extra of [1, 2, 9, 10, 11]) {
    headers.push(toHex(encodeRlp([...sampleFields(23), ...Array.from({ length: extra }, () => new Uint8Array(60))])));
  }
  for (let field = 0; field < 23; field++) {
    for (const length of [0, 1, 7, 8, 9, 20, 21, 31, 32, 33, 55, 56, 65, 255, 256, 257]) {
      for (const first of [0x00, 0x01, 0x7f, 0x80, 0xff])
        headers.push(sampleHeader(23, { [field]: integer(length, first) }));
    }
    const items: (Uint8Array | Uint8Array[])[] = sampleFields(23);
    items[field] = [];
    headers.push(toHex(encodeRlp(items)));
  }
  for (let field = 0; field < 23; field++) {
    for (const item of ENCODINGS) headers.push(headerWithItem(23, field, bytes(`0x${item}`)));
  }
  // numbers behind difficulties of every length
  for (let difficulty = 0; difficulty <= 34; difficulty++) {
    for (const number of [[], [1], [0x7f], [0x80], [1, 0], [0, 1], new Array<number>(8).fill(0xff)]) {
      headers.push(sampleHeader(15, { 7: integer(difficulty, 0x81), 8: Uint8Array.from(number) }));
    }
  }
  // AuRa's seal, at its bounds
  for (const step of [0, 1, 8, 9]) {
    for (const seal of [8, 64, 65, 66]) {
      const replaced = { 12: new Uint8Array(64), 13: integer(step, 1), 14: new Uint8Array(seal) };
      headers.push(sampleHeader(15, replaced), sampleHeader(17, replaced));
    }
  }
  // a three-byte length whose bytes, taken for a prefix of f9 and a two-byte length, would add up
  const long = bytes(sampleHeader(21, { 12: new Uint8Array(64_900) }));
  const carried = new Uint8Array(0x10000 + 3 + 0x123);
  carried.set(long);
  carried.set([0xfa, 0x01, 0x23]);
  headers.push(toHex(carried));
  // the size, at its bounds
  const size = bytes(sampleHeader(21)).length;
  for (const length of [MAX_HEADER_SIZE - size + 11, MAX_HEADER_SIZE - size + 12]) {
    for (let slack = -2; slack <= 2; slack++) headers.push(sampleHeader(21, { 12: new Uint8Array(length + slack) }));
  }
  return headers;
}

/**
 * One to three changes to bytes or to fields. The list's length is mended more often than not, or little else would be
 * found.
 */
function mutate(source: Random, rlp: Hex): Hex {
  let mutated = bytes(rlp);
  for (let changes = 1 + source.below(3); changes > 0; changes--) {
    mutated = source.below(3) === 0 ? mutateField(source, mutated) : mutateByte(source, mutated);
  }
  return toHex(mutated);
}

const INTERESTING = [
  0x00, 0x01, 0x7f, 0x80, 0x81, 0x88, 0x89, 0x94, 0xa0, 0xa1, 0xb7, 0xb8, 0xb9, 0xc0, 0xf8, 0xf9, 0xff,
];

function mutateByte(source: Random, rlp: Uint8Array): Uint8Array {
  // the places where prefixes stand, as often as any other
  const prefixes = [0, 1, 2, 3, 36, 69, 90, 123, 156, 189, 190, 191, 448, 449, 450, 451, 452, 453];
  const at = Math.min(source.below(2) === 0 ? source.pick(prefixes) : source.below(rlp.length), rlp.length - 1);
  const value = source.below(2) === 0 ? source.pick(INTERESTING) : source.below(256);
  const bytesOf = [...rlp];
  const kind = source.below(4);
  if (kind <= 1) bytesOf[at] = value;
  else if (kind === 2) bytesOf.splice(at, 0, value);
  else bytesOf.splice(at, 1 + source.below(2));
  const result = Uint8Array.from(bytesOf);
  if (source.below(4) > 0 && result.length > 3) {
    result[1] = ((result.length - 3) >> 8) & 0xff;
    result[2] = (result.length - 3) & 0xff;
  }
  return result;
}

function mutateField(source: Random, rlp: Uint8Array): Uint8Array {
  let fields: Uint8Array[];
  try {
    fields = decodeHeader(toHex(rlp)).fields.map(bytes);
  } catch {
    return mutateByte(source, rlp); // an earlier change left no fields to speak of
  }
  const field = source.below(fields.length);
  const kind = source.below(5);
  if (kind === 0) fields.splice(field, 1);
  else if (kind === 1) fields.splice(field, 0, fields[source.below(fields.length)]!);
  else if (kind === 2) fields.push(source.bytes(source.below(40)));
  else if (kind === 3) fields[field] = source.bytes(fields[field]!.length);
  else fields[field] = source.bytes(source.pick([0, 1, 8, 9, 20, 32, 33, 65]));
  return encodeRlp(fields);
}
