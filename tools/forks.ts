import { createBlockHeaderFromRPC } from "@ethereumjs/block";
import { Common, Hardfork, Mainnet } from "@ethereumjs/common";
import { expect } from "chai";
import { Contract, HDNodeWallet, type BytesLike, type InterfaceAbi } from "ethers";
import { artifacts } from "hardhat";

import { hasAnvil } from "../src/anvil/index.js";
import { ANVIL_PACKAGE } from "../src/anvil/program.js";
import { SettlementGuardError } from "../src/core/errors.js";
import { BEACON_ROOTS_ADDRESS, HISTORY_ADDRESS } from "../src/forks/index.js";
import { toHex, toQuantity, toWord, type Hex } from "../src/core/bytes.js";
import type { SimulatedChain } from "../src/forks/index.js";
import type { HardhatChain } from "../src/hardhat/index.js";

export interface RawBlock {
  number: Hex;
  hash: Hex;
  parentHash: Hex;
  timestamp: Hex;
  mixHash: Hex;
  stateRoot: Hex;
  parentBeaconBlockRoot: Hex;
  transactions: Hex[];
}

/** What is read of a chain, whatever it runs on. */
export type ReadChain = Pick<SimulatedChain, "request" | "head" | "at">;

export async function blockAt(chain: ReadChain, number: bigint): Promise<RawBlock> {
  return (await chain.request({ method: "eth_getBlockByNumber", params: [toQuantity(number), false] })) as RawBlock;
}

/** @param what names the case, where a test has several */
export async function expectSimulatorError(promise: Promise<unknown>, reason: RegExp, what = ""): Promise<void> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(SettlementGuardError.is(error, "FORK_SIMULATOR"), `${what} ${String(error)}`).to.equal(true);
  expect((error as Error).message).to.match(reason);
}

/** Skips a suite, and says so, where npm has installed no anvil. Called in `before`. */
export function skipWithoutAnvil(suite: Mocha.Context): void {
  if (hasAnvil()) return;
  console.log(`      skipped: ${ANVIL_PACKAGE} is not installed`);
  suite.skip();
}

/** One of the accounts that development nodes have, the first by default. */
export function developmentWallet(index = 0): HDNodeWallet {
  const phrase = "test test test test test test test test test test test junk";
  return HDNodeWallet.fromPhrase(phrase, "", `m/44'/60'/0'/0/${index}`);
}

/** Deploys BranchProbe through the chain's own ethers. */
export async function deployProbe(chain: HardhatChain): Promise<Contract> {
  const contract = await chain.tools.ethers.deployContract("BranchProbe");
  await contract.waitForDeployment();
  return contract as unknown as Contract;
}

/** The same contract, seen from another chain. */
export async function probeOn(chain: HardhatChain, probe: Contract, signer = 0): Promise<Contract> {
  const abi = (await artifacts.readArtifact("BranchProbe")).abi as InterfaceAbi;
  const signers = await chain.tools.ethers.getSigners();
  return new Contract(await probe.getAddress(), abi, signers[signer]! as never);
}

/**
 * Prepares a world once for all tests of a suite. What a test does to its chain is undone after it. Called in a `describe`.
 *
 * @param begin takes what was prepared before each test, which may have put something else in its place
 */
export function preparedOnce<Prepared extends { world: { chain: HardhatChain } }>(
  prepare: () => Promise<Prepared>,
  begin: (prepared: Prepared) => void,
): void {
  let prepared: Prepared;
  let snapshot: unknown;
  before(async () => {
    prepared = await prepare();
  });
  beforeEach(async () => {
    begin(prepared);
    snapshot = await prepared.world.chain.request({ method: "evm_snapshot" });
  });
  afterEach(async () => {
    const isUndone = await prepared.world.chain.request({ method: "evm_revert", params: [snapshot] });
    expect(isUndone).to.equal(true);
  });
  after(() => prepared.world.chain.close());
}

/** What the history contract answers for a block; undefined where it reverts. */
export function history(chain: ReadChain, number: bigint, at = "latest"): Promise<BytesLike | undefined> {
  return answerOf(chain, HISTORY_ADDRESS, number, at);
}

/** What the beacon roots contract answers for a time in seconds since the epoch; undefined where it reverts. */
export function beaconRootAt(chain: ReadChain, time: bigint, at = "latest"): Promise<BytesLike | undefined> {
  return answerOf(chain, BEACON_ROOTS_ADDRESS, time, at);
}

async function answerOf(chain: ReadChain, to: Hex, question: bigint, at: string): Promise<BytesLike | undefined> {
  try {
    return (await chain.request({ method: "eth_call", params: [{ to, data: toWord(question) }, at] })) as Hex;
  } catch {
    return undefined;
  }
}

/** Parents link, numbers and times grow, and every header hashes to its hash by another implementation. */
export async function expectSoundChain(chain: ReadChain, from = 0n): Promise<void> {
  let parent: RawBlock | undefined;
  for (let number = from; number <= chain.head.number; number++) {
    const block = await blockAt(chain, number);
    expect(BigInt(block.number)).to.equal(number);
    expect(chain.at(number)).to.deep.equal({ number, hash: block.hash });
    if (parent !== undefined) {
      expect(block.parentHash, `parent of ${number}`).to.equal(parent.hash);
      expect(BigInt(block.timestamp) > BigInt(parent.timestamp)).to.equal(true);
    }
    const header = createBlockHeaderFromRPC(block as never, {
      common: new Common({ chain: Mainnet, hardfork: Hardfork.Prague }),
    });
    expect(toHex(header.hash()), `hash of ${number}`).to.equal(block.hash);
    parent = block;
  }
}
