import type { Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import type { Request } from "../rpc/request.js";

/** What identifies a chain at birth: two chains created with equal options have the same genesis block. */
export interface BackendOptions {
  /** Decimal EIP-155 chain id. Left out, the backend's own default. */
  readonly chainId?: number;
  /** Timestamp of the genesis block, in seconds since the epoch. Meaningless together with `forkFrom`. */
  readonly genesisTime?: number;
  /** Continue another chain's history and state after one of its blocks, instead of starting at a genesis. */
  readonly forkFrom?: { request: Request; blockNumber: bigint };
}

/** What a subscriber gets: EIP-1193's `ProviderMessage` for `eth_subscribe`. */
export interface SubscriptionMessage {
  readonly type: "eth_subscription";
  readonly data: { readonly subscription: Hex; readonly result: unknown };
}

/** One development chain in this process (or reachable from it), which nobody else mines on. */
export interface Backend<Tools = unknown> {
  /** The chain's own EIP-1193 `request`. Only the simulator talks to it directly. */
  readonly request: Request;
  /** What the backend offers a test besides RPC; for Hardhat the connection, with its `ethers` and `networkHelpers`. */
  readonly tools: Tools;
  /** The client makes EIP-2935's system call itself. The simulator then writes nothing, whatever `ChainOptions.history` says. */
  readonly hasHistory?: boolean;
  /** Methods that are answered for the simulator, and that do not do what a test would mean by them. */
  readonly reserved?: readonly string[];
  /**
   * When the backend was configured to mine. The simulator mines then in its place. Left out: each transaction at once.
   * The interval is in milliseconds, or the least and the greatest; zero is none.
   */
  readonly mining?: { readonly auto: boolean; readonly interval: number | readonly [number, number] };
  /**
   * Makes {@link Backend.tools} send what they ask through `request` from now on. The simulator must see everything
   * that mines a block. A backend whose tools do not mine leaves this out. The tools may ask for the backend, while it
   * answers the simulator. That must not wait for the simulator's answer: it goes through `inner`.
   */
  route?(request: Request, inner: Request): void;
  /** Passes a subscription's message on to {@link Backend.tools}. A backend whose tools do not listen leaves this out. */
  notify?(message: SubscriptionMessage): void;
  /** Frees the chain. Nothing is asked of it afterwards. */
  close(): Promise<void>;
}

/**
 * Creates independent chains.
 *
 * `settlement-guard/hardhat` has the factory for Hardhat 3. Any client will do whose `request` knows what follows, and
 * whose headers depend only on that and the chain's past. In particular they must not depend on the clock.
 * - `evm_mine` with a timestamp, `evm_setNextBlockTimestamp`, `evm_setBlockGasLimit`, `evm_setAutomine`;
 * - `evm_snapshot`, `evm_revert`, `hardhat_dropTransaction`, `eth_pendingTransactions`;
 * - `hardhat_setPrevRandao`, `hardhat_setCoinbase`, `hardhat_setCode`, `hardhat_setStorageAt`;
 * - `hardhat_setBalance`, `hardhat_impersonateAccount`.
 *
 * Hardhat 2 does, with the factory of `settlement-guard/hardhat2`. Anvil does not: `settlement-guard/anvil` answers what it lacks.
 */
export interface ChainFactory<Tools = unknown> {
  create(options: BackendOptions): Promise<Backend<Tools>>;
}

/** 2026-01-01T00:00:00Z. A backend's own default is the wall clock, with which no two chains have the same genesis. */
export const GENESIS_TIME = 1_767_225_600;

/** The simulated chain that tools belong to. No chain is simulated twice, whoever asks for it. */
export const chainOfTools = new WeakMap<object, object>();

/** JSON-RPC, EIP-1474 and EIP-1193: the method does not exist, is not supported. */
const NO_SUCH_METHOD: readonly unknown[] = [-32601, -32004, 4200];

/** The same in words, for clients that drop the code. */
const NO_SUCH_METHOD_TEXT = /^(?:unsupported (?:rpc )?method\b|(?:the |rpc )?method\b.*\b(?:not|unsupported)\b)/i;

/** Whether a node, or the client around it, says that it does not have the method. */
export function isMethodMissing(error: unknown): boolean {
  for (let depth = 0; depth < 4 && typeof error === "object" && error !== null; depth++) {
    const { code, message, error: inner, cause } = error as Record<string, unknown>;
    if (NO_SUCH_METHOD.includes(code) || (typeof message === "string" && NO_SUCH_METHOD_TEXT.test(message)))
      return true;
    error = inner ?? cause;
  }
  return false;
}

/** The backend's `request` for the simulator's own needs: the error names a method that the backend lacks. */
export function requestOf(backend: Backend, name: string): Request {
  return async (args) => {
    try {
      return await backend.request(args);
    } catch (error) {
      if (!isMethodMissing(error)) throw error;
      const reason = `The backend of ${name} lacks ${args.method}: the simulator runs on Hardhat 2 and 3, and on anvil by settlement-guard/anvil`;
      throw simulatorError(reason, error);
    }
  };
}

/** A request, as it is written down to be repeated. */
export interface RpcCall {
  method: string;
  params?: readonly unknown[];
}

/** Asks the backend, past the simulator. */
export type Ask = (method: string, ...params: unknown[]) => Promise<unknown>;

/** The simulator's error. `reason` is a full sentence without its full stop. */
export function simulatorError(reason: string, cause?: unknown): SettlementGuardError<"FORK_SIMULATOR"> {
  return new SettlementGuardError(
    "FORK_SIMULATOR",
    { reason },
    `${reason}.`,
    cause === undefined ? undefined : { cause },
  );
}

/** An error as clients throw it, with what they keep beside its words: a code of JSON-RPC (EIP-1474), a status. */
export function clientError(message: string, members: object): Error {
  // a client's own error, which none of this library is
  return Object.assign(new Error(message), members);
}
