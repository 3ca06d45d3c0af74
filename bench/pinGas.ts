import { AbiCoder, keccak256, Wallet, type BaseContract } from "ethers";
import { network } from "hardhat";

import { packWitness } from "../src/proof/witness.js";
import { compile, type Build } from "../tools/compile.js";
import { QUOTED, type RealSlot } from "./realProofs.js";

/** Whose signature stands for an oracle's: the key is the number 1. */
const ORACLE = new Wallet(`0x${"1".padStart(64, "0")}`);

/** The rules under which a transaction is paid for. */
export const RULES = ["prague", "amsterdam"] as const;

/** Ways to show that a slot holds something, in the order of the table. */
export const WAYS = {
  proven: "header, account and slot in one proof",
  rootPinned: "the same, which also pins the storage root",
  valuePinned: "the same, which also pins the value",
  underRoot: "slot under a pinned storage root",
  pinned: "pinned value",
  signed: "value signed by an oracle (ecrecover)",
} as const;
export type Way = keyof typeof WAYS;

/** The name of a receipt's figure in the snapshot. */
export function pinReceiptName(way: Way, rules: string): string {
  return `${QUOTED}: receipt of ${WAYS[way]}, rules of ${rules}`;
}

/** What a transaction pays that shows the quoted slot in each of the ways, by its receipt. Every first pin takes a new storage slot. */
export async function pinReceipts(build: Build, quoted: RealSlot): Promise<Record<string, number>> {
  const artifact = (await compile(["bench/contracts/Pins.sol"], build))["SettlementGuardPins"]!;
  const figures: Record<string, number> = {};
  for (const hardfork of RULES) {
    const { ethers } = await network.create({ network: "default", override: { hardfork } });
    const [signer] = await ethers.getSigners();
    const deploy = (): Promise<BaseContract> =>
      new ethers.ContractFactory(artifact.abi, artifact.bytecode, signer).deploy(
        ...[quoted.header!.number, quoted.header!.hash, quoted.account, quoted.slot, ORACLE.address],
      );
    const contract = await deploy();
    const send = async (way: Way, name: string, args: readonly unknown[], to = contract): Promise<void> => {
      const data = to.interface.encodeFunctionData(name, [...args]);
      const sent = await signer!.sendTransaction({ to: await to.getAddress(), data });
      figures[pinReceiptName(way, hardfork)] = Number((await sent.wait())!.gasUsed);
    };
    const { anchor, witness, storageWitness, storageRoot, header } = partsOf(quoted);
    await send("proven", "proven", [anchor, header, witness]);
    await send("rootPinned", "provenAndRootPinned", [anchor, header, witness]);
    await send("valuePinned", "provenAndValuePinned", [anchor, header, witness], await deploy());
    await send("underRoot", "underPinnedRoot", [storageRoot, storageWitness]);
    const other = await deploy();
    await send("valuePinned", "provenAndValuePinned", [anchor, header, witness], other);
    await send("pinned", "pinned", [quoted.value], other);
    const { chainId } = await ethers.provider.getNetwork();
    const digest = keccak256(
      AbiCoder.defaultAbiCoder().encode(
        ["uint256", "address", "uint64", "uint256"],
        [chainId, await contract.getAddress(), anchor[0], quoted.value],
      ),
    );
    const { r, s, v } = ORACLE.signingKey.sign(digest);
    await send("signed", "signed", [anchor[0], quoted.value, r, s, v]);
  }
  return figures;
}

/** What the contract takes of the quoted slot. */
function partsOf({ header, stateRoot, account, slot, accountProof, storageProof }: RealSlot) {
  const packed = packWitness(
    { stateRoot, account, slots: [slot] },
    { accountProof, storageProof: [{ key: slot, proof: storageProof }] },
  );
  return {
    anchor: [header!.number, header!.hash, stateRoot] as const,
    header: header!.rlp,
    witness: packed.witness,
    storageWitness: packed.storageWitness,
    storageRoot: packed.account!.storageRoot,
  };
}
