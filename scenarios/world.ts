import { ethers } from "ethers";
import { network } from "hardhat";

import { explain } from "../src/explain/explain.js";
import { decodeLibraryError } from "../src/explain/guardErrors.js";
import type { Anchor } from "../src/anchor/anchor.js";
import { withAnchor, type TypedDataField } from "../src/anchor/typedData.js";
import { toQuantity } from "../src/core/bytes.js";
import { revertDataOf } from "../src/explain/revertData.js";
import { hardhatForks, type HardhatChain } from "../src/hardhat/index.js";
import {
  GuardedPerps__factory,
  ProofDesk__factory,
  TestToken__factory,
  UnguardedPerps__factory,
  type CautiousPerps__factory,
  type GuardedPerps,
  type OrbitPerps__factory,
  type OriginGuardedPerps__factory,
} from "../typechain-types/index.js";
import type { BlockRef, Outcome } from "./types.js";

/** The simulator on which every scenario runs. */
export const forks = hardhatForks(network);

export const MARKET = ethers.encodeBytes32String("ETH-PERP");
export const UNIT = 10n ** 18n;
export const TWINS = ["unguarded", "guarded"] as const;
export type Twin = (typeof TWINS)[number];

/** Who is who among a chain's accounts. */
const ROLES = ["deployer", "feed", "keeper", "provider", "alice", "bob", "carol", "dave", "erin", "frank"] as const;
export type Role = (typeof ROLES)[number];

/** Addresses of the two exchanges and their token; the same on every branch, for they were deployed before the split. */
export interface Addresses {
  token: string;
  guarded: string;
  unguarded: string;
}

/** One chain as a test's participants see it: the twins, the token and the accounts, all through that chain's node. */
export interface World {
  chain: HardhatChain;
  addresses: Addresses;
  signers: Record<Role, ethers.Signer>;
}

/** The guarded twin, and its variants for other chains and policies. */
type GuardedFactory =
  | typeof GuardedPerps__factory
  | typeof OriginGuardedPerps__factory
  | typeof OrbitPerps__factory
  | typeof CautiousPerps__factory;

/** Deploys the token and the two exchanges, and funds their liquidity. */
export async function deployExchanges(
  chain: HardhatChain,
  setup: { price: bigint; liquidity: bigint; guarded?: GuardedFactory },
): Promise<Addresses> {
  const signers = await signersOf(chain);
  const { deployer, feed, keeper, provider } = signers;
  const token = await new TestToken__factory(deployer).deploy();
  const roles = [await feed.getAddress(), await keeper.getAddress()] as const;
  const proofs = await new ProofDesk__factory(deployer).deploy();
  const guarded = await new (setup.guarded ?? GuardedPerps__factory)(deployer).deploy(token, ...roles, proofs);
  const unguarded = await new UnguardedPerps__factory(deployer).deploy(token, ...roles);
  const addresses = {
    token: await token.getAddress(),
    guarded: await guarded.getAddress(),
    unguarded: await unguarded.getAddress(),
  };
  const world: World = { chain, addresses, signers };
  await setPrice(world, setup.price);
  await token.mint(provider, 2n * setup.liquidity);
  for (const twin of TWINS) {
    await token.connect(provider).approve(addresses[twin], ethers.MaxUint256);
    await exchange(world, twin, "provider").provideLiquidity(setup.liquidity);
  }
  return addresses;
}

/** The same exchanges, seen through another chain's node. */
export async function connect(chain: HardhatChain, addresses: Addresses): Promise<World> {
  return { chain, addresses, signers: await signersOf(chain) };
}

export async function signersOf(chain: HardhatChain): Promise<Record<Role, ethers.Signer>> {
  const all = await chain.tools.ethers.getSigners();
  return Object.fromEntries(ROLES.map((role, index) => [role, all[index]])) as unknown as Record<Role, ethers.Signer>;
}

/** Read once: it takes longer than a call. */
const INTERFACE = GuardedPerps__factory.createInterface();

/** One twin's contract, called by `role`. Both twins have the same interface. */
export function exchange(world: World, twin: Twin, role: Role): GuardedPerps {
  return new ethers.Contract(world.addresses[twin], INTERFACE, world.signers[role]) as unknown as GuardedPerps;
}

/** Mints tokens to a trader, enough to post `amount` in both exchanges, which may take it. */
export async function fund(world: World, role: Role, amount: bigint): Promise<void> {
  const signer = world.signers[role];
  const token = TestToken__factory.connect(world.addresses.token, signer);
  await token.mint(signer, 2n * amount);
  for (const twin of TWINS) await token.approve(world.addresses[twin], ethers.MaxUint256);
}

/** Mints margin to a trader and posts it in both exchanges. */
export async function depositOnBoth(world: World, role: Role, amount: bigint, market = MARKET): Promise<void> {
  await fund(world, role, amount);
  for (const twin of TWINS) await exchange(world, twin, role).deposit(market, amount);
}

/** The feed publishes one price in both exchanges. */
export async function setPrice(world: World, price: bigint, market = MARKET): Promise<void> {
  for (const twin of TWINS) await exchange(world, twin, "feed").setPrice(market, price);
}

/* ORDERS */

const ORDER_TYPE: TypedDataField[] = [
  { name: "trader", type: "address" },
  { name: "market", type: "bytes32" },
  { name: "size", type: "int256" },
  { name: "limitPrice", type: "uint256" },
  { name: "nonce", type: "uint256" },
  { name: "expiry", type: "uint64" },
  { name: "maxAge", type: "uint64" },
];

export interface OrderTerms {
  size: bigint;
  limitPrice: bigint;
  anchor: Anchor;
  /** In blocks. */
  maxAge: bigint;
  nonce?: bigint;
  /** In seconds since 1970. */
  expiry?: bigint;
  market?: string;
  /** A wallet for which the role signs (ERC-1271). Default: the role's own address. */
  trader?: string;
}

export interface SignedOrder {
  order: OrderTerms & { trader: string; market: string; nonce: bigint; expiry: bigint };
  signature: string;
}

/** Signs an order for one of the exchanges, through the trader's own node. */
export async function signOrder(world: World, twin: Twin, role: Role, terms: OrderTerms): Promise<SignedOrder> {
  const signer = world.signers[role];
  const { anchor, ...rest } = terms;
  const plain = {
    trader: await signer.getAddress(),
    market: MARKET,
    nonce: 0n,
    expiry: 4_000_000_000n, // the year 2096: expiry is not what these scenarios are about
    ...rest,
  };
  const { types, message } = withAnchor({ types: { Order: ORDER_TYPE }, message: plain, anchor });
  const { name, version, chainId, verifyingContract } = await exchange(world, twin, role).eip712Domain();
  const signature = await signer.signTypedData({ name, version, chainId, verifyingContract }, types, message);
  return { order: { ...plain, anchor }, signature };
}

/** Signs the same terms for both exchanges: the exchange's address is part of what is signed. */
export async function signOnBoth(world: World, role: Role, terms: OrderTerms): Promise<Record<Twin, SignedOrder>> {
  return {
    unguarded: await signOrder(world, "unguarded", role, terms),
    guarded: await signOrder(world, "guarded", role, terms),
  };
}

/** The keeper presents an order to one exchange. */
export async function present(world: World, twin: Twin, { order, signature }: SignedOrder): Promise<Outcome> {
  const contract = exchange(world, twin, "keeper");
  return attempt(
    contract.interface,
    () => contract.execute(order, signature),
    () => `Filled ${describeSize(order.size)} at the index price.`,
  );
}

/** Presents an order to both exchanges. */
export async function presentOnBoth(world: World, orders: Record<Twin, SignedOrder>): Promise<Record<Twin, Outcome>> {
  return {
    unguarded: await present(world, "unguarded", orders.unguarded),
    guarded: await present(world, "guarded", orders.guarded),
  };
}

/** Sends a transaction and says what became of it. */
export async function attempt(
  contract: ethers.Interface,
  send: () => Promise<ethers.ContractTransactionResponse>,
  onSuccess: () => string,
): Promise<Outcome> {
  try {
    const receipt = await (await send()).wait();
    return { executed: receipt?.status === 1, says: onSuccess() };
  } catch (error) {
    const data = revertDataOf(error);
    if (data === undefined) throw error;
    const guardError = decodeLibraryError(data);
    if (guardError !== undefined) {
      return {
        executed: false,
        says: capitalised(readable(explain(data).slice(guardError.name.length + 2))),
        error: guardError.name,
        values: guardError.values,
      };
    }
    const own = contract.parseError(data);
    return { executed: false, says: own === null ? explain(data) : `${own.name}(${own.args.join(", ")})` };
  }
}

/* ORACLES: facts read from the chain's state, with no regard to block hashes */

/**
 * What a trader relies on when it signs: its position, its margin and the price in a block's state.
 */
export interface Facts {
  size: bigint;
  margin: bigint;
  price: bigint;
}

/** Reads a trader's facts from the state after block `height`, in the unguarded exchange unless told otherwise. */
export async function factsAt(world: World, role: Role, height: bigint, twin: Twin = "unguarded"): Promise<Facts> {
  const contract = exchange(world, twin, role);
  const block = { blockTag: toQuantity(height) };
  const { size, margin } = await contract.accounts(world.signers[role], MARKET, block);
  return { size, margin, price: await contract.indexPrice(MARKET, block) };
}

/**
 * Whether an action may take effect where it is presented. The facts at its anchor must be those
 * that its author saw.
 */
export function judge(seen: Facts, found: Facts): { legal: boolean; because: string } {
  const differences = [
    seen.size === found.size
      ? undefined
      : `its author had a position of ${ether(seen.size)} there, and ${ether(found.size)} here`,
    seen.margin === found.margin
      ? undefined
      : `its author had a margin of ${ether(seen.margin)} there, and ${ether(found.margin)} here`,
    seen.price === found.price
      ? undefined
      : `the price was ${ether(seen.price)} there, and is ${ether(found.price)} here`,
  ].filter((difference) => difference !== undefined);
  if (differences.length === 0)
    return {
      legal: true,
      because: "at the anchor's height its author saw the very position, margin and price that this branch has.",
    };
  return {
    legal: false,
    because: `the facts at the anchor's height never held on this branch: ${differences.join("; ")}.`,
  };
}

/**
 * What an exchange cannot pay, by the scenario's own reckoning from the raw accounts. It adds the
 * losses beyond a trader's margin and the claims beyond the tokens that it holds.
 */
export async function shortfall(world: World, twin: Twin, roles: readonly Role[]): Promise<bigint> {
  const contract = exchange(world, twin, "deployer");
  const price = await contract.indexPrice(MARKET);
  let claims = 0n;
  let lossesBeyondMargin = 0n;
  for (const role of roles) {
    const { margin, size, entryPrice } = await contract.accounts(world.signers[role], MARKET);
    const equity = margin + (size * (price - entryPrice)) / UNIT;
    if (equity > 0n) claims += equity;
    else lossesBeyondMargin -= equity;
  }
  const held = await TestToken__factory.connect(world.addresses.token, world.signers.deployer).balanceOf(
    world.addresses[twin],
  );
  return lossesBeyondMargin + (claims > held ? claims - held : 0n);
}

export async function shortfallOnBoth(world: World, roles: readonly Role[]): Promise<Record<Twin, bigint>> {
  return { unguarded: await shortfall(world, "unguarded", roles), guarded: await shortfall(world, "guarded", roles) };
}

/* BLOCKS */

/** The blocks of a chain from `from` to its head. */
export function blocksOf(chain: HardhatChain, from: bigint): BlockRef[] {
  const blocks: BlockRef[] = [];
  for (let height = from; height <= chain.head.number; height++) {
    const block = chain.at(height);
    if (block !== undefined) blocks.push(block);
  }
  return blocks;
}

export function blockAt(chain: HardhatChain, number: bigint): BlockRef {
  const block = chain.at(number);
  if (block === undefined) throw new RangeError(`${chain.name} has no block ${number}`);
  return block;
}

/** Eighteen-decimal amounts as people write them. */
export function ether(value: bigint): string {
  return ethers.formatEther(value).replace(/\.0$/, "");
}

function describeSize(size: bigint): string {
  return size > 0n ? `a purchase of ${ether(size)}` : `a sale of ${ether(-size)}`;
}

/** Health in units: the outcome's values hold it as it is. */
function readable(text: string): string {
  return text.replace(
    /between (\d+) and (\d+)/,
    (_, worst: string, best: string) => `between ${inUnits(worst)} and ${inUnits(best)}`,
  );
}

function inUnits(amount: string): string {
  return String(Number((BigInt(amount) * 1_000n) / UNIT) / 1_000);
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
