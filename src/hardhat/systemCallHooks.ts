import type { HookContext, NetworkHooks } from "hardhat/types/hooks";
import type { ChainType, NetworkConnection } from "hardhat/types/network";

import { connectionForks } from "./connectionForks.js";
import type { HardhatTools } from "./factory.js";

/** Puts each simulated network under the simulator, which has it from the first request on. */
export default async (): Promise<Partial<NetworkHooks>> => {
  const taken = new WeakMap<object, ReturnType<typeof connectionForks>>();
  return {
    async newConnection<Type extends ChainType | string>(
      context: HookContext,
      next: (context: HookContext) => Promise<NetworkConnection<Type>>,
    ) {
      const connection = await next(context);
      if (connection.networkConfig.type === "edr-simulated")
        taken.set(
          connection,
          connectionForks(connection as HardhatTools, context.network, {
            history: "storage",
            time: "raw",
            blockTime: 1,
          }),
        );
      return connection;
    },
    async closeConnection(context, connection, next) {
      if (!(await taken.get(connection)?.close())) await next(context, connection);
    },
  };
};
