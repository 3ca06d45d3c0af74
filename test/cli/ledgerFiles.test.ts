import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { readBook, readSigners } from "../../packages/cli/src/bookFile.js";
import { readLedger, readOwners, readSlots } from "../../packages/cli/src/ledgerFile.js";
import { toWord, type Hex } from "../../src/core/bytes.js";
import { ledgerKey, totalKey } from "../../src/ledger/key.js";
import { LedgerTree } from "../../src/ledger/tree.js";
import { KIND, NOBODY, USDC, VERSION, ZERO } from "../../tools/ledger/inputs.js";
import { OBEYED, ROOT, unusable } from "./run.js";

const OWNER = `0x${"ab".repeat(20)}`;
const OTHER = `0x${"cd".repeat(20)}`;
const HEAD = "owner,asset,kind,value";
const ROW = `${OWNER},USDC,balance,1`;
/** May stand in a file that is given by mistake. */
const SECRET = `0x${"5e".repeat(32)}`;
const RULE = { kind: "balance", asset: USDC, holder: OTHER, slot: "0x1", member: 2, offset: 0, bits: 64, derivation: "by-owner", comparator: "<=" }; // prettier-ignore
const CODE = { account: OTHER, isSlot: true, slot: 7, expected: ZERO };

describe("the files of a ledger", () => {
  let directory: string;
  before(() => (directory = mkdtempSync(join(tmpdir(), "ledger-files-"))));
  after(() => rmSync(directory, { recursive: true, force: true }));

  function file(content: string | object): string {
    const path = join(directory, "given");
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  }
  async function listOf(lines: AsyncIterable<Hex>): Promise<Hex[]> {
    const list: Hex[] = [];
    for await (const line of lines) list.push(line);
    return list;
  }

  /** One line with a hint, in which nothing of a key is repeated. */
  async function expectRefused(read: () => unknown, name: string, reason: RegExp): Promise<void> {
    const { message, details } = await unusable(read);
    expect(message, name).to.match(reason);
    expect(details.hint.length, name).to.be.greaterThan(10);
    expect(message + details.hint, name)
      .not.to.match(OBEYED)
      .and.not.contain("5e5e5e");
  }

  describe("a ledger", () => {
    it("is read by owner, asset and kind, columns in any order, quoted or not, whatever ends a line", async () => {
      const lines = ["\ufeffvalue,kind,owner,asset", `5,balance,"${OWNER.toUpperCase().replace("0X", "0x")}",USDC`, "", `7,"${KIND}",${NOBODY},${USDC}`, `0,balance,${OTHER},USDC`]; // prettier-ignore
      const expected = LedgerTree.from([
        [ledgerKey({ owner: OWNER, asset: "USDC", kind: "balance" }), 5n],
        [totalKey({ asset: "USDC", kind: "balance" }), 7n],
      ]);
      for (const end of ["\n", "\r\n"]) expect((await readLedger(file(lines.join(end)))).root).to.equal(expected.root);
    });

    it("is read by keys, at any size of value", async () => {
      const largest = 2n ** 256n - 1n;
      const tree = await readLedger(file(`value,key\n${largest},${SECRET}\n`));
      expect([...tree.entries()]).to.deep.equal([[SECRET, largest]]);
      expect((await readLedger(file("key,value\n"))).size).to.equal(0);
    });

    const refused: [string, string, RegExp][] = [
      ["nothing", "", /there is nothing in it/],
      ["no columns", ROW, /: line 1: it does not name the columns/],
      ["a column twice", "owner,owner,kind,value", /: line 1: /],
      ["a field too few", `${HEAD}\n${ROW}\n${OTHER},USDC,1`, /: line 3: 3 fields, and 4 columns/],
      ["an owner", `${HEAD}\n0x12,USDC,balance,1`, /: line 2: owner is not 20 bytes/],
      ["a fraction", `${HEAD}\n${ROW}\n${OTHER},USDC,balance,1.5`, /: line 3: value is no whole number of 256 bits/],
      ["a value below zero", `${HEAD}\n${OTHER},USDC,balance,-1`, /: line 2: value is no whole/],
      ["a value beyond", `${HEAD}\n${OTHER},USDC,balance,${2n ** 256n}`, /: line 2: value is no whole/],
      ["no value", `${HEAD}\n${OTHER},USDC,balance,`, /: line 2: value is no whole/],
      ["a key twice", `${HEAD}\n${ROW}\n${ROW}`, /: line 3: its key came before/],
      ["a key twice, first zero", `${HEAD}\n${ROW.slice(0, -1)}0\n\n${ROW}`, /: line 4: its key came before/],
      ["a key twice, then zero", `${HEAD}\n${ROW}\n${ROW.slice(0, -1)}0`, /: line 3: its key came before/],
      ["a name too long", `${HEAD}\n${OWNER},${"x".repeat(32)},balance,1`, /: line 2: asset is neither 32 bytes/],
      ["a name that is empty", `${HEAD}\n${OWNER},USDC,,1`, /: line 2: kind is neither 32 bytes/],
      ["a space", `${HEAD}\n${OWNER}, USDC,balance,1`, /: line 2: a field begins or ends with a space/],
      [
        "a quote",
        `${HEAD}\n${OWNER},"US"DC,balance,1`,
        /: line 2: a field begins or ends with a space, or has a quote/,
      ],
      ["a line without end", `${HEAD}\n${"x".repeat(300_000)}`, /: line 2: it has more than 4096 bytes/],
      ["no key", `key,value\n${SECRET}00,1`, /: line 2: key is not 32 bytes/],
    ];
    for (const [name, content, reason] of refused)
      it(`is refused for ${name}`, () => expectRefused(() => readLedger(file(content)), name, reason));

    it("is refused where there is no such file, or a folder", async () => {
      await expectRefused(() => readLedger(join(directory, "none")), "none", /none: no such file/);
      await expectRefused(() => readLedger(directory), "a folder", /illegal operation on a directory/);
    });
  });

  describe("owners and slots", () => {
    it("are read one by one, and tell how far the file was read", async () => {
      const content = `"owner"\n${OWNER}\r\n\n"${OTHER}"`;
      const ends: number[] = [];
      expect(await listOf(readOwners(file(content), (end) => ends.push(end)))).to.deep.equal([OWNER, OTHER]);
      expect(ends.at(-1)).to.equal(content.length);
      expect(await listOf(readSlots(file(`slot\n${SECRET}\n7\n`)))).to.deep.equal([SECRET, toWord(7n)]);
    });

    const refused: [string, string, RegExp][] = [
      ["an empty list", "owner\n", /there is no owner in it/],
      ["a key", `${OWNER}\nKEY=${SECRET}`, /: line 2: owner is not 20 bytes/],
      ["nobody", NOBODY, /: line 1: the zero address owns totals alone/],
      ["two columns", `${OWNER},1`, /: line 1: it has more than one field/],
    ];
    for (const [name, content, reason] of refused)
      it(`are refused for ${name}`, () => expectRefused(() => listOf(readOwners(file(content))), name, reason));
  });

  describe("a book", () => {
    it("has text for words, and numbers for slots", async () => {
      const book = await readBook(file({ version: "1", rules: [RULE], codes: [CODE] }));
      expect(book).to.deep.equal({
        version: VERSION,
        rules: [{ ...RULE, kind: KIND, slot: toWord(1n) }],
        codes: [{ ...CODE, slot: toWord(7n) }],
      });
    });

    it("is read as the documents show it", async () => {
      const documents = readFileSync(join(ROOT, "docs", "cli.md"), "utf8");
      const [, example = ""] = /\n## Ledger files\n.*?```json\n(.*?)```/s.exec(documents) ?? [];
      const { rules } = await readBook(file(example));
      expect(rules.map(({ kind, asset, slot }) => [kind, asset, slot])).to.deep.equal([[KIND, USDC, toWord(1n)]]);
    });

    const rule = (change: object): object => ({ version: "1", rules: [{ ...RULE, ...change }], codes: [] });
    const refused: [string, string | object, RegExp][] = [
      ["no JSON", "key,value", /not JSON: unexpected text/],
      ["another object", { threshold: 1 }, /the book has no member version/],
      ["no list", { version: "1", rules: {}, codes: [] }, /rules is no list/],
      ["a rule that is none", { version: "1", rules: [1], codes: [] }, /rule 0 is no object/],
      ["a member too many", rule({ note: "x" }), /rule 0 has a member "note", which nothing reads/],
      ["a member too few", rule({ bits: undefined }), /rule 0 has no member bits/],
      ["bits beyond a word", rule({ bits: 300 }), /rule 0: bits 0 to 300 are no part of a word/],
      ["bits that are no number", rule({ bits: "many" }), /rule 0: bits is no whole number of 16 bits/],
      ["a derivation", rule({ derivation: "by owner" }), /rule 0: derivation is none of fixed/],
      ["a word that is cut short", rule({ kind: SECRET.slice(0, 60) }), /rule 0: kind is not 32 bytes/],
      ["a code", { version: "1", rules: [], codes: [{ ...CODE, isSlot: 1 }] }, /code 0: isSlot is neither true nor/],
    ];
    for (const [name, content, reason] of refused)
      it(`is refused for ${name}`, () => expectRefused(() => readBook(file(content)), name, reason));
  });

  it("a set of signers is read, and refused for a private key, an order, or no majority", async () => {
    const signers = [OWNER, OTHER];
    expect(await readSigners(file({ threshold: 2, signers }))).to.deep.equal({ threshold: 2, signers });
    const refused: [string, object, RegExp][] = [
      ["a private key", { threshold: 1, signers: [SECRET] }, /signer 0 is not 20 bytes in hexadecimal/],
      ["an order", { threshold: 2, signers: signers.toReversed() }, /the signers are not in strictly ascending order/],
      ["no majority", { threshold: 1, signers }, /a threshold of 1 is not a majority of 2 signers/],
    ];
    for (const [name, content, reason] of refused) await expectRefused(() => readSigners(file(content)), name, reason);
  });
});
