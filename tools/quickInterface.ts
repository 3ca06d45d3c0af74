import {
  getAddress,
  Interface,
  type ErrorFragment,
  type EventFragment,
  type InterfaceAbi,
  type ParamType,
} from "ethers";

import { toHex, toWord, type Hex } from "../src/core/bytes.js";

/** Of one word each. */
const WORD = /^(?:bool|address|bytes32|u?int\d*)$/;

/** A name, and values in plain arrays. */
export interface Named {
  readonly name: string;
  readonly args: unknown[];
}

/** What is looked up once for each method. */
interface Method {
  readonly selector: string;
  readonly inputs: readonly ParamType[];
  readonly outputs: readonly ParamType[];
}

/**
 * An ABI for thousands of calls. Ethers hashes signatures and builds its coders anew in each. Here selectors are kept, and words, bytes
 * and lists of them are coded by hand. The rest is left to ethers.
 */
export class QuickInterface extends Interface {
  readonly #methods = new Map<string, Method>();
  readonly #errors = new Map<string, ErrorFragment>();
  readonly #events = new Map<string, EventFragment>();

  constructor(abi: InterfaceAbi) {
    super(abi);
    this.forEachError((error) => this.#errors.set(error.selector, error));
    this.forEachEvent((event) => this.#events.set(event.topicHash, event));
  }

  calldata(name: string, args: readonly unknown[]): Hex {
    const { selector, inputs } = this.#method(name);
    if (args.length !== inputs.length || !inputs.every(isPlain)) return this.encodeFunctionData(name, args) as Hex;
    return `${selector}${encoded(inputs, args)}` as Hex;
  }

  /** What a call returned. */
  returned(name: string, data: Hex): unknown[] {
    const { outputs } = this.#method(name);
    return decoded(outputs, data) ?? plain(this.decodeFunctionResult(name, data));
  }

  /** With what a call reverted; undefined where the ABI does not have it. */
  errorIn(data: Hex): Named | undefined {
    const error = this.#errors.get(data.slice(0, 10));
    if (error === undefined) {
      const builtin = data.length < 10 ? null : this.parseError(data);
      return builtin === null ? undefined : { name: builtin.name, args: plain(builtin.args) };
    }
    const args = decoded(error.inputs, `0x${data.slice(10)}`) ?? plain(this.decodeErrorResult(error, data));
    return { name: error.name, args };
  }

  /** A log of one of the ABI's events. */
  logOf(topics: readonly Hex[], data: Hex): Named {
    const event = this.#events.get(topics[0] ?? "")!;
    return { name: event.name, args: plain(this.decodeEventLog(event, data, topics)) };
  }

  #method(name: string): Method {
    let method = this.#methods.get(name);
    if (method === undefined) this.#methods.set(name, (method = methodOf(this, name)));
    return method;
  }
}

function methodOf(abi: Interface, name: string): Method {
  const { selector, inputs, outputs } = abi.getFunction(name)!;
  return { selector, inputs, outputs };
}

function isPlain({ type, arrayLength, arrayChildren }: ParamType): boolean {
  return WORD.test(type) || type === "bytes" || (arrayLength === -1 && isPlain(arrayChildren!));
}

/** Words and offsets, and behind them what the offsets lead to. */
function encoded(types: readonly ParamType[], values: readonly unknown[]): string {
  let heads = "";
  let tails = "";
  for (const [i, type] of types.entries()) {
    const part = encodedOne(type, values[i]);
    if (WORD.test(type.type)) heads += part;
    else {
      heads += wordOf(32 * types.length + tails.length / 2);
      tails += part;
    }
  }
  return heads + tails;
}

function encodedOne({ type, arrayChildren }: ParamType, value: unknown): string {
  if (arrayChildren !== null) {
    const items = value as readonly unknown[];
    return wordOf(items.length) + encoded(new Array<ParamType>(items.length).fill(arrayChildren), items);
  }
  if (type === "bool" || type.includes("int")) return wordOf(value as bigint);
  const digits = (typeof value === "string" ? value.toLowerCase() : toHex(value as Uint8Array)).slice(2);
  if (type === "bytes") return wordOf(digits.length / 2) + digits.padEnd(64 * Math.ceil(digits.length / 64), "0");
  if (digits.length !== (type === "address" ? 40 : 64)) throw new RangeError(`${digits} is no ${type}`);
  return digits.padStart(64, "0");
}

function wordOf(value: bigint | number | boolean): string {
  return toWord(BigInt.asUintN(256, BigInt(value))).slice(2);
}

/** Undefined where it is not just words. */
function decoded(types: readonly ParamType[], data: Hex): unknown[] | undefined {
  if (data.length !== 2 + 64 * types.length || !types.every(({ type }) => WORD.test(type))) return undefined;
  return types.map(({ type }, i) => {
    const word: Hex = `0x${data.slice(2 + 64 * i, 66 + 64 * i)}`;
    if (type === "bytes32") return word;
    if (type === "address") return getAddress(`0x${word.slice(26)}`);
    if (type === "bool") return BigInt(word) !== 0n;
    return type.startsWith("int") ? BigInt.asIntN(256, BigInt(word)) : BigInt(word);
  });
}

/** Values as ethers decodes them, in plain arrays. */
function plain(values: Iterable<unknown>): unknown[] {
  return Array.from(values, (value) => (Array.isArray(value) ? plain(value) : value));
}
