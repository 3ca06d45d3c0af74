import { expect } from "chai";
import { concat } from "ethers";

import { REMEDIES } from "../../src/explain/remedies.js";
import { toWord } from "../../src/core/bytes.js";
import { IGuardErrors__factory } from "../../typechain-types/index.js";
import { cli, ESCAPES, expectRefusal, OBEYED } from "./run.js";

const errors = IGuardErrors__factory.createInterface();
const MISMATCH = errors.encodeErrorResult("AnchorMismatch", [21n, toWord(5n), toWord(6n)]);

describe("settlement-guard explain", () => {
  it("says what revert data mean, and what to do", async () => {
    const { code, stdout, stderr } = await cli(["explain", MISMATCH]);
    expect([code, stderr]).to.deep.equal([0, ""]);
    const [sentence, remedy] = stdout.trimEnd().split("\n");
    expect(sentence)
      .to.match(/^AnchorMismatch: .*\b21\b/)
      .and.to.include(toWord(5n))
      .and.to.include(toWord(6n));
    expect(remedy).to.equal(REMEDIES.sign);
  });

  it("reads what a node answered, of the standard input, as JSON and as text", async () => {
    const answer = JSON.stringify({ jsonrpc: "2.0", id: 1, error: { code: 3, message: "execution reverted", data: MISMATCH } }); // prettier-ignore
    for (const input of [answer, `${MISMATCH}\n`]) {
      const { code, stdout } = await cli(["explain", "-", "--json"], { input });
      expect(code, stdout).to.equal(0);
      const { sentence, remedy } = JSON.parse(stdout) as { sentence: string; remedy: string };
      expect([sentence.split(":")[0], remedy]).to.deep.equal(["AnchorMismatch", "sign"]);
    }
  });

  it("exits with 1 for an error that is none of the guard's, and shows nothing that a terminal obeys", async () => {
    for (const other of [concat(["0x12345678", toWord(1n)]), `execution reverted: ${ESCAPES}`]) {
      const { code, stdout } = await cli(["explain", other]);
      expect([code, stdout.split(":")[0]]).to.deep.equal([1, "Not a guard error"]);
      expect(stdout).not.to.match(OBEYED);
    }
    const { code, stdout } = await cli(["explain", "0x12345678", "--json"]);
    expect([code, (JSON.parse(stdout) as { remedy: unknown }).remedy]).to.deep.equal([1, null]);
  });

  it("exits with 2, one line and a hint where the input cannot be used", async () => {
    expectRefusal("nothing", await cli(["explain", " "]), /the error: it is empty; give revert data/);
    expectRefusal("too much", await cli(["explain", "-"], { input: "0".repeat(2 ** 20 + 1) }), /more than a mebibyte/);
    expect((await cli(["explain"])).code).to.equal(2);
  });
});
