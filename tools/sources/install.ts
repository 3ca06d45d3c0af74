import type { Signer } from "ethers";

import type { Hex } from "../../src/core/bytes.js";
import type { HardhatChain } from "../../src/hardhat/index.js";

/** The address of Arbitrum's ArbSys precompile. */
export const ARB_SYS: Hex = "0x0000000000000000000000000000000000000064";

/** The account that sends a test chain's transactions. */
export async function signerOf(chain: HardhatChain): Promise<Signer> {
  const [signer] = await chain.tools.ethers.getSigners();
  return signer as Signer;
}

/** Puts the runtime code of a contract of this project at an address. */
export async function installAt(chain: HardhatChain, address: Hex, name: string): Promise<void> {
  const contract = await chain.tools.ethers.deployContract(name);
  const code = await chain.tools.ethers.provider.getCode(contract);
  await setCode(chain, address, code);
}

export async function setCode(chain: HardhatChain, address: Hex, code: string): Promise<void> {
  await chain.request({ method: "hardhat_setCode", params: [address, code] });
}

/** The opcodes of runtime code, without what PUSH instructions carry, and without the compiler's metadata at its end. */
export function opcodesOf(code: Hex): Set<number> {
  const bytes = Buffer.from(code.slice(2), "hex");
  const end = bytes.length - 2 - bytes.readUInt16BE(bytes.length - 2);
  const opcodes = new Set<number>();
  for (let at = 0; at < end; at++) {
    const opcode = bytes[at]!;
    opcodes.add(opcode);
    if (opcode >= 0x60 && opcode <= 0x7f) at += opcode - 0x5f;
  }
  return opcodes;
}
