import { expect } from "chai";

import { toHex } from "../../src/core/bytes.js";
import { BUILDS } from "../../tools/compile.js";
import { concat } from "../../tools/buildTrie.js";
import { forbiddenQuestions, validQuestions, type Question } from "../../tools/proof/questions.js";
import { readByTwin, solidityReader, twin, type KeyReader } from "../../tools/proof/readers.js";

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
