/**
 * Makes `@ethereumjs/evm` run compiled contracts about three times as fast, with the same results and the same gas. Importing it is enough.
 *
 * The library awaits a promise for every opcode, and analyses a contract's jumps anew in every call. Here an opcode runs at once if it is
 * neither asynchronous nor of a dynamic price. So do MLOAD and MSTORE where memory does not grow. The analysis is kept with the code.
 * All else is left to the library. `test/tools/fastInterpreter.test.ts` compares both.
 */
import type { EVM } from "@ethereumjs/evm";

interface Opcode {
  readonly opcodeInfo: {
    readonly code: number;
    readonly dynamicGas: boolean;
    readonly isAsync: boolean;
    readonly isInvalid: boolean;
    readonly feeBigInt: bigint;
  };
  readonly opHandler: (state: RunState, common: unknown) => void;
}

interface Analysis {
  readonly opcodesCached: readonly Opcode[];
}

interface RunState {
  readonly code: Uint8Array;
  programCounter: number;
  opCode: number;
  /** 32-byte words that are paid for. */
  memoryWordCount: bigint;
  readonly stack: { readonly length: number; peek(count: number): bigint[] };
}

/** What is used of the library's interpreter. */
interface Interpreter {
  readonly _runState: RunState;
  readonly _evm: EVM & { readonly DEBUG: boolean };
  readonly common: unknown;
  runStep(opcode?: Opcode): Promise<void>;
  useGas(amount: bigint, context: unknown): void;
  _getValidJumpDestinations(code: Uint8Array): Analysis;
}

const [MLOAD, MSTORE] = [0x51, 0x52];
const { Interpreter } = (await import(new URL("interpreter.js", import.meta.resolve("@ethereumjs/evm")).href)) as {
  Interpreter: { prototype: Interpreter };
};

const { _getValidJumpDestinations: analyse, runStep } = Interpreter.prototype;
const analyses = new WeakMap<Uint8Array, Analysis>();

Interpreter.prototype._getValidJumpDestinations = function (code) {
  let analysis = analyses.get(code);
  if (analysis === undefined) analyses.set(code, (analysis = analyse.call(this, code)));
  return analysis;
};

/** Whether opcodes run at once; the test of this file turns it off. */
export const interpreter = { isFast: true };

// The library's loop calls this once for each opcode. It runs as many as it can before it returns.
Interpreter.prototype.runStep = async function (opcode) {
  await runStep.call(this, opcode);
  // Before the first jump the library has not analysed the code.
  if (opcode === undefined || !interpreter.isFast) return;
  if (this._evm.DEBUG || this._evm.events.listenerCount("step") > 0) return;
  runWhileImmediate(this, analyses.get(this._runState.code)!.opcodesCached);
};

function runWhileImmediate(self: Interpreter, opcodes: readonly Opcode[]): void {
  const state = self._runState;
  for (let next = opcodes[state.programCounter]; next !== undefined; next = opcodes[state.programCounter]) {
    const { code, isAsync, dynamicGas, isInvalid, feeBigInt } = next.opcodeInfo;
    if (isAsync || isInvalid || (dynamicGas && !isWithinMemory(state, code))) return;
    state.opCode = code;
    self.useGas(feeBigInt, next.opcodeInfo);
    state.programCounter++;
    next.opHandler(state, self.common);
  }
}

/** Whether the opcode is about a word of memory that is paid for already. */
function isWithinMemory({ stack, memoryWordCount }: RunState, code: number): boolean {
  if ((code !== MLOAD && code !== MSTORE) || stack.length === 0) return false;
  return stack.peek(1)[0]! + 32n <= memoryWordCount * 32n;
}
