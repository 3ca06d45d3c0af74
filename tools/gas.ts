import type { BaseContract, Interface } from "ethers";

/** What of hardhat-ethers is used here. */
interface Deployer {
  deployContract(name: string): Promise<BaseContract>;
}

/** Measures what calls cost to execute: not the transaction, its calldata, or the call itself. */
export interface GasMeter {
  /** @throws ethers' CALL_EXCEPTION MeasuredCallFailed where the call fails */
  measure(target: BaseContract, method: string, args: readonly unknown[]): Promise<number>;
}

/** Deploys the meter. The figures are exact: they come from GAS before and after the call, less what an empty callee costs. */
export async function deployGasMeter(ethers: Deployer): Promise<GasMeter> {
  const meter = await ethers.deployContract("GasMeter");
  return {
    async measure(target, method, args) {
      const callData = (target.interface as Interface).encodeFunctionData(method, args);
      const gas: unknown = await meter.getFunction("measure").staticCall(await target.getAddress(), callData);
      return Number(gas);
    },
  };
}
