import { toBytes, toHex, toQuantity, toWord, type Hex } from "../core/bytes.js";
import { invalidResponse } from "../core/errors.js";
import { selectorOf } from "../explain/guardErrors.js";
import type { HashedHeader } from "../header/fields.js";
import { fetchHeader } from "./fetchHeader.js";
import { call, type Connection, type RequestOptions } from "../rpc/request.js";

/** What a call did: what it returned, or what it reverted with. */
export interface Outcome {
  readonly succeeded: boolean;
  readonly data: Hex;
}

/** Asks contracts at one block. The answers are the endpoint's word: whoever asks compares them with what was hashed here. */
export class ChainReader {
  private readonly headers = new Map<bigint, HashedHeader>();

  constructor(
    readonly connection: Connection,
    readonly head: HashedHeader,
    readonly asking: RequestOptions,
  ) {}

  async codeAt(address: Hex): Promise<Uint8Array> {
    const answer = await call(this.connection, "eth_getCode", [address, this.block], this.asking);
    return toBytes(answer, "the code");
  }

  /** A header, hashed here. Each is asked for once. */
  async headerAt(number: bigint): Promise<HashedHeader> {
    const header = this.headers.get(number) ?? (await fetchHeader(this.connection, { block: number, ...this.asking }));
    this.headers.set(number, header);
    return header;
  }

  /** What a view returns, in words of 32 bytes. @throws RPC_FAILED where it reverts */
  async words(to: Hex, data: Hex): Promise<Hex[]> {
    const bytes = await this.ethCall([{ to, data }, this.block]);
    if (bytes.length === 0 || bytes.length % 32 !== 0)
      throw invalidResponse("eth_call", `${bytes.length} bytes are no words`);
    return Array.from({ length: bytes.length / 32 }, (_, i) => toHex(bytes.subarray(32 * i, 32 * i + 32)));
  }

  /** Calls of a contract one after the other, and what the last one did. Nothing of it stays. */
  attempt(to: Hex, calls: readonly Hex[]): Promise<Outcome> {
    return this.outcome([{ data: codeOf(to, calls) }, this.block]);
  }

  /** As {@link attempt}, with `account` as the sender. For this call its code is replaced (state override). */
  attemptAs(account: Hex, to: Hex, calls: readonly Hex[]): Promise<Outcome> {
    return this.outcome([{ to: account, data: "0x" }, this.block, { [account]: { code: codeOf(to, calls) } }]);
  }

  private async outcome(params: readonly unknown[]): Promise<Outcome> {
    const bytes = await this.ethCall(params);
    // Without code at the account nothing comes back.
    if (bytes.length < 32)
      throw invalidResponse("eth_call", "the endpoint did not run what it was given: it may take no state override");
    return { succeeded: bytes[31] === 1, data: toHex(bytes.subarray(32)) };
  }

  private async ethCall(params: readonly unknown[]): Promise<Uint8Array> {
    return toBytes(await call(this.connection, "eth_call", params, this.asking), "what eth_call returns");
  }

  private get block(): Hex {
    return toQuantity(this.head.number);
  }
}

/** Bytes of one call in {@link codeOf}, and of what follows the last. */
const STEP_SIZE = 43;
const END_SIZE = 16;

/**
 * Code that calls `to` once for each of the calls. It returns a word, 1 where the last call succeeded, and what that
 * one returned or reverted with. It runs as the code of a contract that is created, or of an account.
 */
function codeOf(to: Hex, calls: readonly Hex[]): Hex {
  let at = STEP_SIZE * calls.length + END_SIZE;
  const steps = calls.map((data) => {
    const size = (data.length - 2) / 2;
    const push = (value: number): string => `61${value.toString(16).padStart(4, "0")}`;
    // CODECOPY(0, at, size), then CALL(gas, to, 0, 0, size, 0, 0), whose result stays on the stack.
    const step = `${push(size)}${push(at)}60003960006000${push(size)}6000600073${to.slice(2)}5af1`;
    at += size;
    return step;
  });
  // MSTORE(0, result), RETURNDATACOPY(32, 0, size), RETURN(0, 32 + size).
  const end = "6000523d600060203e3d6020016000f3";
  return `0x${steps.join("")}${end}${calls.map((data) => data.slice(2)).join("")}`;
}

/** The selector, and the words after it. */
export function callOf(name: string, types: readonly string[], ...words: readonly (bigint | Hex)[]): Hex {
  const args = words.map((word) => (typeof word === "bigint" ? toWord(word) : word).slice(2));
  return `${selectorOf(name, types)}${args.join("")}`;
}
