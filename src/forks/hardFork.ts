import { toQuantity } from "../core/bytes.js";
import { checkOptions } from "../rpc/options.js";
import { SimulatedChain } from "./chain.js";

export interface HardForkOptions {
  /** The new chain's id. Left out, both chains keep the old one, and every signature is good on both. */
  readonly chainId?: number;
  /** Default: "hard fork of …". */
  readonly name?: string;
}

/**
 * Splits a chain at its head: returns a new chain with the same past and state. Its first own block, empty, is mined already.
 *
 * The original remains as it is. Until the new chain is closed it refuses to be rolled back below the fork block. The
 * new chain reads from there, so close the new chain first. On the new chain `eth_getProof` is at the backend's mercy.
 * Hardhat has none for a fork with blocks of its own.
 *
 * @example
 * const fork = await hardFork(chain, { chainId: 10_001 });
 */
export async function hardFork<Tools>(
  chain: SimulatedChain<Tools>,
  options: HardForkOptions = {},
): Promise<SimulatedChain<Tools>> {
  checkOptions(options, ["chainId", "name"]);
  const chainId = options.chainId ?? Number(await chain.request({ method: "eth_chainId" }));
  const name = options.name ?? `hard fork of ${chain.name}`;
  const release = await chain.pin();
  let fork: SimulatedChain<Tools> | undefined;
  try {
    const forkFrom = { request: chain.request, blockNumber: chain.head.number };
    fork = await SimulatedChain.create(chain.factory, { ...chain.options, chainId, name, forkFrom });
    fork.onClose(release);
    await copyAccounts(chain, fork);
    await fork.diverge(`${name} ${chainId}`);
    await fork.mine();
    return fork;
  } catch (error) {
    release();
    await fork?.close();
    throw error;
  }
}

/** A development node gives its own accounts a fresh balance wherever it starts; a fork's accounts have what they had. */
async function copyAccounts(from: SimulatedChain, to: SimulatedChain): Promise<void> {
  const block = toQuantity(to.head.number);
  for (const account of (await to.request({ method: "eth_accounts" })) as string[]) {
    const [before, now] = await Promise.all(
      [from, to].map((chain) => chain.request({ method: "eth_getBalance", params: [account, block] })),
    );
    if (before !== now) await to.request({ method: "hardhat_setBalance", params: [account, before] });
  }
}
