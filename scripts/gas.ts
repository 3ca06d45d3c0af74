/**
 * Measures what the guard adds to a function and what a proof costs, in execution gas. It also
 * measures what the guard adds to a contract's code, in bytes. It keeps
 * the figures in snapshots/gas.json, snapshots/receipts.json, snapshots/proof-gas.json and snapshots/code-size.json. With --check it fails where one has changed: all
 * are deterministic, so any difference is one of the code. Proofs are measured on recorded ones; where the folder of vectors is missing, they are skipped.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { ethers } from "ethers";
import { network } from "hardhat";

import { ledgerReceipts } from "../bench/ledgerGas.js";
import { measureProofs, PROOF_SNAPSHOT, snapshotText } from "../bench/proofGas.js";
import { readRealSlots } from "../bench/realProofs.js";
import { latestStateAnchor } from "../src/actions/latestAnchor.js";
import { hardhatForks, type HardhatChain } from "../src/hardhat/index.js";
import { BUILDS, compile, CONFIGURED, type Build } from "../tools/compile.js";
import { deployGasMeter, type GasMeter } from "../tools/gas.js";

const SNAPSHOT = "snapshots/gas.json";
const SIZE_SNAPSHOT = "snapshots/code-size.json";
const RECEIPT_SNAPSHOT = "snapshots/receipts.json";
const LEDGER_SNAPSHOT = "snapshots/ledger-receipts.json";

/** What does not matter for gas, except that the heartbeat is due after a quarter of the gap. */
const SCOPE_CONFIG = {
  policy: 0xb62a5226d492n, // Policies.STANDARD
  parent: ethers.ZeroHash,
  minDepth: 1,
  maxAge: 256,
  keeperLatency: 60,
  gap: 900,
  staleFor: 600,
  graceFor: 600,
  exitsFor: 86_400,
  blockTime: 12_000,
  longestBlockTime: 13_500,
};

const SCOPES = ["scope", "child", "grandchild"];

type Figures = Record<string, number>;

const { values: options } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const measured: Record<string, Figures> = {};
const sizes: Record<string, Figures> = {};
const receipts: Record<string, Figures> = {};
/** By their rules. */
const chains = new Map<string, { chain: HardhatChain; snapshot: unknown }>();
for (const build of BUILDS) {
  const chain = await chainOf({});
  measured[build.name] = await measure(chain, await deployGasMeter(chain.tools.ethers), build);
  sizes[build.name] = await codeSizes(chain, build);
  if (build.name === CONFIGURED.name) Object.assign(sizes[build.name]!, await deskSizes(build));
  // Under Amsterdam's rules a new slot, a changed one and code cost more (EIP-8037, EIP-8038).
  // Receipts alone show it.
  if (!build.name.startsWith("floor"))
    for (const hardfork of ["prague", "amsterdam"] as const) {
      const ruled = await chainOf({ hardfork });
      receipts[`${build.name}; rules of ${hardfork}`] = await paid(chain, ruled, build);
    }
}

const proofs = await measureProofs({ peers: false });
const quoted = readRealSlots()?.[0];
const ledger = quoted && (await ledgerReceipts(CONFIGURED, quoted, SCOPE_CONFIG));
const kept = [
  keep("gas", SNAPSHOT, snapshotText(measured)),
  keep("code size", SIZE_SNAPSHOT, snapshotText(sizes)),
  keep("receipts", RECEIPT_SNAPSHOT, snapshotText(receipts)),
  keep("receipts of ledgers", LEDGER_SNAPSHOT, ledger && snapshotText(ledger)),
  keep("gas of proofs", PROOF_SNAPSHOT, proofs && snapshotText(proofs.snapshot)),
];
process.exit(kept.every(Boolean) ? 0 : 1);

/** Writes a snapshot, or compares it. False if it has changed. */
function keep(what: string, file: string, text: string | undefined): boolean {
  if (text === undefined) {
    console.log(`${what}: skipped, the folder of vectors is missing`);
    return true;
  }
  if (!options.check) {
    writeFileSync(file, text);
    console.log(text);
    return true;
  }
  const committed = readFileSync(file, "utf8");
  if (committed === text) {
    console.log(`${what}: as in the snapshot`);
    return true;
  }
  console.error(
    `${what} has changed. ${file} has\n${committed}and this build\n${text}Run npm run gas, and say why in the commit.`,
  );
  return false;
}

/** A chain of 8,200 blocks, as it was when it had just them. No figure depends on what was measured before it. */
async function chainOf(override: { hardfork?: string }): Promise<HardhatChain> {
  const rules = override.hardfork ?? "as configured";
  const kept = chains.get(rules);
  const chain = kept?.chain ?? (await hardhatForks(network, { override }).create({ history: "storage" }));
  if (kept === undefined) await chain.mine(8_200, { history: "at-end" });
  else await chain.request({ method: "evm_revert", params: [kept.snapshot] });
  chains.set(rules, { chain, snapshot: await chain.request({ method: "evm_snapshot" }) });
  return chain;
}

/**
 * Puts a contract, its engine and its storage where they stand on another chain. Under Amsterdam's
 * rules the simulator holds the creation of code against a transaction's 16.7 million gas. The EIP
 * does not.
 */
async function place(
  contract: ethers.BaseContract,
  from: HardhatChain,
  to: HardhatChain,
): Promise<ethers.BaseContract> {
  const address = await contract.getAddress();
  const engine = ethers.getCreateAddress({ from: address, nonce: 1 });
  for (const account of [address, engine]) {
    const code = await from.tools.ethers.provider.getCode(account);
    if (code !== "0x") await to.tools.networkHelpers.setCode(account, code);
  }
  for (const slot of SCOPES.flatMap(slotsOf)) {
    const value = await from.tools.ethers.provider.getStorage(address, slot);
    await to.tools.networkHelpers.setStorageAt(address, ethers.toBeHex(slot), value);
  }
  const [signer] = await to.tools.ethers.getSigners();
  return contract.connect(signer ?? null) as ethers.BaseContract;
}

/** The slots of a scope that a configuration writes. */
function slotsOf(scope: string): bigint[] {
  const namespace = "0x008b3f86ed5cdc911b88aafef227491ce09c48def5b40ca4e09501b248a8e700";
  const first = BigInt(ethers.keccak256(ethers.concat([ethers.encodeBytes32String(scope), namespace])));
  return [first, first + 1n, first + 2n, first + 3n];
}

/** Deploys one of the contracts of a source, in one build. */
type Deploy = (name: string, args?: readonly unknown[]) => Promise<ethers.BaseContract>;

async function deployerOf(chain: HardhatChain, source: string, build: Build): Promise<Deploy> {
  const artifacts = await compile([source], build);
  const [signer] = await chain.tools.ethers.getSigners();
  return async (name, args = []) => {
    const artifact = artifacts[name];
    if (artifact === undefined) throw new RangeError(`no contract ${name}`);
    const contract = await new ethers.ContractFactory(artifact.abi, artifact.bytecode, signer ?? null).deploy(...args);
    return contract.waitForDeployment();
  };
}

/** Bytes of deployed code of what protocols trust by address. It is not for the oldest compiler. */
async function deskSizes(build: Build): Promise<Figures> {
  const artifacts = await compile(["contracts/LedgerDesk.sol"], build);
  const creationOf = (name: string): number => ethers.dataLength(artifacts[name]!.bytecode);
  return {
    "LedgerDesk with its ProofDesk, to create once": creationOf("LedgerDesk"),
    "ProofDesk, to create once": creationOf("ProofDesk"),
  };
}

/** Bytes of deployed code that each base adds to a contract with one function. */
async function codeSizes(chain: HardhatChain, build: Build): Promise<Figures> {
  const deploy = await deployerOf(chain, "contracts/mocks/SizeTargets.sol", build);
  const sizeOf = async (name: string, ...args: readonly unknown[]): Promise<number> =>
    ethers.dataLength((await (await deploy(name, args)).getDeployedCode()) ?? "0x");
  const nothing = await sizeOf("SizeOfNothing");
  const whole = await sizeOf("SizeOfSettlementGuard", SCOPE_CONFIG);
  return {
    StatelessGuard: (await sizeOf("SizeOfStatelessGuard")) - nothing,
    StateAnchoredGuard: (await sizeOf("SizeOfStateAnchoredGuard")) - nothing,
    SettlementGuard: whole - nothing,
    "SettlementGuard with _raise and _heal": (await sizeOf("SizeOfEvidence", SCOPE_CONFIG)) - nothing,
    "SettlementGuard with ProfitEscrow": (await sizeOf("SizeOfEscrow", SCOPE_CONFIG)) - nothing,
    "LedgerGuard beside SettlementGuard": (await sizeOf("SizeOfLedger", SCOPE_CONFIG)) - whole,
    "StandaloneGuard, deployed once": await sizeOf("SizeOfStandaloneGuard"),
  };
}

/** What the guard adds to a function that does nothing, with the same arguments, in one build. */
async function measure(chain: HardhatChain, meter: GasMeter, build: Build): Promise<Figures> {
  const deploy = await deployerOf(chain, "contracts/mocks/GasTargets.sol", build);
  const guarded = await deploy("GuardedNothing");
  const unguarded = await deploy("UnguardedNothing");
  const difference =
    (guarded: ethers.BaseContract, unguarded: ethers.BaseContract) =>
    async (method: string, args: unknown[]): Promise<number> =>
      (await meter.measure(guarded, method, args)) - (await meter.measure(unguarded, method, args));
  const added = difference(guarded, unguarded);

  // Measured by eth_call on the newest block: that block is the executing one.
  const anchorAt = (depth: bigint): unknown => {
    const { number, hash } = chain.at(chain.head.number - depth) ?? { number: 0n, hash: "0x" };
    return { number, hash };
  };
  const { anchor, header } = await latestStateAnchor(chain.request, { depth: 3 });
  const byOpcode = await added("act", [anchorAt(3n)]);
  const withHeader = await added("actOnState", [anchor, header]);

  const policyGuarded = await deploy("PolicyGuardedNothing", [SCOPE_CONFIG]);
  const policyUnguarded = await deploy("PolicyUnguardedNothing");
  const addedByPolicy = difference(policyGuarded, policyUnguarded);
  const guardedAt = (scope: string): Promise<number> =>
    addedByPolicy("act", [ethers.encodeBytes32String(scope), anchorAt(3n)]);
  const fresh = {
    "guardedAt, Synced, cold": await guardedAt("scope"),
    "guardedAt, Synced, cold, one parent": await guardedAt("child"),
    "guardedAt, Synced, cold, two parents": await guardedAt("grandchild"),
    "_guard(Decrease), Synced, cold": await addedByPolicy("exit", [ethers.encodeBytes32String("scope")]),
    "anchored in a contract with the whole guard, depth 3": await addedByPolicy("actStateless", [anchorAt(3n)]),
  };
  await chain.stall({ seconds: SCOPE_CONFIG.gap / 4 });
  await chain.mine(1);
  const due = {
    "guardedAt, Synced, cold, heartbeat refreshed": await guardedAt("scope"),
    "guardedAt, Synced, cold, heartbeats refreshed, one parent": await guardedAt("child"),
    "guardedAt, Synced, cold, heartbeats refreshed, two parents": await guardedAt("grandchild"),
  };
  return {
    "anchored, depth 3 (BLOCKHASH)": byOpcode,
    "anchored, depth 256 (BLOCKHASH)": await added("act", [anchorAt(256n)]),
    "anchored, depth 257 (EIP-2935, cold)": await added("act", [anchorAt(257n)]),
    "anchored, depth 8191 (EIP-2935, cold)": await added("act", [anchorAt(8_191n)]),
    [`anchoredState, depth 3 (BLOCKHASH), header of ${(header.length - 2) / 2} bytes`]: withHeader,
    "of which header hash, number and state root": withHeader - byOpcode,
    ...fresh,
    ...due,
  };
}

/**
 * What whole transactions pay, by their receipts, under the rules of `ruled`: 21,000, calldata with its floor, and execution. The first row is the same call
 * without the guard.
 */
async function paid(today: HardhatChain, ruled: HardhatChain, build: Build): Promise<Figures> {
  const deploy = await deployerOf(today, "contracts/mocks/GasTargets.sol", build);
  const guarded = await place(await deploy("PolicyGuardedNothing", [SCOPE_CONFIG]), today, ruled);
  const unguarded = await place(await deploy("PolicyUnguardedNothing"), today, ruled);
  // The scopes come from another chain, and this one is as old.
  await ruled.mine(Number(today.head.number - ruled.head.number) + 2);
  const receiptOf = async (contract: ethers.BaseContract, method: string, args: unknown[]): Promise<number> => {
    const sent = (await contract.getFunction(method)(...args)) as { wait(): Promise<ethers.TransactionReceipt> };
    return Number((await sent.wait()).gasUsed);
  };
  const act = (contract: ethers.BaseContract, scope: string): Promise<number> => {
    // A zero byte costs less than another, and hashes differ from run to run.
    const anchors = [2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n].map((depth) => ruled.at(ruled.head.number - depth)!);
    const { number, hash } = anchors.find(({ number, hash }) => !/^0x(..)*00/.test(hash) && number % 256n !== 0n)!;
    return receiptOf(contract, "act", [ethers.encodeBytes32String(scope), { number, hash }]);
  };
  const figures: Figures = { "a call that does nothing": await act(unguarded, "scope") };
  for (const [scope, name] of [
    ["scope", "no parent"],
    ["child", "one parent"],
    ["grandchild", "two parents"],
  ] as const) {
    await receiptOf(guarded, "poke", [ethers.encodeBytes32String(scope)]);
    figures[`with guardedAt, Synced, ${name}`] = await act(guarded, scope);
    await ruled.stall({ seconds: SCOPE_CONFIG.gap / 4 });
    figures[`with guardedAt, heartbeats refreshed, ${name}`] = await act(guarded, scope);
  }
  return figures;
}
