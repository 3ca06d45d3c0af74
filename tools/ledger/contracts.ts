import type { ContractFactory, InterfaceAbi, Signer } from "ethers";

import { compile, CONFIGURED } from "../compile.js";

/** A contract's class of factories, as typechain writes it. */
interface FactoryClass<Factory extends ContractFactory> {
  new (abi: InterfaceAbi, bytecode: string, signer: Signer): Factory;
  readonly name: string;
  readonly abi: unknown;
}

/**
 * A contract's factory, with the code that `compile` makes of its source. So a mutant may be put into it.
 *
 * @param Typed the contract's factory of typechain
 * @param source its path from the project's root
 */
export async function factoryOf<Factory extends ContractFactory>(
  Typed: FactoryClass<Factory>,
  source: string,
  signer: Signer,
): Promise<Factory> {
  const name = Typed.name.replace("__factory", "");
  const artifacts = await compile([source], CONFIGURED, [name]);
  return new Typed(Typed.abi as InterfaceAbi, artifacts[name]!.bytecode, signer);
}
