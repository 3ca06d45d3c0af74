import type { HookContext, NetworkHooks } from "hardhat/types/hooks";
import type { ChainType, NetworkConnection } from "hardhat/types/network";

import { connectionForks } from "./connectionForks.js";
import { connectionGuard } from "./connectionGuard.js";
import type { HardhatTools } from "./factory.js";

/** The plugin that loads chai. Where it is not, nobody expects matchers, and chai would be loaded for nothing. */
const CHAI_PLUGIN = "hardhat-ethers-chai-matchers";

/** Adds to every connection what is made when it is first taken. */
export default async (): Promise<Partial<NetworkHooks>> => {
  let matchers: Promise<void> | undefined;
  const taken = new WeakMap<object, ReturnType<typeof connectionForks>>();
  return {
    async newConnection<Type extends ChainType | string>(
      context: HookContext,
      next: (context: HookContext) => Promise<NetworkConnection<Type>>,
    ) {
      if (context.config.plugins.some(({ id }) => id === CHAI_PLUGIN)) await (matchers ??= addMatchers());
      const connection = await next(context);
      addLazily(connection, "guard", () => connectionGuard(connection.provider));
      addLazily(connection, "forks", () => {
        const own = connectionForks(connection as HardhatTools, context.network);
        taken.set(connection, own);
        return own.forks;
      });
      return connection;
    },
    async closeConnection(context, connection, next) {
      if (!(await taken.get(connection)?.close())) await next(context, connection);
    },
  };
};

async function addMatchers(): Promise<void> {
  await (await import("./lazyMatchers.js")).addMatchersLazily();
}

/** Whoever lists a connection takes nothing. */
function addLazily(target: object, name: string, make: () => unknown): void {
  let made: unknown;
  Object.defineProperty(target, name, { configurable: true, get: () => (made ??= make()) });
}
