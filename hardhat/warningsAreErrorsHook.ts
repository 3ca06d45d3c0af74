import { HardhatPluginError } from "hardhat/plugins";
import type { SolidityHooks } from "hardhat/types/hooks";

export default async function solidityHooks(): Promise<Partial<SolidityHooks>> {
  return {
    async invokeSolc(context, compiler, input, config, next) {
      const output = await next(context, compiler, input, config);
      const warnings = (output.errors ?? []).filter(
        (message) => message.severity === "warning" && !isForeign(message) && !isSizeOfTest(message),
      );
      if (warnings.length > 0) {
        const text = warnings.map((warning) => warning.formattedMessage ?? warning.message).join("\n");
        throw new HardhatPluginError("warnings-are-errors", `compiler warnings are errors here:\n${text}`);
      }
      return output;
    },
  };
}

interface Message {
  errorCode?: string;
  /** Hardhat's type of a compiler message leaves out where it points. */
  sourceLocation?: { file: string };
}

function isForeign({ sourceLocation }: Message): boolean {
  return sourceLocation?.file.startsWith("npm/") ?? false;
}

/** A contract of the Solidity tests may exceed the limits of code and initcode: it is deployed on no chain. */
function isSizeOfTest({ errorCode, sourceLocation }: Message): boolean {
  return (errorCode === "5574" || errorCode === "3860") && (sourceLocation?.file.startsWith("project/test/") ?? false);
}
