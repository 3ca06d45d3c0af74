/** One sentence, at the line on which its paragraph begins. */
export interface Sentence {
  readonly line: number;
  readonly words: number;
  readonly text: string;
}

const MOST = 20;

/** Marks a comment behind code: a paragraph of its own. */
const TRAILING = "\0";

/** A line that is a comment, or ends in one, and what the comment says. A region's marker is none. */
const COMMENT = /^\s*(?:\/\/\/?|\/\*\*?|\*(?!\/))(?!\s*#)\s?(.*?)(?:\*\/)?\s*$|[;,{})\]] \/\/ (.*)$/;
/** A paragraph of its own: a blank line, a tag, or an item of a list. */
const BREAK = /^\s*(?:$|@|[-*•] |\d+\. |\||#|```)/;
const TAG = /^\s*@(?:param|return|returns|throws|notice|dev|title|custom:\S+|inheritdoc|example|typeParam)\b/;
/** A full stop inside a sentence: of an abbreviation, a number, or a file's name. */
const END = /(?<!\b(?:e\.g|i\.e|etc|vs|No))[.!?](?=["')\]*_]*(?:\s+|$))/;

export function longSentences(sentences: readonly Sentence[]): Sentence[] {
  return sentences.filter(({ words }) => words > MOST);
}

/** The sentences of the comments in TypeScript or Solidity. Code between fences has none. */
export function sentencesOfCode(source: string): Sentence[] {
  const lines = source.split("\n").map((line) => {
    const match = COMMENT.exec(line);
    return match === null ? undefined : (match[1] ?? `${TRAILING}${match[2]}`);
  });
  return sentencesOf(lines);
}

/** The sentences of a document. Code, tables and quoted regions have none. */
export function sentencesOfMarkdown(source: string): Sentence[] {
  return sentencesOf(source.split("\n").map((line) => (/^\s*(?:\||#|<!--)/.test(line) ? "" : line)));
}

/** @param lines a line of text each; undefined where there is none, which ends a paragraph */
function sentencesOf(lines: readonly (string | undefined)[]): Sentence[] {
  const sentences: Sentence[] = [];
  let paragraph: string[] = [];
  let start = 0;
  const close = (): void => {
    for (const text of paragraph.join(" ").split(END)) {
      const words = countWords(text);
      if (words > 0) sentences.push({ line: start, words, text: text.trim() });
    }
    paragraph = [];
  };
  for (const [i, line] of [...withoutCode(lines), undefined].entries()) {
    if (line === undefined || BREAK.test(line) || line.startsWith(TRAILING)) close();
    if (line === undefined || line.trim() === "") continue;
    if (paragraph.length === 0) start = i + 1;
    paragraph.push(
      line
        .replace(TRAILING, "")
        .replace(TAG, "")
        .replace(/^\s*(?:[-*•]|\d+\.) /, ""),
    );
    if (line.startsWith(TRAILING)) close();
  }
  return sentences;
}

/** Leaves out what stands between fences. The end of a comment closes a fence that is open. */
function withoutCode(lines: readonly (string | undefined)[]): (string | undefined)[] {
  let isCode = false;
  return lines.map((line) => {
    const isFence = line !== undefined && /^\s*```/.test(line);
    if (line === undefined || isFence) isCode = isFence && !isCode;
    return isCode || isFence ? undefined : line;
  });
}

/** Code between backticks and a link's target are one word, and signs alone are none. */
function countWords(text: string): number {
  const plain = text.replaceAll(/`[^`]*`/g, "code").replaceAll(/\]\([^)]*\)/g, "]");
  return plain.split(/\s+/).filter((word) => /\w/.test(word)).length;
}
