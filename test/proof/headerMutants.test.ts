import { expect } from "chai";
import { BaseContract } from "ethers";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Hex } from "../../src/bytes.js";
import type { Request } from "../../src/rpc/request.js";
import { authenticateInSolidity, startInTypeScript } from "../helpers/headerReaders.js";
import { headersWithOtherNumber, headersWithWrongMarker, sampleHeader } from "../helpers/headers.js";
import { compile, PROJECT } from "../trie-helpers/compile.js";
import { type Mutant, pattern } from "../trie-helpers/mutants.js";
import { connect } from "../trie-helpers/verifiers.js";

const HARNESS = "contracts/mocks/HeaderReaderHarness.sol";
const READER = "contracts/proof/HeaderReader.sol";

const mutant = (name: string, from: string, to = ""): Mutant => ({ name, attack: "H5", file: READER, from, to });

/** Of the word in which the beneficiary and the state root begin, the bytes that are compared. */
const MASK = `0xff${"00".repeat(20)}ff${"00".repeat(10)}`;

/** Each takes back one of the checks that `_start` collects. What the slow reader checks has a differential test of its own. */
const MUTANTS: readonly Mutant[] = [
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

/** A list whose items up to the number are sound, and which ends after it. */
function tooShort(): Hex {
  const payload = Buffer.from(sampleHeader(21).slice(2), "hex").subarray(3, 454);
  return `0xf9${payload.length.toString(16).padStart(4, "0")}${payload.toString("hex")}`;
}

/**
 * Each check that the short way through a header collects, taken back: some header must be read otherwise then. All of them with
 * `MUTANTS=1`, the first ones always.
 */
describe("mutants of the header reader", function () {
  const headers = questions();
  const expected = headers.map(startInTypeScript);
  let build: (patch?: (path: string, text: string) => string) => Promise<string[]>;

  before(async () => {
    const { ethers, provider } = await connect();
    const [signer] = await ethers.getSigners();
    const request: Request = (args) => provider.request(args);
    build = async (patch) => {
      const { abi, bytecode } = compile(HARNESS, ["HeaderReaderHarness"], patch === undefined ? {} : { patch })[
        "HeaderReaderHarness"
      ]!;
      const address = await (await new ethers.ContractFactory(abi, bytecode, signer ?? null).deploy()).getAddress();
      return authenticateInSolidity(request, new BaseContract(address, abi), "authenticateAll", headers);
    };
  });

  it("the reader itself reads every header as TypeScript does", async () => {
    expect(await build()).to.deep.equal(expected);
  });

  for (const mutant of process.env["MUTANTS"] === undefined ? MUTANTS.slice(0, 3) : MUTANTS) {
    it(`${mutant.attack}: ${mutant.name}`, async () => {
      const text = readFileSync(join(PROJECT, mutant.file), "utf8");
      expect([...text.matchAll(pattern(mutant))], "its text is there, once").to.have.lengthOf(1);
      const read = await build((path, text) =>
        path === mutant.file ? text.replace(pattern(mutant), () => mutant.to) : text,
      );
      const noticed = read.filter((words, i) => words !== expected[i]).length;
      expect(noticed, "headers that are read otherwise").to.be.greaterThan(0);
      console.log(`      noticed by ${noticed} of ${headers.length} headers`);
    });
  }
});
