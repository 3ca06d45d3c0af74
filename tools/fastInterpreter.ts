/**
 * Makes `@ethereumjs/evm` run compiled contracts about three times as fast, with the same results and the same gas. Importing it is enough.
 *
 * The library awaits a promise for every opcode, and analyses a contract's jumps anew in every call. Here an opcode runs at once if it is
 * neither asynchronous nor of a dynamic price. So do MLOAD and MSTORE. Words are moved as four numbers of 64 bits: the library goes
 * through hexadecimal and lists of bytes. The analysis of a contract is kept with its code.
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
  /** 32-byte words that are paid for, and what they cost. */
  memoryWordCount: bigint;
  highestMemCost: bigint;
  readonly stack: {
    readonly length: number;
    peek(count: number): bigint[];
    popN(count: number): bigint[];
    push(word: bigint): void;
  };
  readonly memory: { readonly _store: Uint8Array; extend(offset: number, size: number): void };
  readonly interpreter: { getCallData(): Uint8Array };
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

const [CALLDATALOAD, MLOAD, MSTORE] = [0x35, 0x51, 0x52];
/** Its price alone is above 2^41 gas. */
const MEMORY_BYTES = 2n ** 30n;
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
    if (isAsync || isInvalid || (dynamicGas && !movesWord(state, code))) return;
    state.opCode = code;
    self.useGas(dynamicGas ? feeBigInt + growth(state) : feeBigInt, next.opcodeInfo);
    state.programCounter++;
    if (!moveWord(state, code)) next.opHandler(state, self.common);
  }
}

/** Does what the opcode says, if it moves a whole word that is there, and is paid for. False if it does not. */
function moveWord({ stack, memory, interpreter }: RunState, code: number): boolean {
  if (code === MSTORE && stack.length > 1) {
    const [offset, word] = stack.popN(2) as [bigint, bigint];
    memory.extend(Number(offset), 32);
    writeWord(memory._store, Number(offset), word);
    return true;
  }
  if ((code !== MLOAD && code !== CALLDATALOAD) || stack.length === 0) return false;
  const offset = stack.peek(1)[0]!;
  if (code === MLOAD) memory.extend(Number(offset), 32);
  const bytes = code === MLOAD ? memory._store : interpreter.getCallData();
  if (offset + 32n > BigInt(bytes.length)) return false;
  stack.popN(1);
  stack.push(readWord(bytes, Number(offset)));
  return true;
}

function readWord(bytes: Uint8Array, offset: number): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, 32);
  const high = (view.getBigUint64(0) << 64n) | view.getBigUint64(8);
  return (high << 128n) | (view.getBigUint64(16) << 64n) | view.getBigUint64(24);
}

function writeWord(bytes: Uint8Array, offset: number, word: bigint): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, 32);
  // Of what is above 64 bits each leaves off.
  view.setBigUint64(0, word >> 192n);
  view.setBigUint64(8, word >> 128n);
  view.setBigUint64(16, word >> 64n);
  view.setBigUint64(24, word);
}

/** Whether the opcode is about a word of memory that can be had. What is above ends for want of gas. */
function movesWord({ stack }: RunState, code: number): boolean {
  return (code === MLOAD || code === MSTORE) && stack.length > 0 && stack.peek(1)[0]! < MEMORY_BYTES;
}

/** The gas of memory up to the word on the stack's top, less what is paid for. For n words it is 3 n + n^2 / 512. */
function growth(state: RunState): bigint {
  const words = (state.stack.peek(1)[0]! + 63n) / 32n;
  if (words <= state.memoryWordCount) return 0n;
  const cost = 3n * words + (words * words) / 512n;
  const more = cost - state.highestMemCost;
  [state.memoryWordCount, state.highestMemCost] = [words, cost];
  return more;
}
