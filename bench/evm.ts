import { createBlock } from "@ethereumjs/block";
import { Common, Hardfork, Mainnet } from "@ethereumjs/common";
import { createEVM } from "@ethereumjs/evm";
import { Interface } from "ethers";

import { toBytes, toHex, type Hex } from "../src/core/bytes.js";
import type { Artifact } from "../tools/compile.js";

/** What one call of a contract cost and returned. */
export interface Measurement {
  /** Gas of the call's frame: dispatch, ABI decoding and execution, without a transaction's 21,000 and its calldata. */
  gas: number;
  result: readonly unknown[];
}

/** A deployed contract of one function. */
export interface Measured {
  /** @returns undefined where the call reverts */
  call(args: readonly unknown[]): Promise<Measurement | undefined>;
  encode(args: readonly unknown[]): Hex;
  readonly codeSize: number;
}

/** An EVM in which contracts are measured. */
export interface Bench {
  deploy(artifact: Artifact): Promise<Measured>;
  /** The newest block before the one in which calls execute: the only one that BLOCKHASH knows. */
  setParent(number: bigint, hash: Hex): void;
}

/** More than any call that is measured needs; the longest grow memory quadratically. */
const GAS_LIMIT = 10n ** 10n;

/** Prague rules. Execution gas of what is measured here is the same under Cancun and Osaka. */
export async function createBench(): Promise<Bench> {
  const common = new Common({ chain: Mainnet, hardfork: Hardfork.Prague });
  let parent = { number: 0n, hash: new Uint8Array(32) };
  const evm = await createEVM({
    common,
    allowUnlimitedContractSize: true,
    blockchain: {
      getBlock: () => Promise.resolve({ hash: () => parent.hash }),
      putBlock: () => Promise.resolve(),
      shallowCopy() {
        return this;
      },
    },
  });

  return {
    setParent(number, hash) {
      parent = { number, hash: new Uint8Array(toBytes(hash, "block hash", 32)) };
    },

    async deploy({ abi, bytecode }) {
      const { createdAddress: to, execResult } = await evm.runCall({
        data: toBytes(bytecode, "bytecode"),
        gasLimit: GAS_LIMIT,
      });
      if (to === undefined || execResult.exceptionError !== undefined)
        throw new TypeError("a contract cannot be deployed");
      const contract = new Interface(abi);
      const name = contract.fragments.filter((fragment) => fragment.type === "function").map((it) => it.format())[0]!;
      const encode = (args: readonly unknown[]): Hex => contract.encodeFunctionData(name, args) as Hex;
      return {
        encode,
        codeSize: execResult.returnValue.length,
        async call(args) {
          const block = createBlock({ header: { number: parent.number + 1n } }, { common });
          const data = toBytes(encode(args), "calldata");
          const { execResult } = await evm.runCall({ to, data, gasLimit: GAS_LIMIT, block });
          if (execResult.exceptionError !== undefined) return undefined;
          const result = contract.decodeFunctionResult(name, toHex(execResult.returnValue));
          return { gas: Number(execResult.executionGasUsed), result: result.toArray() as unknown[] };
        },
      };
    },
  };
}
