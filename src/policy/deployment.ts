import { TIERS, type Tier } from "../anchor/tiers.js";
import { toBytes, toHex, toWord, type Hex } from "../core/bytes.js";
import { describeValue, quoted } from "../core/text.js";
import { invalidConfig, scopeId, type ScopeConfig } from "./config.js";
import { WHOLE, membersOf, scopeNameFault, type Report } from "./configChecks.js";

/**
 * What a deployed contract is, and with that what is checked of it:
 * - `standalone-guard`: `StandaloneGuard`, or what answers as it does;
 * - `stateless-guard`: what inherits `StatelessGuard`;
 * - `settlement-guard`: what inherits `SettlementGuard`;
 * - `pin-board`: `PinBoard`;
 * - `ledger-desk`: `LedgerDesk`, `ArbitrumLedgerDesk` or `SourcedLedgerDesk`;
 * - `source`: any `IBlockHashSource`;
 * - `code`: what has no source of block hashes of its own, such as `PolicyEngine`, `StateProofLens` and `ProofDesk`. Its code alone is
 *   checked. So is that of a `SourcedPinBoard`: name its source beside it.
 */
export const CONTRACT_KINDS = [
  "standalone-guard",
  "stateless-guard",
  "settlement-guard",
  "pin-board",
  "ledger-desk",
  "source",
  "code",
] as const;
export type ContractKind = (typeof CONTRACT_KINDS)[number];

/** How a scope's ledger must be watched: members of the contract's `LedgerConfig`. Spans are in seconds, depths in blocks. */
export interface LedgerInput {
  /** The zero address means nobody. */
  readonly administrator?: string;
  readonly delay?: number;
  readonly silence?: number;
  readonly healAfter?: number;
  readonly healFor?: number;
  readonly tier?: Tier;
  readonly minDepth?: number;
  readonly maxAge?: number;
  readonly longestBlockTime?: number;
}

/** A contract that was deployed, and what it must be. Addresses and hashes are hexadecimal of any case. */
export interface ContractInput {
  readonly address: string;
  readonly kind: ContractKind;
  /** keccak256 of the runtime code. Without it the check is never ok, and shows what is there. */
  readonly codeHash?: string;
  /** Where it was deployed: three members of the receipt, as `eth_getTransactionReceipt` gave it. */
  readonly receipt?: {
    readonly transactionHash: string;
    /** A whole number, or hexadecimal. */
    readonly blockNumber: number | string;
    readonly blockHash: string;
  };
  /** Of a settlement guard. The zero address means nobody. `delay` is in seconds. */
  readonly roles?: { readonly pauser?: string; readonly configurator?: string; readonly delay?: number };
  /**
   * Of a settlement guard: scopes by name, or by their id. Each has the members of `ScopeConfig` that are to be compared,
   * as `settlement-guard config --json` prints them.
   */
  readonly scopes?: Readonly<Record<string, Readonly<Partial<Record<keyof ScopeConfig, number | bigint | string>>>>>;
  /** Of a settlement guard that is a `LedgerGuard`: the desk that it names. */
  readonly desk?: string;
  /** Of such a guard: its ledgers by their scopes, as in `scopes`. A ledger without members is looked at as well. */
  readonly ledgers?: Readonly<Record<string, LedgerInput>>;
  /** Of a ledger desk: its board of pins. The zero address means none. */
  readonly pins?: string;
  /** Of a source: whose blocks it knows, and how sure they are. Without `chainId` they are this chain's. */
  readonly source?: { readonly chainId?: number; readonly tier?: Tier };
}

/** A deployment on one chain, as it should be. */
export interface DeploymentInput {
  readonly chainId: number;
  /** What a chain that is not listed is asked for its hashes: NUMBER and BLOCKHASH, the default, or ArbSys. */
  readonly source?: "native" | "arbitrum";
  /** By any names. */
  readonly contracts: Readonly<Record<string, ContractInput>>;
}

/** A ledger as it should be. A tier is its place in `TIERS`, an administrator is its address as a number. */
export interface ExpectedLedger {
  readonly name: string;
  readonly scope: Hex;
  readonly members: ReadonlyMap<keyof LedgerInput, bigint>;
}

/** A contract as it was read. */
export interface DeployedContract {
  readonly address: Hex;
  readonly kind: ContractKind;
  readonly codeHash?: Hex;
  readonly receipt?: { readonly transactionHash: Hex; readonly blockNumber: bigint; readonly blockHash: Hex };
  readonly roles: { readonly pauser?: Hex; readonly configurator?: Hex; readonly delay?: bigint };
  readonly scopes: readonly {
    readonly name: string;
    readonly id: Hex;
    readonly members: ReadonlyMap<keyof ScopeConfig, bigint>;
  }[];
  readonly desk?: Hex;
  readonly ledgers: readonly ExpectedLedger[];
  readonly pins?: Hex;
  readonly source: { readonly chainId: bigint; readonly tier?: Tier };
}

/** A deployment as it was read. */
export interface Deployment {
  readonly chainId: bigint;
  readonly source: "native" | "arbitrum";
  readonly contracts: ReadonlyMap<string, DeployedContract>;
}

/** The members of `ScopeConfig`, in the contract's order. */
export const SCOPE_CONFIG_MEMBERS = [
  "policy",
  "parent",
  "minDepth",
  "maxAge",
  "keeperLatency",
  "gap",
  "staleFor",
  "graceFor",
  "exitsFor",
  "blockTime",
  "longestBlockTime",
] as const satisfies (keyof ScopeConfig)[];

/** The members of {@link LedgerInput}. */
export const LEDGER_MEMBERS = [
  "administrator",
  "delay",
  "silence",
  "healAfter",
  "healFor",
  "tier",
  "minDepth",
  "maxAge",
  "longestBlockTime",
] as const satisfies (keyof LedgerInput)[];

const CONTRACT_MEMBERS = [
  ...["address", "kind", "codeHash", "receipt", "roles", "scopes"],
  ...["desk", "ledgers", "pins", "source"],
];

/** Which members say something of which kinds. Elsewhere nothing would judge them. */
const OWNERS: Readonly<Record<string, readonly ContractKind[]>> = {
  roles: ["settlement-guard"],
  scopes: ["settlement-guard"],
  desk: ["settlement-guard"],
  ledgers: ["settlement-guard"],
  pins: ["ledger-desk"],
  source: ["source"],
};

/**
 * Reads a deployment of any shape, parsed JSON too. A member that nothing judges is refused.
 *
 * @throws INVALID_CONFIG with every fault
 */
export function readDeployment(input: unknown): Deployment {
  const faults = new Map<string, string>();
  const report: Report = (line, reason) => void (faults.has(line) || faults.set(line, reason));
  const reader = new Reader(report);
  const whole = membersOf(input, WHOLE, report, ["chainId", "source", "contracts"]) ?? {};
  const chainId = reader.number("chainId", whole["chainId"]) ?? 0n;
  const source = reader.oneOf("source", whole["source"] ?? "native", ["native", "arbitrum"] as const) ?? "native";
  const given = Object.entries(membersOf(whole["contracts"], "contracts", report) ?? {});
  if (given.length === 0) report("contracts", "there is none, so nothing would be checked");
  const contracts = given.map(([name, value]): [string, DeployedContract] => [
    name,
    readContract(`contracts[${quoted(name)}]`, value, chainId, reader),
  ]);
  if (faults.size > 0) throw invalidConfig(faults, "this deployment cannot be checked");
  return { chainId, source, contracts: new Map(contracts) };
}

function readContract(line: string, value: unknown, chainId: bigint, reader: Reader): DeployedContract {
  const given = reader.members(line, value, CONTRACT_MEMBERS);
  const kind = reader.oneOf(`${line}.kind`, given["kind"], CONTRACT_KINDS) ?? "code";
  for (const [member, kinds] of Object.entries(OWNERS))
    if (given[member] !== undefined && !kinds.includes(kind))
      reader.report(`${line}.${member}`, `nothing judges it of a ${kind}, but of ${kinds.join(", ")}`);
  const { codeHash, receipt, desk, pins } = given;
  const ledgers = Object.entries(reader.members(`${line}.ledgers`, given["ledgers"] ?? {}));
  if (ledgers.length > 0 && desk === undefined)
    reader.report(`${line}.ledgers`, "they are at a desk: name that one, too");
  return {
    address: reader.bytes(`${line}.address`, given["address"], 20),
    kind,
    ...(codeHash === undefined ? {} : { codeHash: reader.bytes(`${line}.codeHash`, codeHash, 32) }),
    ...(receipt === undefined ? {} : { receipt: readReceipt(`${line}.receipt`, receipt, reader) }),
    roles: readRoles(`${line}.roles`, given["roles"] ?? {}, reader),
    scopes: Object.entries(reader.members(`${line}.scopes`, given["scopes"] ?? {})).map(([name, members]) =>
      readScope(`${line}.scopes[${quoted(name)}]`, name, members, reader),
    ),
    ...(desk === undefined ? {} : { desk: reader.bytes(`${line}.desk`, desk, 20) }),
    ledgers: ledgers.map(([name, members]) => readLedger(`${line}.ledgers[${quoted(name)}]`, name, members, reader)),
    ...(pins === undefined ? {} : { pins: reader.bytes(`${line}.pins`, pins, 20) }),
    source: readSource(`${line}.source`, given["source"] ?? {}, chainId, reader),
  };
}

function readReceipt(line: string, value: unknown, reader: Reader): NonNullable<DeployedContract["receipt"]> {
  const given = reader.members(line, value, ["transactionHash", "blockNumber", "blockHash"]);
  return {
    transactionHash: reader.bytes(`${line}.transactionHash`, given["transactionHash"], 32),
    blockNumber: reader.number(`${line}.blockNumber`, given["blockNumber"]) ?? 0n,
    blockHash: reader.bytes(`${line}.blockHash`, given["blockHash"], 32),
  };
}

function readRoles(line: string, value: unknown, reader: Reader): DeployedContract["roles"] {
  const { pauser, configurator, delay } = reader.members(line, value, ["pauser", "configurator", "delay"]);
  if (delay !== undefined && configurator === undefined)
    reader.report(`${line}.delay`, "it is asked as the configurator: name that one, too");
  return {
    ...(pauser === undefined ? {} : { pauser: reader.bytes(`${line}.pauser`, pauser, 20) }),
    ...(configurator === undefined ? {} : { configurator: reader.bytes(`${line}.configurator`, configurator, 20) }),
    ...(delay === undefined ? {} : { delay: reader.number(`${line}.delay`, delay) ?? 0n }),
  };
}

function readSource(line: string, value: unknown, own: bigint, reader: Reader): DeployedContract["source"] {
  const { chainId, tier } = reader.members(line, value, ["chainId", "tier"]);
  const known = tier === undefined ? undefined : reader.oneOf(`${line}.tier`, tier, TIERS);
  return {
    chainId: chainId === undefined ? own : (reader.number(`${line}.chainId`, chainId) ?? 0n),
    ...(known === undefined ? {} : { tier: known }),
  };
}

function readScope(line: string, name: string, value: unknown, reader: Reader): DeployedContract["scopes"][number] {
  const given = Object.entries(reader.members(line, value, SCOPE_CONFIG_MEMBERS));
  if (given.length === 0) reader.report(line, "it has no member, so nothing would be compared");
  const members = given.flatMap(([member, part]): [keyof ScopeConfig, bigint][] => {
    const number = member === "parent" ? BigInt(reader.scope(`${line}.parent`, part)) : reader.number(`${line}.${member}`, part); // prettier-ignore
    return number === undefined ? [] : [[member as keyof ScopeConfig, number]];
  });
  return { name, id: reader.scope(line, name), members: new Map(members) };
}

function readLedger(line: string, name: string, value: unknown, reader: Reader): ExpectedLedger {
  const given = Object.entries(reader.members(line, value, LEDGER_MEMBERS));
  const members = given.flatMap(([member, part]): [keyof LedgerInput, bigint][] => {
    const number = memberOf(`${line}.${member}`, member, part, reader);
    return number === undefined ? [] : [[member as keyof LedgerInput, number]];
  });
  return { name, scope: reader.scope(line, name), members: new Map(members) };
}

function memberOf(line: string, member: string, value: unknown, reader: Reader): bigint | undefined {
  if (member === "administrator") return BigInt(reader.bytes(line, value, 20));
  if (member !== "tier") return reader.number(line, value);
  const tier = reader.oneOf(line, value, TIERS);
  return tier === undefined ? undefined : BigInt(TIERS.indexOf(tier));
}

/** Reads single values, and notes the fault of one that is of another form. What stands for it then is of no use. */
class Reader {
  constructor(readonly report: Report) {}

  members(line: string, value: unknown, known?: readonly string[]): Readonly<Record<string, unknown>> {
    return membersOf(value, line, this.report, known) ?? {};
  }

  bytes(line: string, value: unknown, length: number): Hex {
    try {
      return toHex(toBytes(value, line, length));
    } catch {
      return this.misfit(line, value, `${length} bytes in hexadecimal`) ?? toWord(0n);
    }
  }

  /** A whole number of at most 256 bits: a number, a bigint, or text in decimal or hexadecimal. */
  number(line: string, value: unknown): bigint | undefined {
    const isWhole =
      (typeof value === "number" && Number.isSafeInteger(value)) ||
      typeof value === "bigint" ||
      (typeof value === "string" && /^(?:\d{1,78}|0x[\da-fA-F]{1,64})$/.test(value));
    const number = isWhole ? BigInt(value) : -1n;
    return number >= 0n && number < 2n ** 256n ? number : this.misfit(line, value, "a whole number");
  }

  oneOf<Name extends string>(line: string, value: unknown, names: readonly Name[]): Name | undefined {
    const name = names.find((each) => each === value);
    return name ?? this.misfit(line, value, `one of ${names.join(", ")}`);
  }

  /** A scope by its name or its id. */
  scope(line: string, value: unknown): Hex {
    if (typeof value === "string" && /^0x[\da-f]{64}$/i.test(value)) return toHex(toBytes(value, line, 32));
    if (scopeNameFault(value) === undefined) return scopeId(value as string);
    return this.misfit(line, value, "1 to 31 characters of ASCII, or 32 bytes in hexadecimal") ?? toWord(0n);
  }

  private misfit(line: string, value: unknown, expected: string): undefined {
    const given = value === undefined ? "it is missing" : `it is ${describeValue(value)}`;
    this.report(line, `${given}: expected ${expected}`);
    return undefined;
  }
}
