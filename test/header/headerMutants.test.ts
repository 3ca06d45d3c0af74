import { expect } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { toHex, type Hex } from "../../src/core/bytes.js";
import { encodeRlp } from "../../src/core/rlp.js";
import {
  authenticateInSolidity,
  readInSolidity,
  readInTypeScript,
  startInTypeScript,
  type Words,
} from "../../tools/headerReaders.js";
import { headersWithOtherNumber, headersWithWrongMarker, sampleFields, sampleHeader } from "../../tools/headers.js";
import { compile, CONFIGURED, PROJECT } from "../../tools/compile.js";
import { SOURCES } from "../../tools/targets.js";
import { deployPure, type PureCall } from "../../tools/evm.js";
import { pattern, type Mutant } from "../../tools/mutants.js";

const READER = "contracts/header/HeaderReader.sol";

/** A bug, and the attack of docs/attacks.md that it would let through. */
interface HeaderMutant extends Mutant {
  readonly attack: string;
}

const mutant = (name: string, from: string, to = "", attack = "H5"): HeaderMutant => ({
  name,
  attack,
  file: READER,
  from,
  to,
});

/** Of the word in which the beneficiary and the state root begin, the bytes that are compared. */
const MASK = `0xff${"00".repeat(20)}ff${"00".repeat(10)}`;

/** Each takes back one of the checks that `_start` collects, under the header's hash. */
const HASHED: readonly HeaderMutant[] = [
  mutant("any ommers hash", "wrong := xor(calldataload(add(start, 36)), a0)", "wrong := 0"),
  mutant("any beneficiary", MASK, MASK.replace("0xff", "0x00")),
  mutant("any state root", MASK, MASK.replace("00ff00", "000000")),
  mutant("any transactions root", "wrong := or(wrong, xor(calldataload(add(start, 123)), a0))"),
  mutant("any receipts root", "or(wrong, xor(calldataload(add(start, 156)), a0))", "wrong"),
  mutant("any bloom", "wrong := or(wrong, xor(shr(232, calldataload(add(start, 189))), 0xb90100))"),
  mutant("any size, small", "gt(sub(size, 496), 65042)", "gt(size, 65538)"),
  mutant("any size, large", "gt(sub(size, 496), 65042)", "lt(size, 496)"),
  mutant("any list", "wrong := or(wrong, xor(shr(224, calldataload(start)), add(0xf8fffda0, shl(8, size))))"),
  mutant("any difficulty of one byte", "sub(shr(240, word), 0x8082)", "sub(byte(1, word), 0x82)"),
  mutant("numbers of one byte, whatever it is", "sub(shr(240, word), 0x8082)", "sub(shr(240, word), 0x8081)"),
  mutant("numbers of nine bytes", "gt(beyond, 6)", "gt(beyond, 7)"),
  mutant("a leading zero", "or(gt(beyond, 6), iszero(byte(2, word)))", "gt(beyond, 6)"),
];

/** Each takes back one of the rules by which a header is read whose hash is not known. */
const STRICT: readonly HeaderMutant[] = [
  mutant("no field behind Prague's but Amsterdam's two", "(0xfff << 21)", "(1 << 21) | (0x3ff << 23)", "H3"),
  mutant(
    "later fields of Amsterdam's shapes alone",
    "if (count < PRAGUE_FIELDS) return (count, count, 0);",
    "return (count, count, 0);",
    "H3",
  ),
  mutant("any shape of Prague's fields", "if (count < PRAGUE_FIELDS) return (count, count, 0);", "", "H5"),
  mutant("18 and 19 fields", "(1 << 17) | (1 << 20)", "(0xf << 17)", "H3"),
  mutant("Prague without its last field is no header", "(1 << 17) | (1 << 20)", "(1 << 17)", "H3"),
  mutant("33 fields", "if (count > MAX_FIELDS) malformed = MAX_FIELDS;\n        else if", "if", "H3"),
  mutant("names of Amsterdam, whatever the shapes", "named = PRAGUE_FIELDS;\n        }", "}", "H3"),
  mutant(
    "a name for the first of Amsterdam's two alone",
    "count < PRAGUE_FIELDS ? count : PRAGUE_FIELDS;",
    "count;",
    "H3",
  ),
  mutant("values without names", "if (named == AMSTERDAM_FIELDS) {", "{", "H3"),
  mutant(
    "lists as later fields",
    "// longer lengths cannot fit, and a list is no field",
    "else if (prefix == 0xc0) (sound, start) = (true, cursor + 1);",
  ),
  mutant("AuRa's signature of any length", "0x88_20_20_20_88_88_20_a0_41_88", "0x88_20_20_20_88_88_20_a0_00_88"),
  mutant("AuRa's step of any length", "0x88_20_20_20_88_88_20_a0_41_88", "0x88_20_20_20_88_88_20_a0_41_00"),
  mutant("any bloom", "if (shape == BLOOM) return (length == 256, 0);", "if (shape == BLOOM) return (true, 0);"),
  mutant("integers with a leading zero", "sound = shape < 0x80 || value >> (8 * (length - 1)) != 0;", "sound = true;"),
];

/** The markers' wrong bits, the numbers' other bytes, numbers of every length, and sizes beyond the bounds. */
function questions(): Hex[] {
  const numbers = [[], [0], [1], [0x7f], [0x80], [0, 1], [1, 0], [0, 0x80, 0], new Array<number>(8).fill(0xff)];
  const long = [new Array<number>(9).fill(1), new Array<number>(9).fill(0xff)];
  const carried = new Uint8Array(0x10000 + 3 + 0x123);
  carried.set(Buffer.from(sampleHeader(21).slice(2), "hex"));
  carried.set([0xfa, 0x01, 0x23]); // a list's prefix that would add up, with the carry of its length
  return [
    sampleHeader(21),
    ...headersWithWrongMarker().map(({ rlp }) => rlp),
    ...headersWithOtherNumber(),
    ...[...numbers, ...long].map((number) => sampleHeader(21, { 8: Uint8Array.from(number) })),
    tooShort(),
    `0x${Buffer.from(carried).toString("hex")}`,
  ];
}

/** Each of the forks' ends, and what may and may not follow them. */
function strictQuestions(): Hex[] {
  const filled = (size: number): Uint8Array => new Uint8Array(size).fill(0xab);
  const later = (fields: number, ...sizes: number[]): Hex =>
    toHex(encodeRlp([...sampleFields(fields), ...sizes.map(filled)]));
  const aura = (step: number, seal: number): Hex => sampleHeader(16, { 13: filled(step), 14: filled(seal) });
  return [
    ...Array.from({ length: 9 }, (_, i) => sampleHeader(15 + i)),
    ...[
      later(21, 48),
      later(21, 32),
      later(21, 32, 9),
      later(21, 31, 8),
      later(21, 48, 8),
      later(23, 48),
      later(23, 0),
    ],
    ...[later(23, ...new Array<number>(9).fill(40)), later(23, ...new Array<number>(10).fill(40))],
    ...[20, 21, 22].map((field) => sampleHeader(23, { [field]: filled(9) })),
    ...[11, 22].map((field) => sampleHeader(23, { [field]: Uint8Array.of(0, 1) })),
    ...[aura(4, 65), aura(4, 64), aura(9, 65), sampleHeader(21, { 6: filled(300) })],
    toHex(encodeRlp([...sampleFields(23), []])),
  ];
}

/** A list whose items up to the number are sound, and which ends after it. */
function tooShort(): Hex {
  const payload = Buffer.from(sampleHeader(21).slice(2), "hex").subarray(3, 454);
  return `0xf9${payload.length.toString(16).padStart(4, "0")}${payload.toString("hex")}`;
}

/** Some headers, and what each of them is to be read as. */
interface Questions {
  readonly mutants: readonly HeaderMutant[];
  readonly headers: readonly Hex[];
  readonly expected: readonly Words[];
  ask(call: PureCall): Promise<Words[]>;
}

function hashedQuestions(headers = questions()): Questions {
  const ask = (call: PureCall): Promise<Words[]> => authenticateInSolidity(call, "authenticateAll", headers);
  return { mutants: HASHED, headers, expected: headers.map(startInTypeScript), ask };
}

function unhashedQuestions(headers = strictQuestions()): Questions {
  const ask = (call: PureCall): Promise<Words[]> => readInSolidity(call, "readAll", headers);
  return { mutants: STRICT, headers, expected: headers.map(readInTypeScript), ask };
}

/** Each check of the readers, taken back: some header must be read otherwise then. All of them with `MUTANTS=1`, the first of each always. */
describe("mutants of the header reader", function () {
  async function build(mutant?: Mutant): Promise<PureCall> {
    const { HeaderReaderHarness } = await compile(SOURCES.headers, CONFIGURED, ["HeaderReaderHarness"], mutant);
    return deployPure(HeaderReaderHarness!);
  }

  for (const { mutants, headers, expected, ask } of [hashedQuestions(), unhashedQuestions()]) {
    it(`the reader itself reads ${headers.length} headers as TypeScript does`, async () => {
      expect(await ask(await build())).to.deep.equal(expected);
    });

    for (const mutant of process.env["MUTANTS"] === undefined ? mutants.slice(0, 1) : mutants) {
      it(`${mutant.attack}: ${mutant.name}`, async () => {
        const text = readFileSync(join(PROJECT, mutant.file), "utf8");
        expect([...text.matchAll(pattern(mutant))], "its text is there, once").to.have.lengthOf(1);
        const mutated = await build(mutant);
        const noticed = (await ask(mutated)).filter((words, i) => words !== expected[i]).length;
        expect(noticed, "headers that are read otherwise").to.be.greaterThan(0);
        console.log(`      noticed by ${noticed} of ${headers.length} headers`);
      });
    }
  }
});
