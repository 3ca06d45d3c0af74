import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { gzipSync } from "node:zlib";

import { expect } from "chai";

import { Terminal } from "../../packages/cli/src/terminal.js";
import { printable } from "../../src/core/text.js";
import { verify } from "../../packages/cli/src/verify.js";
import { cli, ESCAPES, expectRefusal, OBEYED, unusable } from "./run.js";

const MB = 1_000_000;
const ACCOUNT = "0x00000000000000000000000000000000000a1107";
/** An absence in the empty trie: the shortest valid case. */
const NOTHING = JSON.stringify({
  root: "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
  trieKey: `0x${"11".repeat(32)}`,
  proof: [],
});
/** Runs in pairs, which is how many cores there are. */
async function inPairs<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const worker = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await run(item);
  };
  await Promise.all([worker(), worker()]);
}

describe("hostile files", function () {
  let directory: string;
  before(() => (directory = mkdtempSync(join(tmpdir(), "settlement-guard-hostile-"))));
  after(() => rmSync(directory, { recursive: true, force: true }));

  /** A file of `start`, `count` times `piece`, and `end`. */
  function file(name: string, start: string | Buffer, piece = "", count = 0, end = ""): string {
    const path = join(directory, name);
    const descriptor = openSync(path, "w");
    writeSync(descriptor, start as string);
    const perBlock = Math.max(1, Math.min(count, Math.floor(2 ** 20 / Math.max(1, piece.length))));
    const block = piece.repeat(perBlock);
    for (let left = count; left > 0; left -= perBlock)
      writeSync(descriptor, left < perBlock ? piece.repeat(left) : block);
    writeSync(descriptor, end);
    closeSync(descriptor);
    return path;
  }

  it("A9, A18, F25, F26: says in one line what cannot be used, in 256 MB of memory, and exits with 2", async () => {
    const inner = NOTHING.slice(1, -1);
    const sub = join(directory, "folder");
    mkdirSync(sub);
    const inputs: [string, string, RegExp][] = [
      ["60 MB of brackets", file("brackets", "", "[", 60 * MB), /deeper than 32/],
      ["braces", file("braces", "", '{"a":', 12 * MB), /deeper than 32/],
      ["brackets in a case", file("inside", `[{${inner},"x":`, "[", 30 * MB), /deeper than 32/],
      ["a string of 64 MB", file("string", `[{"id":"`, "a", 64 * MB, '"}]'), /of more than 1048576 bytes/],
      ["a string of 64 MB of half characters", file("halves", `["`, "\\ud800", 11 * MB, '"]'), /of more than 1048576/],
      ["a key of 64 MB", file("key", `{"`, "k", 64 * MB, '":1}'), /of more than 1048576 bytes/],
      [
        "a number of 64 million digits",
        file("digits", `{${inner},"value":`, "9", 64 * MB, "}"),
        /of more than 1048576/,
      ],
      ["64 MB of blanks", file("blanks", "", " ", 64 * MB), /of more than 1048576 bytes/],
      [
        "a million keys",
        file("keys", "{", '"k', 0, Array.from({ length: MB }, (_, i) => `"k${i}":1`).join() + "}"),
        /more than 1024 members/,
      ],
      [
        "20 million objects",
        file("objects", `{${inner},"reason":[`, "{},", 20 * MB, "{}]}"),
        /more than 1048576 parts/,
      ],
      ["a member twice", file("twice", `{${inner},"value":"0x1","v\\u0061lue":null}`), /"value" stands twice/],
      ["a folder", sub, /illegal operation on a directory \(EISDIR\)/],
      ["no file", join(directory, "nowhere"), /no such file or directory \(ENOENT\)/],
      ["a name with escapes", `no${ESCAPES}where`, /\\u001b\[2J\\u009b2J/],
      ["a member with escapes", file("member", JSON.stringify({ root: "0x", [`v${ESCAPES}`]: 1 })), /\\u009b/],
      [
        "a URL as a file",
        "https://user:secretword@host.example/secretpath?key=secretkey",
        /^(?!.*secret).*host\.example/,
      ],
    ];
    await inPairs(inputs, async ([name, path, reason]) => {
      const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      expectRefusal(name, await cli(["verify", path], size > MB ? { heap: 256 } : {}), reason);
    });
  });

  it("A9, F25, F26: refuses what is no list of cases, or is read otherwise by the next program", async () => {
    const inner = NOTHING.slice(1, -1);
    const inputs: [string, string, RegExp][] = [
      ["cases twice", file("lists", `{"cases":[],"cases":[${NOTHING}]}`), /"cases" stands twice/],
      [
        "a nested member twice",
        file("nested", `[{"address":"0x","account":{"nonce":1,"nonce":2}}]`),
        /"nonce" stands twice/,
      ],
      ["__proto__", file("proto", `{${inner},"__proto__":{"value":"0x1"}}`), /"__proto__"/],
      ["an empty list", file("empty", "[]"), /there is no case in it/],
      ["an empty list of cases", file("none", '{"cases":[]}'), /there is no case in it/],
      ["an empty object", file("object", "{}"), /there is no case in it/],
      ["null", file("null", "null"), /there is no case in it/],
      ["an empty file", file("zero", ""), /there is nothing in it/],
      ["text", file("text", "hello"), /not JSON: unexpected text at byte 0/],
      ["a comma too much", file("comma", `[${NOTHING},]`), /not JSON: unexpected text at byte \d+/],
      ["two documents", file("two", "{} {}"), /not JSON: unexpected text at byte 3/],
      ["a cut string", file("cut", '{"id":"abc'), /cut short/],
      ["UTF-16", file("utf16", Buffer.from(`\ufeff${NOTHING}`, "utf16le")), /not JSON: unexpected text at byte 0/],
      ["broken UTF-8", file("utf8", Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22])), /not JSON: text that is not UTF-8/],
      ["gzip", file("gzip", gzipSync(NOTHING)), /not JSON: unexpected text at byte 0/],
      ["an envelope", file("envelope", '{"jsonrpc":"2.0","id":1,"result":{}}'), /envelope/],
    ];
    for (const [name, path, reason] of inputs) {
      const error = await unusable(() => verify(path, {}, new Terminal(new PassThrough(), new PassThrough())));
      expect(error.message, name).to.match(reason);
      expect(error.cause, name).to.equal(undefined);
    }
  });

  it("A9: makes of a number that is not exact no claim, and no other number", async () => {
    for (const number of ["9007199254740993", "1e400", "1.0", "7e0", "1.00000000000000000001", `1${"0".repeat(MB)}`]) {
      const path = file(
        "number",
        `{"stateRoot":"0x${"11".repeat(32)}","address":"${ACCOUNT}","accountProof":[],"nonce":${number}}`,
      );
      const out = new PassThrough();
      expect(await verify(path, {}, new Terminal(out, new PassThrough())), number).to.equal(1);
      expect(String(out.read()), number).to.contain("invalid InputMalformed: nonce is not a number of up to 256 bits");
    }
  });

  it("A9: says nothing of a list beside which there is something else, or which is not as long as it says", async () => {
    for (const [beside, reason] of [
      ['"accountProof":["0xdeadbeef"]', /"accountProof" stands beside `cases`/],
      ['"storage":[{"slot":"0x1","value":"0xff"}]', /"storage" stands beside `cases`/],
      ['"about":{"stateRoot":"0x1"}', /about\.stateRoot stands beside `cases`/],
      ['"Cases":[]', /"Cases" stands beside `cases`/],
      ['"count":2', /`count` does not say how many cases there are: 1/],
    ] as const) {
      for (const text of [`{${beside},"cases":[${NOTHING}]}`, `{"cases":[${NOTHING}],${beside}}`]) {
        const { code, stderr } = await cli(["verify", "-"], { input: text });
        expect(code, text).to.equal(2);
        expect(stderr).to.match(reason);
      }
    }
  });

  it("A18: reads a list that is deep, long and wide within the bounds", async () => {
    const tags = `${"[".repeat(20)}${"]".repeat(20)}`;
    const input = `[${Array.from({ length: 2_000 }, () => `{"tags":${tags},${NOTHING.slice(1)}`).join()}]`;
    const { code, stdout } = await cli(["verify", "-"], { input, heap: 256 });
    expect([code, stdout.split("\n").at(-2)]).to.deep.equal([0, "2000 cases: 0 present, 2000 absent, 0 invalid"]);
  });

  it("A19: shows what a terminal would obey, as text and as JSON, whose values stay the same", async () => {
    const input = JSON.stringify([
      { ...JSON.parse(NOTHING), id: ESCAPES },
      { stateRoot: "0x", storage: [{ slot: ESCAPES }] },
    ]);
    for (const options of [[], ["--json"], ["--json", "--evm"]]) {
      const { stdout, stderr } = await cli(["verify", "-", ...options], { input });
      expect(stdout).to.contain("\\u001b[2J\\u009b2J");
      expect(stdout + stderr).not.to.match(OBEYED);
      if (options.length > 0)
        expect((JSON.parse(stdout) as { cases: { id: string }[] }).cases[0]!.id).to.equal(ESCAPES);
    }
  });

  it("A19: what is not printable is escaped unit by unit, and all else is left", () => {
    expect(printable(ESCAPES)).not.to.match(OBEYED);
    expect(JSON.parse(`"${printable(ESCAPES)}"`)).to.equal(ESCAPES);
    const plain = "häuser 数 😀 \\ ' \" -- 100 % a\u0301";
    expect(printable(plain)).to.equal(plain);
  });

  it("A18: exits as its verdicts say where nobody reads what it prints", async () => {
    const list = (last: string): string => `[${Array.from({ length: 5_000 }, () => NOTHING).join()},${last}]`;
    for (const [last, expected] of [
      [NOTHING, 0],
      [NOTHING.replace("56e8", "56e9"), 1],
      ["7", 2],
    ] as const)
      expect((await cli(["verify", "-"], { input: list(last), isDeaf: true })).code).to.equal(expected);
  });

  it("A18: ends where its input does not", async () => {
    const blanks = Buffer.alloc(2 ** 16, " ");
    const input = new Readable({
      read() {
        this.push(blanks);
      },
    });
    expectRefusal("blanks without end", await cli(["verify", "-"], { input, heap: 256 }), /gap of more than/);
    input.destroy();
  });

  it("F26: says in plain English what is wrong with arguments, and repeats no secret among them", async () => {
    const SECRET = "s3cr3tk3y";
    const url = `https://user:${SECRET}@host.example/${SECRET}?key=${SECRET}`;
    const needed = ["prove", "--account", ACCOUNT];
    const inputs: [string[], RegExp][] = [
      [[...needed], /--rpc: expected an http or https URL/],
      [[...needed, "--rpc", `ws://host/${SECRET}`], /--rpc: expected an http or https URL/],
      [[...needed, "--rpc", `${SECRET}@host`], /--rpc: expected an http or https URL/],
      [[...needed, "--rpc", url, "--header", `Authorization ${SECRET}`], /--header: expected "Name: value"/],
      [[...needed, "--rpc", url, "--header", `X-Key: ${SECRET}\nX: 1`], /--header: expected "Name: value"/],
      [[...needed, "--rpc", url, "--header", `Authorization: ${SECRET}`], /Authorization stands in the URL as well/],
      [[...needed, "--rpc", url, "--header", "Content-Length: 1"], /Content-Length is set by the transport/],
      ...["0", "-1", "1.5", "3601", "1e3", "ten", ""].map((seconds): [string[], RegExp] => [
        [...needed, "--rpc", url, "--timeout", seconds],
        /--timeout: expected whole seconds from 1 to 3600/,
      ]),
      [
        [...needed, "--rpc", url, "--slot", url],
        /--slot https:\/\/host\.example\/…: cannot be used; expected a number/,
      ],
      [[...needed, "--rpc", url, "--block", url], /--block .*cannot be used/],
      [["prove", "--rpc", url, "--account", url], /--account .*cannot be used/],
      [[...needed, `--rcp=${url}`], /unknown option '--rcp'/],
      [[...needed, `-HAuthorization: ${SECRET}`], /unknown option '-HAuthorization'/],
      [[...needed, "--rpc", url, url], /too many arguments/],
      [[url], /unknown command 'https'/],
      [["verify"], /missing required argument 'file'/],
    ];
    await inPairs(inputs, async ([args, reason]) => {
      const run = await cli(args);
      expectRefusal(args.join(" "), run, reason);
      expect(run.stderr).not.to.contain(SECRET);
    });
  });
});
