import { createEVM, type EVMResult } from "@ethereumjs/evm";
import { expect } from "chai";

import { toBytes, toHex } from "../../src/core/bytes.js";
import { interpreter } from "../../tools/fastInterpreter.js";
import { StateProofHarness__factory } from "../../typechain-types/index.js";
import { announced } from "../../tools/random.js";

const GAS_LIMIT = 10_000_000n;
const PROGRAMS = 2_000;
/** Jumps to the opcode behind itself: from there on the code is analysed. */
const START = [0x60, 0x03, 0x56, 0x5b];
/** Opcodes of each kind: arithmetic, hashes, memory, storage, jumps, logs, PUSH1, DUP, SWAP, what ends a call, and none. */
const OPCODES = [
  0x00,
  0x01,
  0x03,
  0x04,
  0x08,
  0x0a,
  0x15,
  0x16,
  0x1b,
  0x30,
  0x35,
  0x51,
  0x51,
  0x52,
  0x52,
  0x52,
  0x53,
  0x54,
  0x55,
  0x56,
  0x57,
  0x58,
  0x59,
  0x5a,
  0x5b,
  0x5c,
  0x5d,
  0x5f,
  0x80,
  0x81,
  0x90,
  0xa0,
  0xfe,
  ...[0x20, 0x37, 0x39, 0x3e, 0x5e, 0xf1, 0xf3, 0xfa, 0xfd],
];

const summary = ({ execResult: { exceptionError, executionGasUsed, returnValue, logs, gasRefund } }: EVMResult) => ({
  error: exceptionError?.error as string | undefined,
  gas: executionGasUsed,
  gasRefund,
  returned: toHex(returnValue),
  logs: logs?.map(([, topics, data]) => [...topics, data].map(toHex)),
});

const NOTHING = { gas: 0n, gasRefund: undefined, returned: "0x", logs: undefined } as const;

describe("the embedded EVM's fast interpreter", () => {
  afterEach(() => {
    interpreter.isFast = true;
  });

  /** What code does, from an empty state, by the library's own loop and by the fast one. */
  async function bothOf(code: Uint8Array, gasLimit = GAS_LIMIT): Promise<ReturnType<typeof summary>[]> {
    const results: ReturnType<typeof summary>[] = [];
    for (const isFast of [false, true]) {
      interpreter.isFast = isFast;
      const evm = await createEVM();
      const { createdAddress: to } = await evm.runCall({ data: deploying(code), gasLimit: GAS_LIMIT });
      const call = evm.runCall({ to: to!, data: new Uint8Array(68).fill(7), gasLimit });
      // A precompile for which the library has no engine is no end of a call.
      results.push(await call.then(summary, (error: Error) => ({ ...NOTHING, error: error.message })));
    }
    return results;
  }

  it(`${PROGRAMS} random programs end the same way, with the same gas, data and logs`, async () => {
    const source = announced();
    const ends = new Map<string, number>();
    for (let i = 0; i < PROGRAMS; i++) {
      const pushes = Array.from({ length: 12 }, () => [0x60, 4 * source.below(40)]).flat();
      const drawn = Array.from({ length: 60 }, () =>
        source.below(3) === 0 ? [0x60, source.below(96)] : [source.pick(OPCODES)],
      ).flat();
      const [slow, fast] = await bothOf(Uint8Array.from([...START, ...pushes, ...drawn]), 100_000n);
      expect(fast, `SEED=${source.seed}, program ${i}`).to.deep.equal(slow);
      const end = slow!.error?.replace(/ at .*/, "") ?? "none"; // but for where
      ends.set(end, (ends.get(end) ?? 0) + 1);
    }
    expect([...ends.keys()]).to.include.members(["none", "revert", "out of gas", "invalid JUMP", "stack underflow"]);
  });

  it("a verifier of proofs does the same on calldata of zeros", async () => {
    const contract = StateProofHarness__factory.createInterface();
    const data = contract.encodeFunctionData("readSlot", [
      `0x${"11".repeat(32)}`,
      `0x${"00".repeat(32)}`,
      `0x${"c0".repeat(600)}`,
    ]);
    const results: unknown[] = [];
    for (const isFast of [false, true]) {
      interpreter.isFast = isFast;
      const evm = await createEVM();
      const bytecode = toBytes(StateProofHarness__factory.bytecode, "bytecode");
      const { createdAddress: to } = await evm.runCall({ data: bytecode, gasLimit: GAS_LIMIT });
      results.push(summary(await evm.runCall({ to: to!, data: toBytes(data, "data"), gasLimit: GAS_LIMIT })));
    }
    expect(results[1]).to.deep.equal(results[0]);
    expect(results[0]).to.have.property("error", "revert");
  });
});

/** What deploys this code: PUSH1 size, PUSH1 offset, PUSH0, CODECOPY, PUSH1 size, PUSH0, RETURN. */
function deploying(code: Uint8Array): Uint8Array {
  return Uint8Array.from([0x60, code.length, 0x60, 0x0a, 0x5f, 0x39, 0x60, code.length, 0x5f, 0xf3, ...code]);
}
