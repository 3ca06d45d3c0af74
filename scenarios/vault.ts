import { ethers } from "ethers";

import type { StateAnchor } from "../src/anchor/anchor.js";
import { toQuantity, type Hex } from "../src/core/bytes.js";
import { installL1Block } from "../src/forks/index.js";
import type { HardhatChain } from "../src/hardhat/index.js";
import { packWitness, type ProofAnswer } from "../src/proof/witness.js";
import { fetchHeader } from "../src/actions/fetchHeader.js";
import {
  DelayedVault__factory,
  GuardedVaultBackedPerps__factory,
  L1BlockStandIn__factory,
  UnguardedVaultBackedPerps__factory,
} from "../typechain-types/index.js";
import type { Outcome } from "./types.js";
import { TWINS, attempt, ether, forks, signersOf, type Role, type Twin } from "./world.js";

/** OP Mainnet's id: the chain on which the market's source is believed. */
export const L2_CHAIN_ID = 10;

/** What the market takes as evidence. The contract's `L1Proof`. */
export interface L1Proof {
  anchor: StateAnchor;
  headers: Hex[];
  witness: Hex;
}

/** An L1 with a vault on it, an L2 that shows its blocks, and the two markets there. */
export interface CrossChain {
  l1: HardhatChain;
  l2: HardhatChain;
  vault: string;
  markets: Record<Twin, string>;
}

/**
 * Builds both chains, with the vault on the one and the markets on the other.
 *
 * @param time "raw" where what is asked of days does not depend on the blocks in between
 */
export async function deployCrossChain(price: bigint, time: "live" | "raw" = "live"): Promise<CrossChain> {
  // One system transaction a block, so that proofs of past blocks verify.
  const l1 = await forks.create({ name: "L1", time });
  const l2 = await forks.create({ name: "L2", chainId: L2_CHAIN_ID, blockTime: 2, time });
  const onL1 = await signersOf(l1);
  const { deployer, feed } = await signersOf(l2);
  const vault = await (await new DelayedVault__factory(onL1.deployer).deploy()).getAddress();
  const standIn = await new L1BlockStandIn__factory(deployer).deploy();
  await installL1Block(l2, (await l2.tools.ethers.provider.getCode(standIn)) as Hex);
  const markets = {
    unguarded: await (await new UnguardedVaultBackedPerps__factory(deployer).deploy(vault, feed)).getAddress(),
    guarded: await (await new GuardedVaultBackedPerps__factory(deployer).deploy(vault, feed, L2_CHAIN_ID)).getAddress(),
  };
  const chains = { l1, l2, vault, markets };
  await setL2Price(chains, price);
  return chains;
}

export async function setL2Price(chains: CrossChain, price: bigint): Promise<void> {
  for (const twin of TWINS) await market(chains, twin, "feed").then((contract) => contract.setPrice(price));
}

/** One twin's market, called by `role`. */
export async function market({ l2, markets }: CrossChain, twin: Twin, role: Role) {
  return GuardedVaultBackedPerps__factory.connect(markets[twin], (await signersOf(l2))[role]);
}

/** The vault, called by `role`. */
export async function vaultOf({ l1, vault }: CrossChain, role: Role) {
  return DelayedVault__factory.connect(vault, (await signersOf(l1))[role]);
}

/**
 * Locks ether of a trader's for each of the two markets. What is locked for the one backs nothing
 * on the other.
 */
export async function lockForBoth(chains: CrossChain, role: Role, amount: bigint): Promise<void> {
  const vault = await vaultOf(chains, role);
  for (const twin of TWINS) await vault.lock(chains.markets[twin], L2_CHAIN_ID, { value: amount });
}

/** The key under which a vault keeps what backs `beneficiary` on a chain. The contract's `Beneficiary.keyOf`. */
export function beneficiaryKey(beneficiary: string, chainId: number): Hex {
  return hashOf(["uint256", "address"], [chainId, beneficiary]);
}

/** The slot of a vault that holds what `owner` has locked for `beneficiary`: `balances[key][owner]`, a mapping at slot 0. */
export function collateralSlot(owner: string, beneficiary: string, chainId: number): Hex {
  const ofBeneficiary = hashOf(["bytes32", "uint256"], [beneficiaryKey(beneficiary, chainId), 0]);
  return hashOf(["address", "bytes32"], [owner, ofBeneficiary]);
}

function hashOf(types: string[], values: unknown[]): Hex {
  return ethers.keccak256(ethers.AbiCoder.defaultAbiCoder().encode(types, values)) as Hex;
}

/** What a trader has locked for one market, as the vault says. */
export async function lockedFor(chains: CrossChain, twin: Twin, role: Role): Promise<bigint> {
  const owner = (await signersOf(chains.l1))[role];
  return (await vaultOf(chains, role)).balances(beneficiaryKey(chains.markets[twin], L2_CHAIN_ID), owner);
}

/** {@link proveOnL1} for each of the two markets. */
export async function proveForBoth(
  chains: CrossChain,
  role: Role,
  number: bigint,
  from: bigint,
): Promise<Record<Twin, L1Proof>> {
  return {
    unguarded: await proveOnL1(chains, "unguarded", role, number, from),
    guarded: await proveOnL1(chains, "guarded", role, number, from),
  };
}

/**
 * What L1 shows of a trader's balance for a market at block `number`. The headers lead from the
 * origin `from` down to it.
 */
export async function proveOnL1(
  { l1, vault, markets }: CrossChain,
  twin: Twin,
  role: Role,
  number: bigint,
  from: bigint,
): Promise<L1Proof> {
  const owner = await (await signersOf(l1))[role].getAddress();
  const slot = collateralSlot(owner, markets[twin], L2_CHAIN_ID);
  const headers: Hex[] = [];
  for (let height = from; height > number; height--)
    headers.push((await fetchHeader(l1.request, { block: { number: height } })).rlp);
  const anchored = await fetchHeader(l1.request, { block: { number } });
  headers.push(anchored.rlp);
  const answer = (await l1.request({
    method: "eth_getProof",
    params: [vault, [slot], toQuantity(number)],
  })) as ProofAnswer;
  const { witness } = packWitness({ stateRoot: anchored.stateRoot, account: vault, slots: [slot] }, answer);
  return {
    anchor: { number, hash: anchored.hash, stateRoot: anchored.stateRoot },
    headers,
    witness,
  };
}

/** A trader opens a position on one market. */
export async function openOn(
  chains: CrossChain,
  twin: Twin,
  role: Role,
  { size, margin, proof }: { size: bigint; margin: bigint; proof: L1Proof },
): Promise<Outcome> {
  const contract = await market(chains, twin, role);
  return attempt(
    contract.interface,
    () => contract.open(size, margin, proof),
    () => `Opened ${ether(size)}, backed by ${ether(margin)} ether on L1.`,
  );
}

/** A trader opens the same position on both markets, each with the proof of what is locked for it. */
export async function openOnBoth(
  chains: CrossChain,
  role: Role,
  { size, margin, proofs }: { size: bigint; margin: bigint; proofs: Record<Twin, L1Proof> },
): Promise<Record<Twin, Outcome>> {
  return {
    unguarded: await openOn(chains, "unguarded", role, { size, margin, proof: proofs.unguarded }),
    guarded: await openOn(chains, "guarded", role, { size, margin, proof: proofs.guarded }),
  };
}

/** The losses of a trader that nothing on L1 pays for: the scenario's own reckoning, from the vault itself. */
export async function uncovered(chains: CrossChain, role: Role): Promise<Record<Twin, bigint>> {
  const trader = (await signersOf(chains.l2))[role];
  const result = {} as Record<Twin, bigint>;
  for (const twin of TWINS) {
    const contract = await market(chains, twin, role);
    const held = await lockedFor(chains, twin, role);
    const profit = (await contract.results(trader)) + (await contract.profitOf(trader));
    const loss = profit < 0n ? -profit : 0n;
    result[twin] = loss > held ? loss - held : 0n;
  }
  return result;
}

export async function closeBoth({ l1, l2 }: CrossChain): Promise<void> {
  await Promise.all([l1.close(), l2.close()]);
}
