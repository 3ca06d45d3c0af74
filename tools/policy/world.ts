import { createCustomCommon, Hardfork, Mainnet } from "@ethereumjs/common";
import { createEVM, type EVM, type EVMOpts } from "@ethereumjs/evm";
import { createAddressFromString, createZeroAddress } from "@ethereumjs/util";
import { expect } from "chai";
import { getAddress, keccak256, toBeHex, type InterfaceAbi } from "ethers";

import { toBytes, toHex, toWord, type Hex } from "../../src/core/bytes.js";
import { HISTORY_ADDRESS, HISTORY_CODE, HISTORY_WINDOW } from "../../src/forks/index.js";
import { BUILDS, compile, type Build } from "../compile.js";
import { ARB_SYS } from "../sources/install.js";
import { QuickInterface, type Named } from "../quickInterface.js";
import { SOURCES } from "../targets.js";
import "../fastInterpreter.js";

/** A policy's matrix is read by name here, so that no test takes it from the library. */
export const STATUS = { Synced: 0, Lagging: 1, Stale: 2, Diverged: 3, Halted: 4 } as const;
export const ACTION = {
  Increase: 0,
  Withdraw: 1,
  Deposit: 2,
  Settle: 3,
  Fund: 4,
  Liquidate: 5,
  Decrease: 6,
  Cancel: 7,
} as const;
export const VERDICT = { Deny: 0, AllowConservative: 1, Allow: 2 } as const;
export type StatusName = keyof typeof STATUS;
export type ActionName = keyof typeof ACTION;
export type VerdictName = keyof typeof VERDICT;
export const STATUS_NAMES = Object.keys(STATUS) as StatusName[];
export const ACTION_NAMES = Object.keys(ACTION) as ActionName[];
export const EXITS = ["Deposit", "Decrease", "Cancel"] as const;

export interface Config {
  policy: bigint;
  parent: Hex;
  minDepth: number;
  maxAge: number;
  keeperLatency: number;
  gap: number;
  staleFor: number;
  graceFor: number;
  exitsFor: number;
  blockTime: number;
  longestBlockTime: number;
}

/**
 * Blocks of 12 s, 13.5 on the longest average. A gap is 15 minutes, the ways back are 10, and exits are closed for an
 * hour at the most.
 */
export const CONFIG: Config = {
  policy: 0xb62a5226d492n,
  parent: `0x${"00".repeat(32)}`,
  minDepth: 1,
  maxAge: 256,
  keeperLatency: 60,
  gap: 900,
  staleFor: 600,
  graceFor: 600,
  exitsFor: 3_600,
  blockTime: 12_000,
  longestBlockTime: 13_500,
};

/** The configuration of a scope of `PolicyTarget`, whose parent is its path without the last part. */
export function configFor(scope: Hex, config: Config = CONFIG): Config {
  const path = Buffer.from(scope.slice(2), "hex").toString().replaceAll("\0", "");
  const cut = path.lastIndexOf("/");
  return { ...config, parent: scopeNamed(cut < 0 ? "" : path.slice(0, cut)) };
}

/** Seconds as blocks of a configuration, at its longest average. */
export function blocksIn(seconds: number, config: Config = CONFIG): number {
  return Math.floor((seconds * 1_000) / config.longestBlockTime);
}

export const PAUSER = accountOf(1);
export const CONFIGURATOR = accountOf(2);
export const STRANGER = accountOf(3);
export const DAY = 86_400;

/** How the target is put before its callers. */
export type Wrap = "plain" | "delegatecall" | "ERC-1967 proxy";
/** OpenZeppelin's proxy needs a newer compiler than the floor. */
export const FORMS: readonly { build: Build; wrap: Wrap; name: string }[] = BUILDS.flatMap((build, i) =>
  (["plain", "delegatecall", "ERC-1967 proxy"] as const)
    .filter((wrap) => i > 0 || wrap !== "ERC-1967 proxy")
    .map((wrap) => ({ build, wrap, name: `${wrap} (${build.name})` })),
);

const PROXY = "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
const L1_BLOCK = "0x4200000000000000000000000000000000000015";
/** Where `SharedEngineTarget` looks for its engine. */
export const SHARED_ENGINE = getAddress("0x00000000000000000000000000000000000e9613") as Hex;
/** More than any call here needs. */
const GAS_LIMIT = 10n ** 8n;
/** What calls see of a block besides its number and time. */
const HEADER = {
  coinbase: createZeroAddress(),
  difficulty: 0n,
  prevRandao: new Uint8Array(32),
  gasLimit: 0n,
  baseFeePerGas: 0n,
  getBlobGasPrice: () => 0n,
};

// Once for all suites, and before their clocks run: the compiler takes longer than any test.
before("compile the targets", async function () {
  this.timeout(900_000);
  await Promise.all(BUILDS.map((build) => compile(SOURCES.policy, build, neededFor("PolicyTarget"))));
});

/** What a call did. */
export interface Outcome {
  /** Empty where it reverted. */
  values: readonly unknown[];
  /** Undefined where it did not revert. */
  revertData: Hex | undefined;
  logs: Named[];
  /** The slots written, reverted ones included, as `account:slot`. */
  writes: string[];
}

/**
 * An embedded EVM whose clock is the test's. Time and blocks pass apart from each other, and nothing has to be mined
 * for it. A state can be left behind. Calls run in the block of the moment.
 */
export class World {
  /** Seconds since 1970. */
  time = 1_800_000_000n;
  number = 20_000_000n;
  readonly #evm: EVM;
  readonly #build: Build;
  #writes: string[] = [];
  readonly #hashes: Map<bigint, Hex>;

  private constructor(evm: EVM, build: Build, hashes: Map<bigint, Hex>) {
    [this.#evm, this.#build, this.#hashes] = [evm, build, hashes];
    const state = evm.stateManager;
    const put = state.putStorage.bind(state);
    state.putStorage = (address, key, value) => {
      this.#writes.push(slotOf(address.toString(), toHex(key)));
      return put(address, key, value);
    };
  }

  /** By default on a development chain, where any kind of continuity may be tried. */
  static async create(build: Build, chainId = 31_337): Promise<World> {
    return World.#over({}, build, chainId);
  }

  /** The same state, at the same moment, on a chain of another id. */
  async onChain(chainId: number): Promise<World> {
    const world = await World.#over({ stateManager: this.#evm.stateManager }, this.#build, chainId);
    [world.time, world.number] = [this.time, this.number];
    return world;
  }

  static async #over(state: Pick<EVMOpts, "stateManager">, build: Build, chainId: number): Promise<World> {
    const common = createCustomCommon({ chainId }, Mainnet, { hardfork: Hardfork.Prague });
    const hashes = new Map<bigint, Hex>();
    const evm = await createEVM({
      ...state,
      common,
      allowUnlimitedContractSize: true,
      blockchain: {
        getBlock: (number) => {
          const hash = hashes.get(BigInt(number)) ?? hashOf(BigInt(number));
          return Promise.resolve({ hash: () => toBytes(hash, "hash") });
        },
        putBlock: () => Promise.resolve(),
        shallowCopy() {
          return this;
        },
      },
    });
    return new World(evm, build, hashes);
  }

  /** Time passes, and so do blocks: by default as many as a chain of 12 s makes. */
  pass(seconds: number, blocks = Math.floor(seconds / 12)): void {
    this.time += BigInt(seconds);
    this.number += BigInt(blocks);
  }

  async deploy(name: string, args: readonly unknown[] = [PAUSER, CONFIGURATOR], wrap: Wrap = "plain"): Promise<Target> {
    const artifacts = {
      ...(await compile(SOURCES.policy, this.#build, neededFor(name))),
      ...(wrap === "ERC-1967 proxy" ? await compile([PROXY], this.#build) : {}),
    };
    const create = async (contract: string, values: readonly unknown[]): Promise<Hex> => {
      const { abi, bytecode } = artifacts[contract]!;
      const encoded = toBytes(interfaceOf(abi).encodeDeploy(values), "arguments");
      const data = Buffer.concat([bytesOf(bytecode), encoded]);
      const { createdAddress, execResult } = await this.#run(undefined, STRANGER, data);
      if (createdAddress === undefined || execResult.exceptionError !== undefined)
        throw new Undeployed(contract, toHex(execResult.returnValue));
      return createdAddress.toString();
    };
    let address = await create(name, args);
    const abi = interfaceOf(artifacts[name]!.abi);
    if (wrap === "delegatecall") address = await create("Delegator", [address]);
    // A proxy wants to be initialised with something: any reader does.
    if (wrap === "ERC-1967 proxy")
      address = await create("ERC1967Proxy", [address, abi.encodeFunctionData("isGuardError", ["0x00000000"])]);
    return new Target(this, address, abi);
  }

  /** Must not be deployed, because its constructor reverts with this error and these values. */
  async refusesToDeploy(
    name: string,
    error: string,
    values: readonly unknown[],
    args?: readonly unknown[],
  ): Promise<void> {
    const { abi } = (await compile(SOURCES.policy, this.#build, neededFor(name)))[name]!;
    const refusal = await this.aside(() => this.deploy(name, args)).then(
      () => "deployed",
      (reason: unknown) => {
        if (!(reason instanceof Undeployed)) throw reason;
        return interfaceOf(abi).errorIn(reason.revertData) ?? reason.revertData;
      },
    );
    expect(refusal, `${name} is deployed`).to.deep.equal({ name: error, args: values.map(normal) });
  }

  async call(target: Target, from: Hex, method: string, args: readonly unknown[], value = 0n): Promise<Outcome> {
    this.#writes = [];
    const { execResult } = await this.#run(target.address, from, target.abi.calldata(method, args), value);
    const output = toHex(execResult.returnValue);
    if (execResult.exceptionError !== undefined)
      return { values: [], revertData: output, logs: [], writes: this.#writes };
    const logs = (execResult.logs ?? []).map(([, topics, data]) =>
      target.abi.logOf(
        topics.map((topic) => toHex(topic)),
        toHex(data),
      ),
    );
    const values = target.abi.returned(method, output);
    return { values, revertData: undefined, logs, writes: this.#writes };
  }

  /** What a call returns; it must not revert. */
  async callRaw(target: Target, data: string): Promise<Hex> {
    const { execResult } = await this.#run(target.address, STRANGER, data);
    const output = toHex(execResult.returnValue);
    expect(execResult.exceptionError && target.errorOf(output)).to.equal(undefined);
    return output;
  }

  /** Runs `action` and forgets what it did to the state and the clock. */
  async aside<Value>(action: () => Promise<Value>): Promise<Value> {
    const { time, number } = this;
    await this.#evm.stateManager.checkpoint();
    try {
      return await action();
    } finally {
      await this.#evm.stateManager.revert();
      [this.time, this.number] = [time, number];
    }
  }

  async storage(account: Hex, slot: Hex): Promise<bigint> {
    const value = await this.#evm.stateManager.getStorage(createAddressFromString(account), toBytes(slot, "slot", 32));
    return value.length === 0 ? 0n : BigInt(toHex(value));
  }

  async setStorage(account: Hex, slot: Hex, value: bigint): Promise<void> {
    const word = toBytes(toBeHex(value, 32), "value");
    await this.#evm.stateManager.putStorage(createAddressFromString(account), toBytes(slot, "slot", 32), word);
  }

  /** The block had this hash, as both sources tell: BLOCKHASH, and the history contract of EIP-2935. */
  async setHash(number: bigint, hash: Hex): Promise<void> {
    this.#hashes.set(number, hash);
    await this.setCode(HISTORY_ADDRESS, HISTORY_CODE);
    const slot = toBeHex(number % BigInt(HISTORY_WINDOW), 32) as Hex;
    await this.setStorage(HISTORY_ADDRESS, slot, BigInt(hash));
  }

  async code(account: Hex): Promise<Hex> {
    return toHex(await this.#evm.stateManager.getCode(createAddressFromString(account)));
  }

  async setCode(account: Hex, code: Hex): Promise<void> {
    await this.#evm.stateManager.putCode(createAddressFromString(account), toBytes(code, "code"));
  }

  /** Makes the L1 predeploy answer every question with these bytes, or with a revert; undefined removes it. */
  async setL1Block(answer: Hex | "revert" | undefined): Promise<void> {
    await this.#setAnswer(L1_BLOCK, answer);
  }

  /** The L1 origin lies so many seconds behind the moment. */
  async setL1Lag(seconds: number): Promise<void> {
    await this.setL1Block(toBeHex(this.time - BigInt(seconds), 32) as Hex);
  }

  /** Makes Arbitrum's precompile answer every question so. */
  async setArbSys(answer: Hex | "revert" | undefined): Promise<void> {
    await this.#setAnswer(ARB_SYS, answer);
  }

  async #setAnswer(account: Hex, answer: Hex | "revert" | undefined): Promise<void> {
    const code =
      answer === undefined
        ? "0x"
        : answer === "revert"
          ? "0x5f5ffd"
          : // PUSH1 size, PUSH1 offset of the data, PUSH0, CODECOPY, PUSH1 size, PUSH0, RETURN, data
            (`0x60${byte(answer.length / 2 - 1)}600a5f3960${byte(answer.length / 2 - 1)}5ff3${answer.slice(2)}` as Hex);
    await this.setCode(account, code);
  }

  async #run(to: Hex | undefined, from: Hex, data: string | Uint8Array, value = 0n) {
    return this.#evm.runCall({
      ...(to === undefined ? {} : { to: createAddressFromString(to) }),
      caller: createAddressFromString(from),
      data: typeof data === "string" ? toBytes(data, "data") : data,
      gasLimit: GAS_LIMIT,
      value,
      skipBalance: true,
      block: { header: { ...HEADER, number: this.number, timestamp: this.time } },
    });
  }
}

/** A constructor reverted. */
class Undeployed extends Error {
  readonly revertData: Hex;

  constructor(contract: string, revertData: Hex) {
    super(`${contract} was not deployed: ${revertData}`);
    this.revertData = revertData;
  }
}

/** A contract in a world. */
export class Target {
  readonly world: World;
  readonly address: Hex;
  readonly abi: QuickInterface;

  constructor(world: World, address: Hex, abi: QuickInterface) {
    [this.world, this.address, this.abi] = [world, address, abi];
  }

  /** Calls and keeps what it did. */
  async send(method: string, args: readonly unknown[], from: Hex = STRANGER): Promise<Outcome> {
    return this.world.call(this, from, method, args);
  }

  /** Calls, must not revert, and returns the values. */
  async do(method: string, args: readonly unknown[], from: Hex = STRANGER): Promise<readonly unknown[]> {
    const { values, revertData } = await this.send(method, args, from);
    if (revertData !== undefined) expect(this.errorOf(revertData), `${method}(${show(args)})`).to.equal(undefined);
    return values;
  }

  /** Calls, must not revert, and takes and gives words as they are. Where there are thousands ethers takes most of the time. */
  async words(method: string, args: readonly bigint[]): Promise<readonly bigint[]> {
    const data = [this.abi.getFunction(method)!.selector, ...args.map((word) => toWord(word).slice(2))].join("");
    const returned = await this.world.callRaw(this, data);
    return Array.from({ length: (returned.length - 2) / 64 }, (_, i) =>
      BigInt(`0x${returned.slice(2 + 64 * i, 66 + 64 * i)}`),
    );
  }

  /** Calls, and forgets what it did. */
  async try(method: string, args: readonly unknown[], from: Hex = STRANGER): Promise<Outcome> {
    return this.world.aside(() => this.send(method, args, from));
  }

  /** Must revert with this error and these values. */
  async refuses(
    error: string,
    values: readonly unknown[],
    method: string,
    args: readonly unknown[],
    from: Hex = STRANGER,
  ): Promise<void> {
    const { revertData } = await this.send(method, args, from);
    const wanted = { name: error, args: values.map(normal) };
    expect(revertData === undefined ? "no revert" : this.errorOf(revertData), `${method}(${show(args)})`).to.deep.equal(
      wanted,
    );
  }

  errorOf(revertData: Hex): Named | Hex {
    return this.abi.errorIn(revertData) ?? revertData;
  }

  async statusOf(scope: Hex): Promise<{ status: StatusName; exits: StatusName }> {
    const [status, exits] = (await this.try("statusOf", [scope])).values as [bigint, bigint];
    return { status: STATUS_NAMES[Number(status)]!, exits: STATUS_NAMES[Number(exits)]! };
  }
}

/** A scope's name: a path of at most 31 characters. */
export function scopeNamed(path: string): Hex {
  return `0x${Buffer.from(path).toString("hex").padEnd(64, "0")}`;
}

/** Brings a quiet scope into a status, one that has just begun. */
export async function bring(target: Target, scope: Hex, status: StatusName): Promise<void> {
  if (status === "Lagging" || status === "Stale") await target.do("pauseScope", [scope, STATUS[status], 600], PAUSER);
  if (status === "Diverged" || status === "Halted")
    await target.do("raise", [scope, scopeNamed("cause"), STATUS[status], 1]);
}

/** What was made for a key before, or is made now. */
function kept<Key, Value>(values: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = values.get(key);
  if (value === undefined) values.set(key, (value = make()));
  return value;
}

const interfaces = new Map<InterfaceAbi, QuickInterface>();
const bytecodes = new Map<string, Uint8Array>();

/** An ABI is read once: `compile` gives the same one each time. */
function interfaceOf(abi: InterfaceAbi): QuickInterface {
  return kept(interfaces, abi, () => new QuickInterface(abi));
}

function bytesOf(bytecode: string): Uint8Array {
  return kept(bytecodes, bytecode, () => toBytes(bytecode, "bytecode"));
}

/** The contracts that a target takes, in whatever form it is deployed. */
function neededFor(name: string): readonly string[] {
  return [name, "Delegator"];
}

/** The hash of a block in a world. */
export function hashOf(number: bigint): Hex {
  return keccak256(toBeHex(number, 32)) as Hex;
}

export function accountOf(number: number): Hex {
  return getAddress(toBeHex(0xacc0_0000 + number, 20)) as Hex;
}

export function slotOf(account: string, slot: string): string {
  return `${account.toLowerCase()}:${slot.toLowerCase()}`;
}

function byte(value: number): string {
  return value.toString(16).padStart(2, "0");
}

/** Values as tests write them, as ethers decodes them. */
function normal(value: unknown): unknown {
  return typeof value === "number" ? BigInt(value) : value;
}

function show(args: readonly unknown[]): string {
  return JSON.stringify(args, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}
