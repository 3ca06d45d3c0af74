import { createRequire } from "node:module";
import { join } from "node:path";

import { simulatorError } from "../forks/backend.js";
import type { Request } from "../rpc/request.js";

/** The provider of Hardhat 2: EIP-1193, and what was there before it. */
export interface Hardhat2Provider {
  request(args: Parameters<Request>[0]): Promise<unknown>;
  send(method: string, params?: unknown[]): Promise<unknown>;
  sendAsync(call: JsonRpcCall, callback: (error: unknown, response: object) => void): void;
  emit(event: string, message: unknown): boolean;
}

interface JsonRpcCall {
  readonly id?: unknown;
  readonly method: string;
  readonly params?: readonly unknown[];
}

/** What is used of the runtime environment of Hardhat 2: `import hre from "hardhat"`. */
export interface Hardhat2 {
  readonly version: string;
  readonly artifacts: unknown;
  readonly config: {
    readonly paths: { readonly root: string };
    readonly networks: { readonly hardhat: HardhatNetwork };
  };
  readonly network: {
    readonly name: string;
    readonly provider: { readonly request: (args: never) => Promise<unknown> };
  };
}

/** Configuration of the network in process. */
export interface HardhatNetwork {
  readonly mining: { readonly auto: boolean; readonly interval: number | number[] };
}

type CreateProvider = (config: object, network: string, artifacts: unknown) => Promise<Hardhat2Provider>;
type Extender = (environment: Hardhat2) => void;

/** The oldest 2.x of which both modules below are known. */
const OLDEST_MINOR = 26;

/** @throws FORK_SIMULATOR for another Hardhat than 2.26 and later */
export function requireHardhat2(hre: Hardhat2): void {
  const { version } = (hre as Partial<Hardhat2> | undefined) ?? {};
  const [major, minor] = String(version).split(".").map(Number);
  if (major === 2 && minor! >= OLDEST_MINOR) return;
  throw simulatorError(
    `The simulator runs on Hardhat 2.${OLDEST_MINOR} and later, and on Hardhat 3 by settlement-guard/hardhat: this is ${version === undefined ? "neither" : `Hardhat ${version}`}`,
  );
}

/**
 * What makes further chains in process, and what plugins add to an environment. Hardhat 2 has one chain, and no public way to
 * another. Both modules are the same from 2.26 to 2.29, and Hardhat 2 gets no features any more.
 *
 * @throws FORK_SIMULATOR where a module is not as it is known
 */
export function internalsOf({ version, config }: Hardhat2): { createProvider: CreateProvider; extenders: Extender[] } {
  try {
    const load = createRequire(join(config.paths.root, "package.json"));
    const { createProvider } = load("hardhat/internal/core/providers/construction") as {
      createProvider: CreateProvider;
    };
    const { HardhatContext } = load("hardhat/internal/context") as {
      HardhatContext: { getHardhatContext(): { environmentExtenders: Extender[] } };
    };
    const extenders = [...HardhatContext.getHardhatContext().environmentExtenders];
    if (typeof createProvider === "function") return { createProvider, extenders };
  } catch (cause) {
    throw simulatorError(`Hardhat ${version} has not the modules that make further chains`, cause);
  }
  throw simulatorError(`Hardhat ${version} makes no provider where 2.${OLDEST_MINOR} does`);
}

/** Makes a provider send by `request` what it is asked, in each of its ways. */
export function routeProvider(provider: Hardhat2Provider, request: Request): void {
  const ways: Omit<Hardhat2Provider, "emit"> = {
    request,
    send: (method, params = []) => request({ method, params }),
    sendAsync: ({ id, method, params = [] }, callback) =>
      void request({ method, params }).then(
        (result) => callback(null, { jsonrpc: "2.0", id, result }),
        (error: unknown) => callback(error, {}),
      ),
  };
  Object.assign(provider, ways);
}
