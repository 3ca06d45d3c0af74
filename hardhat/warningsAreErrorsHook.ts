import { HardhatPluginError } from "hardhat/plugins";
import type { SolidityHooks } from "hardhat/types/hooks";

export default async function solidityHooks(): Promise<Partial<SolidityHooks>> {
  return {
    async invokeSolc(context, compiler, input, config, next) {
      const output = await next(context, compiler, input, config);
      const warnings = (output.errors ?? []).filter(
        (message) => message.severity === "warning" && !sourceOf(message as Located)?.startsWith("npm/"),
      );
      if (warnings.length > 0) {
        const text = warnings.map((warning) => warning.formattedMessage ?? warning.message).join("\n");
        throw new HardhatPluginError("warnings-are-errors", `compiler warnings are errors here:\n${text}`);
      }
      return output;
    },
  };
}

/** Hardhat's type of a compiler message leaves out where it points. */
interface Located {
  sourceLocation?: { file: string };
}

function sourceOf({ sourceLocation }: Located): string | undefined {
  return sourceLocation?.file;
}
