import { expect } from "chai";
import { getAddress, Interface } from "ethers";

import { toHex, type Hex } from "../../src/core/bytes.js";
import { QuickInterface } from "../../tools/quickInterface.js";
import { announced } from "../../tools/random.js";

const OUTPUTS = "(uint256 a, uint8 b, int64 c, bool d, bytes32 e, address f)";
const ABI = [
  `function words${OUTPUTS} returns ${OUTPUTS}`,
  "function lists(bytes32[] a, bytes b, bytes[] c, uint16 d, bytes32[][] e) returns (uint256[])",
  "function pair((uint256 x, bytes32 y) a) returns (uint256, (uint256 x, bytes32 y))",
  "function nothing()",
  `error Words${OUTPUTS}`,
  "error Nothing()",
  "error Long(string)",
  "event Words(uint256 indexed a, bytes32 b, bytes c)",
];

describe("the ABI coder of the tests", () => {
  const [quick, ethers] = [new QuickInterface(ABI), new Interface(ABI)];
  const random = announced();
  const many = <Item>(make: () => Item): Item[] => Array.from({ length: random.below(4) }, make);
  const word = (): Hex => toHex(random.bytes(32));
  const bytes = (): Hex => toHex(random.bytes(random.below(70)));
  const words = (): unknown[] => {
    const [sign, address] = [random.below(2) === 0 ? -1n : 1n, toHex(random.bytes(20))];
    return [
      BigInt(word()),
      BigInt(random.below(256)),
      sign * BigInt(random.below(2 ** 31)),
      sign < 0n,
      word(),
      getAddress(address),
    ];
  };

  it("encodes and decodes as ethers does", () => {
    for (let round = 0; round < 200; round++) {
      const values = words();
      const lists = [many(word), bytes(), many(bytes), random.below(65_536), many(() => many(word))];
      const pair = { x: 7n, y: word() };
      for (const [name, args] of Object.entries({ words: values, lists, pair: [pair], nothing: [] }))
        expect(quick.calldata(name, args), name).to.equal(ethers.encodeFunctionData(name, args));

      const returned = ethers.encodeFunctionResult("words", values) as Hex;
      expect(quick.returned("words", returned)).to.deep.equal(values);
      const nested = [1n, [pair.x, pair.y]];
      expect(quick.returned("pair", ethers.encodeFunctionResult("pair", nested) as Hex)).to.deep.equal(nested);
      expect(quick.returned("lists", ethers.encodeFunctionResult("lists", [[1, 2]]) as Hex)).to.deep.equal([[1n, 2n]]);

      for (const [name, args] of Object.entries({ Words: values, Nothing: [], Long: ["x"] }))
        expect(quick.errorIn(ethers.encodeErrorResult(name, args) as Hex)).to.deep.equal({ name, args });

      const log = [BigInt(word()), word(), bytes()];
      const { topics, data } = ethers.encodeEventLog("Words", log);
      expect(quick.logOf(topics as Hex[], data as Hex)).to.deep.equal({ name: "Words", args: log });
    }
  });

  it("says which errors it does not have, and knows Solidity's own", () => {
    for (const data of ["0x", "0x12", "0x12345678"] as const) expect(quick.errorIn(data)).to.equal(undefined);
    const panic: Hex = `0x4e487b71${"11".padStart(64, "0")}`;
    expect(quick.errorIn(panic)).to.deep.equal({ name: "Panic", args: [17n] });
  });

  it("refuses what has the wrong size", () => {
    for (const args of [
      [["0x12"], "0x", [], 0, []],
      [[], "0x"],
    ])
      expect(() => quick.calldata("lists", args)).to.throw(/is no bytes32|types\/values length mismatch/);
    expect(() => quick.returned("words", "0x")).to.throw(/could not decode result data/);
  });
});
