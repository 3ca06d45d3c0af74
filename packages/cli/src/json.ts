import { Tokenizer, TokenParser, TokenType, type ParsedElementInfo, type ParsedTokenInfo } from "@streamparser/json";
import { SettlementGuardError } from "settlement-guard";

import { CliError } from "./errors.js";
import { brief } from "./text.js";

/** A case in a list is 7 deep, an answer of an endpoint less. */
const MAX_DEPTH = 32;
/** An object that this package reads has at most 30 members. */
const MAX_MEMBERS = 1_024;
/** In bytes. A proof of the greatest length has 70 kB of text, a header 2 kB. */
const MAX_TOKEN = 2 ** 20;
/** 1024 slots, each with a proof of usual length, have 30,000 tokens and 9 MB of text. */
const MAX_TOKENS = 2 ** 20;
const MAX_BYTES = 64 * 2 ** 20;

/** A number that its text does not give exactly is none. What is claimed and what is judged must be the same. */
class ExactTokenizer extends Tokenizer {
  protected override parseNumber(text: string): number {
    const number = text.length > 32 ? NaN : Number(text);
    const isExact = Number.isInteger(number) ? Number.isSafeInteger(number) && /^-?\d+$/.test(text) : number < Infinity;
    return isExact ? number : NaN;
  }
}

/**
 * Reads JSON of others as it arrives. Depth, size and number of its parts have bounds, so that nothing takes the process's memory.
 * No member stands twice: the next program might read the other one.
 */
export class JsonReader {
  private readonly tokenizer = new ExactTokenizer({ stringBufferSize: 2 ** 16, numberBufferSize: 2 ** 10 });
  private readonly parser: TokenParser;
  /** The names in each object that is open; undefined for a list. */
  private readonly open: (Set<string> | undefined)[] = [];
  private previous: TokenType | undefined;
  private tokens = 0;
  private bytes = 0;
  /** Bytes since the last token, and where that stands. */
  private pending = 0;
  private offset = 0;

  /**
   * @param paths of the values that are handed out, as the parser takes them. A list's elements that are handed out are not kept
   * @param refuse makes the error of what cannot be read, out of the reason
   */
  constructor(
    paths: string[],
    onValue: (element: ParsedElementInfo) => void,
    private readonly refuse: (reason: string) => Error,
  ) {
    this.parser = new TokenParser({ paths, keepStack: false });
    this.parser.onValue = onValue;
    this.tokenizer.onToken = (token) => {
      this.check(token);
      this.parser.write(token);
    };
    this.parser.onEnd = () => {
      if (!this.tokenizer.isEnded) this.tokenizer.end();
    };
  }

  /** @throws what `refuse` made */
  write(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    this.pending += chunk.length;
    this.attempt(() => this.tokenizer.write(chunk));
    if (this.bytes > MAX_BYTES) throw this.refuse(`more than ${MAX_BYTES} bytes of JSON`);
    if (this.pending > MAX_TOKEN) throw this.refuse(`a string, a number or a gap of more than ${MAX_TOKEN} bytes`);
  }

  /** Whoever hands on what was read before calls this: the bounds are for what is held at once. */
  release(): void {
    this.tokens = 0;
    this.bytes = 0;
  }

  /** @throws what `refuse` made, where the document is not whole */
  end(): void {
    if (!this.tokenizer.isEnded) this.attempt(() => this.tokenizer.end());
    if (this.previous === undefined) throw this.refuse("there is nothing in it");
    if (!this.parser.isEnded) throw this.refuse("the JSON is cut short");
  }

  private attempt(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (error instanceof CliError || SettlementGuardError.is(error)) throw error;
      throw this.refuse(this.complaint(error));
    }
  }

  /** The parser's own words name its states. Where the text goes wrong is what helps. */
  private complaint(error: unknown): string {
    const { message } = error as Error;
    if (message.includes(" ended in ")) return "the JSON is cut short";
    if (error instanceof TypeError) return "not JSON: text that is not UTF-8";
    return `not JSON: unexpected text at byte ${/absolute position "(\d+)"/.exec(message)?.[1] ?? this.offset}`;
  }

  private check({ token, value, offset }: ParsedTokenInfo): void {
    const names = this.open.at(-1);
    if (token === TokenType.STRING && names !== undefined && this.previous !== TokenType.COLON) {
      const name = value as string;
      if (names.has(name)) throw this.refuse(`the member ${JSON.stringify(brief(name))} stands twice in one object`);
      if (names.add(name).size > MAX_MEMBERS) throw this.refuse(`an object of more than ${MAX_MEMBERS} members`);
    }
    if (token === TokenType.LEFT_BRACE) this.open.push(new Set());
    if (token === TokenType.LEFT_BRACKET) this.open.push(undefined);
    if (token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET) this.open.pop();
    if (this.open.length > MAX_DEPTH) throw this.refuse(`JSON nested deeper than ${MAX_DEPTH}, at byte ${offset}`);
    if (++this.tokens > MAX_TOKENS) throw this.refuse(`JSON of more than ${MAX_TOKENS} parts`);
    this.previous = token;
    this.offset = offset;
    this.pending = 0;
  }
}
