import type { ethers } from "ethers";

import { type Anchor } from "../src/anchor/anchor.js";
import { latestAnchor } from "../src/actions/latestAnchor.js";
import { withAnchor } from "../src/anchor/typedData.js";
import type { HardhatChain } from "../src/hardhat/index.js";
import { GuardedClaimVault__factory, UnguardedClaimVault__factory } from "../typechain-types/index.js";
import type { Action, Outcome, Scenario } from "./types.js";
import { TWINS, UNIT, attempt, blocksOf, ether, forks, signersOf, type Twin } from "./world.js";

const AMOUNT = 200n * UNIT;
const ETHPOW_CHAIN_ID = 10_001;

interface SignedClaim {
  claim: { to: string; amount: bigint; nonce: bigint; anchor: Anchor };
  signature: string;
}

/** A payout signed for one branch of a split, presented on the other. */
export const ethpowReplay: Scenario = {
  id: "ethpow-replay",
  title: "A hard fork that copies every balance",
  incident:
    "In September 2022, days after ETHPoW split off Ethereum, a transfer of 200 ether was replayed there, because a bridge kept the chain id in storage.",

  async run(progress) {
    const ethereum = await forks.create({ name: "ethereum" });
    const { deployer, feed: operator, provider } = await signersOf(ethereum);
    const addresses = {
      unguarded: await (await new UnguardedClaimVault__factory(deployer).deploy(operator)).getAddress(),
      guarded: await (await new GuardedClaimVault__factory(deployer).deploy(operator)).getAddress(),
    };
    for (const twin of TWINS)
      await (await provider.sendTransaction({ to: addresses[twin], value: 10n * AMOUNT })).wait();
    await ethereum.mine(10);

    const before = await latestAnchor(ethereum.request, { depth: 1 });
    const signedBefore = ethereum.head;
    const early = await signClaims(ethereum, addresses, 0n, before);

    progress("the chain splits: one branch with a new id, one with the old");
    const ethpow = await forks.hardFork(ethereum, { chainId: ETHPOW_CHAIN_ID, name: "ethpow" });
    const sister = await forks.hardFork(ethereum, { name: "sister" });
    const split = ethereum.head.number;
    for (const chain of [ethereum, ethpow, sister]) await chain.mine(3);
    const after = await latestAnchor(ethereum.request, { depth: 1 });
    const signedAfter = ethereum.head;
    const late = await signClaims(ethereum, addresses, 1n, after);

    progress("the claims are paid on ethereum");
    const paid: Outcome[] = [];
    for (const claims of [early, late])
      for (const twin of TWINS) paid.push(await claim(ethereum, addresses, twin, claims[twin]));
    if (paid.some(({ executed }) => !executed)) throw new RangeError("a claim was not paid on its own branch");

    progress("and presented again elsewhere");
    const replay = async (
      name: string,
      chain: HardhatChain,
      claims: Record<Twin, SignedClaim>,
      anchor: Anchor,
      signedAt: Action["signedAt"],
    ): Promise<Action> => ({
      name,
      signedAt,
      signedOn: "ethereum",
      anchor,
      presentedAt: chain.head,
      presentedOn: chain.name,
      legal: false,
      because: `the operator signed one payout of ${ether(AMOUNT)}, and it was paid on ethereum.`,
      unguarded: await claim(chain, addresses, "unguarded", claims.unguarded),
      guarded: await claim(chain, addresses, "guarded", claims.guarded),
    });
    const actions = [
      await replay("New chain id, claim signed after the split", ethpow, late, after, signedAfter),
      await replay(
        "New chain id, claim signed before the split: the anchor holds on both branches, the live chain id does not",
        ethpow,
        early,
        before,
        signedBefore,
      ),
      await replay(
        "Same chain id, claim signed after the split: only the anchor tells the branches apart",
        sister,
        late,
        after,
        signedAfter,
      ),
    ];

    // Of every replay that paid, the vault lost the amount without owing it.
    const badDebt = { unguarded: 0n, guarded: 0n };
    for (const chain of [ethpow, sister])
      for (const twin of TWINS) badDebt[twin] += 10n * AMOUNT - (await balanceOf(chain, addresses[twin]));

    const past = blocksOf(ethereum, split - 2n).filter(({ number }) => number < split);
    const branches = [
      { name: "ethereum", fate: "canonical" as const, blocks: [...past, ...blocksOf(ethereum, split)] },
      { name: "ethpow (new id)", fate: "sister" as const, blocks: [...past, ...blocksOf(ethpow, split)] },
      { name: "sister (same id)", fate: "sister" as const, blocks: [...past, ...blocksOf(sister, split)] },
    ];
    await Promise.all([ethpow.close(), sister.close()]);
    await ethereum.close();
    return {
      branches,
      actions,
      badDebt: { ...badDebt, unit: "ETH", decimals: 18 },
      notes: [
        "A claim signed before a split that keeps the chain id is good on both branches: nothing in it tells them apart. A claim must therefore be anchored after the split, and be short-lived.",
      ],
    };
  },
};

async function signClaims(
  chain: HardhatChain,
  addresses: Record<Twin, string>,
  nonce: bigint,
  anchor: Anchor,
): Promise<Record<Twin, SignedClaim>> {
  const { feed: operator, erin } = await signersOf(chain);
  const { chainId } = await chain.tools.ethers.provider.getNetwork();
  const plain = { to: await erin.getAddress(), amount: AMOUNT, nonce };
  const type = [
    { name: "to", type: "address" },
    { name: "amount", type: "uint256" },
    { name: "nonce", type: "uint256" },
  ];
  const { types, message } = withAnchor({ types: { Claim: type }, message: plain, anchor });
  const sign = async (twin: Twin): Promise<SignedClaim> => {
    const domain = { name: "Claim Vault", version: "1", chainId, verifyingContract: addresses[twin] };
    return { claim: { ...plain, anchor }, signature: await operator.signTypedData(domain, types, message) };
  };
  return { unguarded: await sign("unguarded"), guarded: await sign("guarded") };
}

async function claim(
  chain: HardhatChain,
  addresses: Record<Twin, string>,
  twin: Twin,
  { claim, signature }: SignedClaim,
): Promise<Outcome> {
  const { erin } = await signersOf(chain);
  const vault = GuardedClaimVault__factory.connect(addresses[twin], erin);
  return attempt(
    vault.interface,
    () => vault.claim(claim, signature) as Promise<ethers.ContractTransactionResponse>,
    () => `Paid ${ether(claim.amount)} ether.`,
  );
}

async function balanceOf(chain: HardhatChain, address: string): Promise<bigint> {
  return chain.tools.ethers.provider.getBalance(address);
}
