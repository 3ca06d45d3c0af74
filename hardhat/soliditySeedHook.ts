import type { TestHooks } from "hardhat/types/hooks";

export default async function testHooks(): Promise<Partial<TestHooks>> {
  return {
    async onTestRunStart(context, id, next) {
      if (id === "solidity") {
        const { fuzz, invariant } = context.config.test.solidity.profiles["default"]!;
        const sequences = `${invariant?.runs} sequences of ${invariant?.depth} steps`;
        console.log(`SEED=${BigInt(fuzz.seed)}: ${sequences} for an invariant, ${fuzz.runs} runs for a fuzz test\n`);
      }
      await next(context, id);
    },
  };
}
