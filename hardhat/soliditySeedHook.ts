import type { TestHooks } from "hardhat/types/hooks";

export default async function testHooks(): Promise<Partial<TestHooks>> {
  return {
    async onTestRunStart(context, id, next) {
      if (id === "solidity") {
        const { fuzz, invariant } = context.config.test.solidity.profiles["default"]!;
        console.log(
          `SOLIDITY_SEED=${fuzz.seed}: ${fuzz.runs} runs of a fuzz test, ${invariant?.runs} runs of ${invariant?.depth} calls of an invariant\n`,
        );
      }
      await next(context, id);
    },
  };
}
