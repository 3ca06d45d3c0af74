import { expect } from "chai";

import { toHex } from "../../src/core/bytes.js";
import { keccak256 } from "../../src/core/keccak.js";
import { END, STEP } from "../../src/proof/read.js";
import { BUILDS, compile, type Artifact } from "../../tools/compile.js";
import { concat, nibblesOf, rlpInteger, rlpString } from "../../tools/buildTrie.js";
import { branch, leaf } from "../../tools/nodes.js";
import { forbiddenQuestions, validQuestions, type Question } from "../../tools/proof/questions.js";
import { deploy, readByTwin, solidityReader, twin, type Contract, type KeyReader } from "../../tools/proof/readers.js";

describe("TrieReader", () => {
  let readers: KeyReader[];
  before(async () => {
    readers = [...(await Promise.all(BUILDS.map(solidityReader))), twin];
  });

  /** What all readers say; they say the same. */
  async function answer({ name, root, keys }: Question, witness: Uint8Array): Promise<string> {
    const lines = await Promise.all(readers.map((reader) => reader.read(root, keys, witness)));
    expect(new Set(lines).size, `${name}, ${toHex(witness)}: ${lines.join(" | ")}`).to.equal(1);
    return lines[0] as string;
  }

  describe("SG-13: reads what the trie was built of", () => {
    for (const question of validQuestions())
      it(question.name, async () => {
        expect(await answer(question, question.witness)).to.equal(question.values?.join(" "));
      });
  });

  describe("SG-13: refuses what no trie has, although every hash is right", () => {
    for (const question of forbiddenQuestions())
      it(question.name, async () => {
        expect(await answer(question, question.witness)).to.match(/^refused at \d+$/);
      });
  });

  it("SG-13: has no second witness: no byte can be another, be left out or be added", async () => {
    const small = validQuestions().filter(({ witness }) => witness.length <= 110);
    expect(small.length).to.be.greaterThan(12);
    // Each build for a third of the changes: that all builds agree is asked above.
    let count = 0;
    for (const question of small) {
      for (const changed of changesOf(question.witness)) {
        const reader = readers[count++ % (readers.length - 1)] as KeyReader;
        const line = await reader.read(question.root, question.keys, changed);
        expect(line, `${question.name}, ${reader.name}: ${toHex(changed)}`).to.match(/^refused at \d+$/);
        expect(readByTwin(question.root, question.keys, changed).line, toHex(changed)).to.equal(line);
      }
    }
    expect(count).to.be.greaterThan(2_000);
  });

  it("SG-13: refuses a witness under another root, and for other keys unless it answers them too", async () => {
    for (const question of validQuestions()) {
      const root = Uint8Array.from(question.root, (byte, i) => (i === 31 ? byte ^ 1 : byte));
      expect(await answer({ ...question, root }, question.witness)).to.match(/^refused at/);
      const more = { ...question, keys: [...question.keys, new Uint8Array(32).fill(0xff)] };
      if (question.keys.length > 1 || question.root.length === 0) continue;
      const line = await answer(more, question.witness);
      // Whoever asks more than was packed is refused, unless the same end is the end of both.
      if (!line.startsWith("refused")) expect(line).to.equal(`${question.values?.join(" ")} 0`);
    }
  });

  it("M1: refuses nothing, and an empty trie, in the place of the key's own leaf", async () => {
    const present = validQuestions().filter(({ keys, values }) => keys.length === 1 && values?.[0] !== 0n);
    expect(present.length).to.be.greaterThan(10);
    for (const question of present) {
      const [, depth = 0, marker = 0] = question.witness;
      const steps = question.witness.subarray(2 + (marker < 0x80 ? 1 : marker - 0x7f));
      expect(await answer(question, concat([Uint8Array.of(END.NOTHING, depth), steps]))).to.match(/^refused at/);
      expect(await answer(question, Uint8Array.of(END.NOTHING, 0))).to.equal("refused at 2");
    }
  });

  it("M9: refuses steps in another order, twice, or above the root, and a way that ends below it", async () => {
    const question = validQuestions().find(({ name }) => name === "full branches one above the other") as Question;
    // A leaf of 2 + 33 bytes, two branches of 1 + 480.
    const { witness } = question;
    const [leaf, low, high] = [witness.slice(0, 35), witness.slice(35, 35 + 481), witness.slice(35 + 481)] as const;
    expect(high.length).to.equal(481);
    for (const pieces of [
      [leaf, high, low],
      [leaf, low, low],
      [leaf, high, high],
      [leaf, low, high, high],
      [low, leaf, high],
      [high, low, leaf],
      [leaf, low],
      [leaf, high],
    ])
      expect(await answer(question, concat(pieces))).to.match(/^refused at/);
  });

  it("M18: refuses a hash in the place of an embedded node that has its bytes", async () => {
    // Found by search: the leaf's hash starts as a list of 31 bytes does, and ends with a zero.
    const key = new Uint8Array(32);
    const value = rlpInteger((1n << 200n) + 101_431n);
    const hash = keccak256(leaf(nibblesOf(key).slice(1), value));
    expect([hash[0], hash[31]]).to.deep.equal([0xde, 0]);
    const beside = keccak256(Uint8Array.of(1, 2, 3));
    const witness = concat([Uint8Array.of(END.LEAF, 1), value, Uint8Array.of(STEP.BRANCH, 0, 2), beside]);
    for (const [child, line] of [
      [rlpString(hash), String((1n << 200n) + 101_431n)],
      [hash.subarray(0, 31), `refused at ${witness.length}`],
    ] as const) {
      const root = keccak256(branch({ 0: child, 1: rlpString(beside) }));
      expect(await answer({ name: "M18", root, keys: [key], witness, values: undefined }, witness)).to.equal(line);
    }
  });

  it("M33 M42: takes nothing from behind a witness, though what it lacks stands there in calldata", async () => {
    const harness = await harnessOf();
    for (const { name, root, keys, witness } of validQuestions().filter((each) => each.witness.length <= 110))
      for (let size = 0; size < witness.length; size++) {
        const { error } = await harness.call("readKeys", [root, keys, witness], (data) => {
          // The witness comes last: its length stands before it, in one word.
          const at = data.length - 32 * Math.ceil(witness.length / 32) - 1;
          expect(data[at]).to.equal(witness.length);
          return data.with(at, size);
        });
        const line = readByTwin(root, keys, witness.subarray(0, size)).line;
        expect(`refused at ${String(error?.args[2])}`, `${name}, ${size} bytes`).to.equal(line);
      }
  });

  it("M33 M42: refuses kinds, depths, lengths and numbers of nibbles that lead beyond the key or its end", async () => {
    const key = new Uint8Array(32).fill(0x45);
    const behind = new Uint8Array(300).fill(1);
    const ask = async (pieces: readonly number[], at: number): Promise<void> => {
      const witness = concat([Uint8Array.from(pieces), behind]);
      const question = { name: "beyond", root: keccak256(key), keys: [key], witness, values: undefined };
      expect(await answer(question, witness), pieces.slice(0, 40).join()).to.equal(`refused at ${at}`);
    };
    for (const kind of [0, 1, 2, 8, 64, 65, 255]) await ask([kind, 0, 5], 0);
    for (const kind of [END.NOTHING, END.LEAF, END.OTHER_LEAF, END.OTHER_EXTENSION])
      for (const depth of [65, 128, 255]) await ask([kind, depth], 0);
    for (const marker of [0xa1, 0xb7, 0xb8, 0xbf, 0xc0, 0xf7, 0xf8, 0xff]) await ask([END.LEAF, 0, marker], 0);
    for (const nibbles of [64, 65, 128, 255])
      await ask([END.OTHER_EXTENSION, 0, nibbles, ...behind.subarray(0, (nibbles + 1) >> 1), 0xa0], 0);
    for (const marker of [0x00, 0x7f, 0x81, 0x9f, 0xa1, 0xb8, 0xc0, 0xc1, 0xdf, 0xf7, 0xf8, 0xff])
      await ask([END.OTHER_EXTENSION, 0, 2, 0x46, marker], 0);
    // Above a leaf and a branch.
    const branch = [END.LEAF, 2, 5, STEP.BRANCH, 0, 1, ...new Uint8Array(32)];
    for (const kind of [3, 8, 63, 64 + 2, 128, 255]) await ask([...branch, kind], branch.length);
  });

  it("M40 M42: stops at the root, however many branches and bytes follow, at a cost that is bounded", async () => {
    const key = new Uint8Array(32);
    const root = keccak256(key);
    const first = Uint8Array.of(END.LEAF, 64, 5, STEP.BRANCH, 0, 2, ...new Uint8Array(32));
    const full = new Uint8Array(481).fill(7).with(0, STEP.FULL_BRANCH);
    const branches = (count: number): Uint8Array => concat([first, ...Array.from({ length: count }, () => full)]);
    const line = `refused at ${branches(63).length}`;
    const harness = await harnessOf(100_000n);
    for (const witness of [branches(63), branches(300), concat([branches(63), new Uint8Array(1_000_000).fill(1)])]) {
      const { error } = await harness.call("readKeys", [root, [key], witness]);
      expect(error?.name === "StateProofInvalid" ? `refused at ${String(error.args[2])}` : error?.name).to.equal(line);
      expect(readByTwin(root, [key], witness).line).to.equal(line);
    }
  });

  it("SG-14: names the byte at which the end or the step starts that it refuses", async () => {
    const question = validQuestions().find(({ name }) => name === "two under an extension") as Question;
    // A leaf of 2 + 33 bytes, a branch of 3 + 32, an extension of 1.
    const { witness } = question;
    expect(await answer(question, witness.subarray(0, 34))).to.equal("refused at 0");
    expect(await answer(question, witness.subarray(0, 40))).to.equal("refused at 35");
    expect(await answer(question, concat([witness.subarray(0, 70), Uint8Array.of(64)]))).to.equal("refused at 70");
    expect(await answer(question, concat([witness, Uint8Array.of(0)]))).to.equal("refused at 71");
    expect(readByTwin(question.root, question.keys, witness.subarray(0, 34)).reason).to.equal("Truncated");
  });
});

async function harnessOf(gasLimit?: bigint): Promise<Contract> {
  const artifacts = await compile(["contracts/mocks/StateProofHarness.sol"], BUILDS[0]!, ["StateProofHarness"]);
  return deploy(artifacts["StateProofHarness"] as Artifact, undefined, gasLimit);
}

/** Every byte with one bit flipped, as each kind of end and step, left out, and twice. The witness is also cut off at every byte. */
function changesOf(witness: Uint8Array): Uint8Array[] {
  return [...witness].flatMap((byte, at) => {
    const before = witness.subarray(0, at);
    const after = witness.subarray(at + 1);
    const others = [byte ^ 1, byte ^ 0x80, at % 10].filter((other) => other !== byte);
    return [
      ...others.map((other) => concat([before, Uint8Array.of(other), after])),
      before,
      ...(after[0] === byte ? [] : [concat([before, after])]),
      ...(after[0] === byte ? [] : [concat([before, Uint8Array.of(byte, byte), after])]),
    ];
  });
}
