import type { HookContext, NetworkHooks } from "hardhat/types/hooks";
import type { ChainType, NetworkConnection } from "hardhat/types/network";

import { connectionForks } from "./connectionForks.js";
import type { HardhatTools } from "./factory.js";

/** The whole plugin. Where it is, chains are as it says. */
const WHOLE_PLUGIN = "settlement-guard";
const OPTIONS = { history: "storage", time: "raw", blockTime: 1 } as const;

/** Puts each simulated network under the simulator, which has it from the first request on. */
export default async (): Promise<Partial<NetworkHooks>> => {
  const taken = new WeakMap<object, ReturnType<typeof connectionForks>>();
  return {
    async newConnection<Type extends ChainType | string>(
      context: HookContext,
      next: (context: HookContext) => Promise<NetworkConnection<Type>>,
    ) {
      const connection = await next(context);
      const isWhole = context.config.plugins.some(({ id }) => id === WHOLE_PLUGIN);
      if (connection.networkConfig.type === "edr-simulated")
        taken.set(connection, connectionForks(connection as HardhatTools, context.network, isWhole ? {} : OPTIONS));
      return connection;
    },
    async closeConnection(context, connection, next) {
      if (!(await taken.get(connection)?.close())) await next(context, connection);
    },
  };
};
