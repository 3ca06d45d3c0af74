import { expect } from "chai";
import { encodeRlp as ethersRlp, type BaseContract } from "ethers";
import { network } from "hardhat";

import { verifyStateAnchor, type StateAnchor } from "../../src/anchor/anchor.js";
import { toBytes, toHex, toWord, type Hex } from "../../src/core/bytes.js";
import { typescriptEngine, type Engine } from "../../packages/cli/src/engine.js";
import { evmEngine } from "../../packages/cli/src/evmEngine.js";
import { SettlementGuardError } from "../../src/core/errors.js";
import { MAX_HEADER_SIZE } from "../../src/header/fields.js";
import { headerFromRpc } from "../../src/header/fromRpc.js";
import { decodeHeader, hashHeader, readHeader } from "../../src/header/header.js";
import { BUILDS } from "../../tools/compile.js";
import type { PureCall } from "../../tools/evm.js";
import {
  authenticateInSolidity,
  namedFields,
  readInSolidity,
  readInTypeScript,
  READ_WORD,
  refusalsInSolidity,
  START_WORD,
  startInTypeScript,
  STATUS,
  word,
  type Words,
  deployReaders,
} from "../../tools/headerReaders.js";
import { headerWithItem, rpcBlock, sampleFields, sampleHeader } from "../../tools/headers.js";
import { announced, type Random } from "../../tools/random.js";
import { expectSame } from "../../tools/same.js";

const NUMBER = 0x1400000n;
const ROOT: Hex = `0x${"14".repeat(32)}`;
const bytes = (hex: string): Uint8Array => toBytes(hex, "test");
const hashOf = (rlp: Hex): Hex => hashHeader(rlp);
const filled = (length: number): Uint8Array => new Uint8Array(length).fill(0xab);

/**
 * A header and what is to become of it. `hashed` is for the readers that compare its hash first, `strict` for the
 * others. What is read says how many fields there are and how many have a name. What is refused says the position of
 * the field.
 */
interface Row {
  title: string;
  rlp: Hex;
  hashed: "read" | number;
  strict: readonly [fields: number, named: number] | number;
}

/** The widths of fields that chains append, and those around RLP's bounds. */
const WIDTHS = [0, 1, 8, 20, 32, 33, 48, 55, 56, 96, 255, 256];

/** Items that are no canonical byte string. */
const NOT_CANONICAL = {
  "a list": "c0",
  "a list of a field": "e1a0" + "ab".repeat(32),
  "a long list": "f838" + "ab".repeat(56),
  "a byte with a prefix": "8105",
  "the long form of a short string": "b820" + "ab".repeat(32),
  "a length with a leading zero": "b90038" + "ab".repeat(56),
  "a length of three bytes": "ba000100" + "ab".repeat(256),
  "a length beyond the header": "b9ffff" + "ab".repeat(40),
};

const ROWS: readonly Row[] = [
  ...Array.from({ length: 19 }, (_, i) => fieldCount(15 + i)),
  ...WIDTHS.flatMap(laterFields),
  ...[21, 22, 23, 31].flatMap(brokenLaterField),
  ...brokenBehindTheNumber(),
  ...brokenBeforeIt(),
  ...seals(),
  ...sizes(),
];

/**
 * 15 to 33 fields. They are of a fork, between two forks, or of forks to come. The most are too many for those who do
 * not know the hash.
 */
function fieldCount(count: number): Row {
  const fields = [...sampleFields(count), ...new Array<Uint8Array>(Math.max(0, count - 23)).fill(filled(40))];
  const named = count >= 23 ? 23 : Math.min(count, 21);
  const refused = count === 18 || count === 19 ? count : count > 32 ? 32 : undefined;
  return { title: `${count} fields`, rlp: encoded(fields), hashed: "read", strict: refused ?? [count, named] };
}

/**
 * One field of a width behind each fork's last, and pairs of them behind Prague's. Two of Amsterdam's shapes have its
 * names.
 */
function laterFields(width: number): Row[] {
  const later = filled(width);
  const row = (title: string, fields: Uint8Array[], strict: Row["strict"]): Row => ({
    title: `${title} ${width} bytes`,
    rlp: encoded(fields),
    hashed: "read",
    strict,
  });
  return [
    row("London and", [...sampleFields(16), later], width === 32 ? [17, 17] : 16),
    row("Shanghai and", [...sampleFields(17), later], width <= 8 ? 18 : 17),
    row("Cancun and", [...sampleFields(20), later], width === 32 ? [21, 21] : 20),
    row("Prague and", [...sampleFields(21), later], [22, 21]),
    row("Amsterdam and", [...sampleFields(23), later], [24, 23]),
    ...WIDTHS.map((second) =>
      row(
        `Prague, ${second} and`,
        [...sampleFields(21), filled(second), later],
        [23, second === 32 && width <= 8 ? 23 : 21],
      ),
    ),
    row("Prague, 32 bytes, a leading zero and", [...sampleFields(21), filled(32), Uint8Array.of(0), later], [24, 21]),
  ];
}

function brokenLaterField(at: number): Row[] {
  return Object.entries(NOT_CANONICAL).map(([title, item]) => ({
    title: `${title} at ${at}`,
    rlp: withItems([...sampleFields(23), ...new Array<Uint8Array>(at).fill(filled(3))].slice(0, at), item, at % 2),
    hashed: "read",
    strict: at,
  }));
}

function brokenBehindTheNumber(): Row[] {
  const row = (title: string, at: number, rlp: Hex): Row => ({
    title: `${title} at ${at}`,
    rlp,
    hashed: "read",
    strict: at,
  });
  return [
    ...[9, 12, 13, 20].flatMap((at) =>
      Object.entries(NOT_CANONICAL).map(([title, item]) => row(title, at, headerWithItem(21, at, bytes(`0x${item}`)))),
    ),
    ...[9, 10, 11, 17, 18].map((at) => row("an integer of 9 bytes", at, sampleHeader(23, { [at]: filled(9) }))),
    row("an integer with a leading zero", 11, sampleHeader(21, { 11: Uint8Array.of(0, 1) })),
    row("a nonce of 7 bytes", 14, sampleHeader(21, { 14: filled(7) })),
    row("nothing", 14, sampleHeader(14)),
  ];
}

/**
 * What no reader may pass over, whatever the hash. Those are the bytes that decide where the number and the state root
 * lie.
 */
function brokenBeforeIt(): Row[] {
  const row = (title: string, at: number, rlp: Hex): Row => ({
    title: `${title} at ${at}`,
    rlp,
    hashed: at,
    strict: at,
  });
  return [
    ...[0, 2, 3, 7, 8].flatMap((at) =>
      Object.entries(NOT_CANONICAL).map(([title, item]) => row(title, at, headerWithItem(23, at, bytes(`0x${item}`)))),
    ),
    row("a list", 6, headerWithItem(23, 6, bytes(`0xf90100${"ab".repeat(256)}`))),
    row("a number of 9 bytes", 8, sampleHeader(21, { 8: filled(9) })),
    row("a number with a leading zero", 8, sampleHeader(21, { 8: Uint8Array.of(0, 1) })),
    row("a difficulty of 33 bytes", 7, sampleHeader(21, { 7: filled(33) })),
    row("a state root of 31 bytes", 3, sampleHeader(21, { 3: filled(31) })),
    row("a state root of 48 bytes", 3, sampleHeader(21, { 3: filled(48) })),
    row("a byte behind the list", 255, `${sampleHeader(22)}00`),
    row("a list that is cut short", 255, sampleHeader(22).slice(0, -2) as Hex),
  ];
}

function seals(): Row[] {
  const aura = (count: number, step: number, seal: number): Hex =>
    sampleHeader(count, { 13: filled(step), 14: filled(seal) });
  const row = (title: string, rlp: Hex, strict: Row["strict"]): Row => ({ title, rlp, hashed: "read", strict });
  return [
    row("AuRa's seal, Frontier", aura(15, 4, 65), [15, 15]),
    row("AuRa's seal, London", aura(16, 0, 65), [16, 16]),
    row("AuRa's seal, Prague and one", encoded([...decoded(aura(21, 4, 65)), filled(48)]), [22, 21]),
    row("AuRa's seal, Amsterdam", aura(23, 8, 65), [23, 23]),
    row("AuRa's step of 9 bytes", aura(15, 9, 65), 13),
    row("AuRa's step, a signature of 64 bytes", aura(17, 4, 64), 14),
  ];
}

/** Headers at and beyond the window of sizes, the shortest and with enormous extra data. */
function sizes(): Row[] {
  const shortest = sampleFields(15).map((field, i) => (i >= 7 && i <= 12 && i !== 8 ? new Uint8Array() : field));
  shortest[2] = filled(20);
  const rest = bytes(sampleHeader(21, { 12: new Uint8Array(60_000) })).length - 60_000;
  const long = (size: number): Hex => sampleHeader(21, { 12: new Uint8Array(size - rest) });
  const row = (title: string, rlp: Hex, hashed: Row["hashed"], strict: Row["strict"]): Row => {
    return { title, rlp, hashed, strict };
  };
  return [
    row("the shortest with this number", encoded(shortest), "read", [15, 15]),
    row("496 bytes, a nonce of 4", encoded(shortest.with(14, filled(4))), "read", 14),
    row("495 bytes, a nonce of 3", encoded(shortest.with(14, filled(3))), 255, 255),
    row("65,538 bytes", long(MAX_HEADER_SIZE), "read", [21, 21]),
    row("65,539 bytes", long(MAX_HEADER_SIZE + 1), 255, 255),
  ];
}

describe("Readers of headers", function () {
  const source = announced();
  const random = Array.from({ length: 1_500 }, () => randomHeader(source));
  let engine: Engine;

  before(async function () {
    engine = await evmEngine();
  });

  it("H3: under a hash all in TypeScript and on the command line give the one answer, whatever follows the number", async function () {
    for (const { title, rlp, hashed } of ROWS) {
      const answer = hashed === "read" ? `${NUMBER} ${ROOT}` : `malformed ${hashed}`;
      expect(startAnswer(startInTypeScript(rlp)), title).to.equal(answer);
      expect(readAnswer(rlp), title).to.equal(answer);
      expect(anchorAnswer(rlp), title).to.equal(answer);
      expect(await engineAnswer(typescriptEngine, rlp), title).to.equal(answer);
      expect(await engineAnswer(engine, rlp), title).to.equal(answer);
    }
    console.log(`      ${ROWS.length} headers`);
  });

  it("H3: without one, TypeScript reads what is sound to Prague's last field, and names later ones by Amsterdam's shapes", function () {
    for (const { title, rlp, strict } of ROWS) expect(strictAnswer(readInTypeScript(rlp)), title).to.deep.equal(strict);
  });

  it("H3: names what TypeScript can read, and keeps every field raw", function () {
    for (const { title, rlp, hashed, strict } of ROWS) {
      if (hashed !== "read") continue;
      const header = readHeader(rlp, hashOf(rlp));
      if (typeof strict === "number") {
        const sound = strict >= 21 ? [21, 23] : [strict >= 15 ? 15 : 9];
        expect(namedFields(header), title).to.be.oneOf(sound);
      } else {
        expect(header, title).to.deep.equal({ ...decodeHeader(rlp), hash: hashOf(rlp), rlp });
        expect(ethersRlp([...header.fields]), title).to.equal(rlp);
      }
    }
    const berachain = encoded([...sampleFields(21), filled(48)]);
    const header = readHeader(berachain, hashOf(berachain));
    expect([header.requestsHash, header.blockAccessListHash, header.fields[21]]).to.deep.equal([
      ...[toHex(new Uint8Array(32).fill(0x20)), undefined, toHex(filled(48))],
    ]);
    const halfway = encoded([...sampleFields(17), filled(48)]);
    expect(readHeader(halfway, hashOf(halfway)).fields).to.have.lengthOf(18);
  });

  for (const build of BUILDS) {
    describe(build.name, function () {
      let harness: BaseContract;
      let call: PureCall;

      before(async function () {
        ({ harness, call } = await deployReaders(build));
      });

      const headers = ROWS.map(({ rlp }) => rlp);

      for (const method of ["authenticateAll", "authenticateAllByReference"] as const) {
        it(`H3: under a hash ${method} gives the one answer`, async function () {
          const answers = (await authenticateInSolidity(call, method, headers)).map(startAnswer);
          for (const [i, { title, hashed }] of ROWS.entries())
            expect(answers[i], title).to.equal(hashed === "read" ? `${NUMBER} ${ROOT}` : `malformed ${hashed}`);
        });
      }

      for (const method of ["readAll", "readAllByReference"] as const) {
        it(`H3: without one ${method} does as TypeScript does`, async function () {
          const answers = (await readInSolidity(call, method, headers)).map(strictAnswer);
          for (const [i, { title, strict }] of ROWS.entries()) expect(answers[i], title).to.deep.equal(strict);
        });
      }

      it("H3, H18: anchors, their previews and walks accept what is read under a hash, and nothing else", async function () {
        const anchorOf = (rlp: Hex): StateAnchor => ({ number: NUMBER, hash: hashOf(rlp), stateRoot: ROOT });
        const verified = await refusalsInSolidity(call, "verifyAll", headers, anchorOf);
        const previewed = await refusalsInSolidity(call, "failuresOf", headers, anchorOf);
        for (const [i, { title, rlp, hashed }] of ROWS.entries()) {
          const expected =
            hashed === "read" ? "0x" : harness.interface.encodeErrorResult("HeaderMalformed", [BigInt(hashed)]);
          expect([verified[i], previewed[i]], title).to.deep.equal([expected, expected]);
          const hash = hashOf(rlp);
          const walk = harness.getFunction("ancestor").staticCall(NUMBER, hash, 0n, [rlp]);
          if (hashed === "read") expect([...((await walk) as string[])], title).to.deep.equal([hash, ROOT]);
          else await expect(walk, title).to.be.revertedWithCustomError(harness, "HeaderMalformed").withArgs(hashed);
        }
      });

      it("H3, H5: every two agree about random headers: verdict, position and values", async function () {
        const starts = await authenticateInSolidity(call, "authenticateAll", random);
        const readings = await readInSolidity(call, "readAll", random);
        // The reference takes four times as long, and is no part of what is built in each of these ways.
        if (build === BUILDS[0]) {
          const byReference = {
            starts: await authenticateInSolidity(call, "authenticateAllByReference", random),
            readings: await readInSolidity(call, "readAllByReference", random),
          };
          expect(byReference).to.deep.equal({ starts, readings });
        }
        for (const [i, rlp] of random.entries()) {
          const note = (): string => `${rlp} (seed ${source.seed})`;
          const answer = startAnswer(starts[i]!);
          expectSame(startInTypeScript(rlp), starts[i]!, note);
          expectSame(readInTypeScript(rlp), readings[i]!, note);
          expectSame(readAnswer(rlp), answer, note);
          if (i % 10 === 0) expectSame(await engineAnswer(engine, rlp), answer, note);
        }
        const read = starts.filter((words) => word(words, START_WORD.status) === STATUS.Ok).length;
        const strictly = readings.filter((words) => word(words, READ_WORD.status) === STATUS.Ok).length;
        console.log(`        ${random.length} headers, ${read} read under their hash, ${strictly} without`);
        expect(read).to.be.within(700, 1_450);
        expect(strictly).to.be.within(200, read - 200);
      });
    });
  }

  it("H18: a walk reads headers with later fields, as each one's child names it", async function () {
    const { ethers } = await network.create();
    const harness = await ethers.deployContract("HeaderReaderHarness");
    const chain: Hex[] = [];
    for (const [i, width] of [48, 0, 96].entries()) {
      const parent = chain[0] === undefined ? filled(32) : bytes(hashOf(chain[0]));
      const fields = sampleFields(21)
        .with(0, parent)
        .with(8, Uint8Array.of(0x41 + i));
      chain.unshift(encoded([...fields, filled(width)]));
    }
    const [, , first] = chain;
    expect(await harness.ancestor(0x43n, hashOf(chain[0]!), 2n, chain)).to.deep.equal([hashOf(first!), ROOT]);
  });

  describe("of JSON-RPC blocks", function () {
    for (let count = 15; count <= 23; count++) {
      it(`H3: accept ${count} fields that hash to their hash, as readHeader does`, function () {
        const block = rpcBlock(count);
        const header = headerFromRpc(block);
        expect(header.rlp).to.equal(encoded(sampleFields(count)));
        expect(header).to.deep.equal(readHeader(header.rlp, header.hash));
        expect(header.fields).to.have.lengthOf(count);
      });
    }
  });
});

/** Encoded by another hand than that which is tested. */
function encoded(fields: readonly Uint8Array[]): Hex {
  return ethersRlp(fields.map(toHex)) as Hex;
}

function decoded(rlp: Hex): Uint8Array[] {
  return decodeHeader(rlp).fields.map(bytes);
}

/** Fields, an item as it is behind them, and as many more fields; the list around is sound. */
function withItems(fields: readonly Uint8Array[], item: string, more: number): Hex {
  const items = [
    ...fields.map((field) => ethersRlp(toHex(field)).slice(2)),
    item,
    ...new Array<string>(more).fill("05"),
  ];
  const payload = items.join("");
  return `0xf9${(payload.length / 2).toString(16).padStart(4, "0")}${payload}`;
}

function startAnswer(words: Words): string {
  if (word(words, START_WORD.status) === STATUS.Malformed) return `malformed ${word(words, START_WORD.actual)}`;
  return `${word(words, START_WORD.number)} ${toWord(word(words, START_WORD.stateRoot))}`;
}

function strictAnswer(words: Words): Row["strict"] {
  if (word(words, READ_WORD.status) === STATUS.Malformed) return Number(word(words, READ_WORD.field));
  return [Number(word(words, READ_WORD.fieldCount)), Number(word(words, READ_WORD.namedFields))];
}

function readAnswer(rlp: Hex): string {
  return orMalformed(() => {
    const { number, stateRoot } = readHeader(rlp, hashOf(rlp));
    return `${number} ${stateRoot}`;
  });
}

function anchorAnswer(rlp: Hex): string {
  return orMalformed(() => {
    verifyStateAnchor({ number: NUMBER, hash: hashOf(rlp), stateRoot: ROOT }, rlp);
    return `${NUMBER} ${ROOT}`;
  });
}

async function engineAnswer(engine: Engine, rlp: Hex): Promise<string> {
  const finding = await engine.header(hashOf(rlp), rlp);
  if (finding.status === "present") return `${finding.value.number} ${finding.value.stateRoot}`;
  return finding.status === "absent" ? "absent" : finding.reason.replace("HeaderMalformed: field", "malformed");
}

function orMalformed(read: () => string): string {
  try {
    return read();
  } catch (error) {
    if (SettlementGuardError.is(error, "HEADER_MALFORMED")) return `malformed ${error.details.field}`;
    throw error;
  }
}

/**
 * A header of any number of fields, most of them sound. Later ones are of any width, and now and then anything at all.
 */
function randomHeader(source: Random): Hex {
  const count = source.pick([15, 16, 17, 18, 19, 20, 21, 21, 22, 22, 23, 23, 24, 25, 32, 33]);
  const fields = sampleFields(count);
  while (fields.length < count || source.below(8) === 0) fields.push(source.bytes(source.pick(WIDTHS)));
  for (const at of [21, 22]) {
    if (at < fields.length && source.below(2) === 0) fields[at] = source.bytes(source.pick([0, 1, 8, 9, 31, 32, 48]));
  }
  if (source.below(3) === 0) {
    const at = source.below(fields.length);
    fields[at] = source.bytes(source.pick([0, 1, 7, 8, 9, 20, 31, 32, 33, 65, 256]));
  }
  const items = fields.map((field) => ethersRlp(toHex(field)).slice(2));
  if (source.below(4) === 0) items[source.below(items.length)] = source.pick(Object.values(NOT_CANONICAL));
  const payload = items.join("");
  return `0xf9${(payload.length / 2).toString(16).padStart(4, "0")}${payload}`;
}
