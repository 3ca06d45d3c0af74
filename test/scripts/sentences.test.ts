import { expect } from "chai";

import { longSentences, sentencesOfCode, sentencesOfMarkdown } from "../../scripts/checks/prose/sentences.js";

const words = (count: number): string => Array.from({ length: count }, (_, i) => `word${i}`).join(" ");

describe("the sentences of comments and documents", () => {
  it("are counted across the lines of a comment, and end at full stops alone", () => {
    const source = `/**\n * ${words(15)}\n * ${words(6)}; more.\n * Short, with a file.ts: so.\n */\nconst a = "// none of ${words(30)}";`;
    expect(sentencesOfCode(source).map(({ line, words }) => [line, words])).to.deep.equal([
      [2, 22],
      [2, 5],
    ]);
    expect(longSentences(sentencesOfCode(source))).to.have.lengthOf(1);
  });

  it("end with a tag, a list's item, a blank line and the code, whose trailing comments have their own", () => {
    const source = `/// @notice ${words(20)}\n/// @param a ${words(2)}\n///\n/// - ${words(3)}\nuint256 b; // ${words(4)}`;
    expect(sentencesOfCode(source).map(({ words }) => words)).to.deep.equal([20, 3, 3, 4]);
    expect(longSentences(sentencesOfCode(source))).to.deep.equal([]);
  });

  it("of a comment leave out the code between fences, which end with the comment", () => {
    const fenced = `/**\n * ${words(3)}\n * \`\`\`ts\n * ${words(30)}\n * \`\`\`\n * ${words(4)}\n */`;
    const open = `// \`\`\`\n// ${words(30)}\nuint256 a;\n// ${words(21)}`;
    expect(sentencesOfCode(fenced).map(({ words }) => words)).to.deep.equal([3, 4]);
    expect(sentencesOfCode(open).map(({ words }) => words)).to.deep.equal([21]);
  });

  it("of a document leave out headings, tables and code, and count code between backticks as a word", () => {
    const text = `# ${words(30)}\n\n| ${words(30)} |\n\n\`\`\`ts\n# ${words(30)}\n\n${words(30)}\n\`\`\`\n\n\`${words(30)}\` and [a link](to/a place).\n`;
    expect(sentencesOfMarkdown(text).map(({ words }) => words)).to.deep.equal([4]);
  });
});
