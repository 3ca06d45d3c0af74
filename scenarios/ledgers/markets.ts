import { ethers } from "ethers";

import { toBytes, toHex, toQuantity, toWord, type Hex } from "../../src/core/bytes.js";
import { keccak256 } from "../../src/core/keccak.js";
import type { HardhatChain } from "../../src/hardhat/index.js";
import { abiBook } from "../../src/ledger/abi.js";
import { ledgerKey, totalKey } from "../../src/ledger/key.js";
import type { CodeRule, Rule, RuleBook } from "../../src/ledger/rules.js";
import { LedgerTree } from "../../src/ledger/tree.js";
import { defineGuardConfig } from "../../src/policy/config.js";
import { KIND, NOBODY, setOf, USDC, VERSION, walletsFrom, WATCH, ZERO } from "../../tools/ledger/inputs.js";
import {
  LedgerDesk__factory,
  LedgerHolder__factory,
  LedgerMarket__factory,
  TestToken__factory,
  UnguardedLedgerMarket__factory,
  type LedgerDesk,
  type LedgerHolder,
  type LedgerMarket,
} from "../../typechain-types/index.js";
import { TWINS, UNIT, signersOf, type Role, type Twin } from "../world.js";

/** The market that a scenario is about, and one beside it. */
export const MARKETS = ["ETH-PERP", "BTC-PERP"] as const;
export type Market = (typeof MARKETS)[number];

/** Who signs: two of three. */
export const WALLETS = walletsFrom(1, 3);
export const SIGNERS = setOf(WALLETS, 2);

/** Seconds for which a ledger may be silent; commitments and seconds that heal it. */
export const { silence: SILENCE, healAfter: HEAL_AFTER, healFor: HEAL_FOR } = WATCH;

/** Seconds of Stale, and of Lagging, after a healing. */
export const WAY_BACK = 600;

const { scopes } = defineGuardConfig({
  chains: { 31337: { keeperLatency: 60 } },
  scopes: {
    exchange: {
      chain: 31337,
      ...{ minDepth: 1, maxAge: 256, gap: 900, staleFor: WAY_BACK, graceFor: WAY_BACK, exitsFor: 3_600 },
    },
  },
});

const POOL = 1_000_000n * UNIT;

/** What owners have of a market, in the ledger and on the chain alike. */
export type Balances = Partial<Record<Role, bigint>>;

/** What owners have of the market beside. */
export const BESIDE: Balances = { carol: 300n * UNIT };

/** How a chain with ledgers begins. */
export interface Setup {
  /** Of the market that the scenario is about. */
  readonly balances: Balances;
  /** The rules of its book; by default those of balances and of the total. */
  readonly rules?: (holder: Hex) => Rule[];
  /** The rules about code and configuration, beside that of the holder's code. */
  readonly codes?: readonly CodeRule[];
  /** Whose entries are compared besides everybody's. */
  readonly owners?: readonly Hex[];
}

interface Addresses {
  readonly token: string;
  readonly desk: Hex;
  readonly holders: Record<Market, Hex>;
  readonly twins: Record<Twin, Hex>;
}

/** A chain with two markets, each once with the guard and once without. Contracts hold what the ledgers are compared with. */
export class LedgerMarkets {
  private constructor(
    readonly chain: HardhatChain,
    readonly signers: Record<Role, ethers.Signer>,
    readonly at: Addresses,
    readonly books: Record<Market, RuleBook>,
  ) {}

  static async deploy(chain: HardhatChain, setup: Setup): Promise<LedgerMarkets> {
    const signers = await signersOf(chain);
    const { deployer } = signers;
    const token = await new TestToken__factory(deployer).deploy();
    const desk = await new LedgerDesk__factory(deployer).deploy(ethers.ZeroAddress);
    const holders = {} as Record<Market, Hex>;
    const books = {} as Record<Market, RuleBook>;
    for (const market of MARKETS) {
      const holder = await new LedgerHolder__factory(deployer).deploy();
      holders[market] = (await holder.getAddress()) as Hex;
      books[market] = await bookOf(chain, holders[market], market === "ETH-PERP" ? setup : {});
    }
    const configs = MARKETS.map((market) => configOf(books[market]));
    const names = configs.map((config) => hashOf(desk, config));
    const guarded = await new LedgerMarket__factory(deployer).deploy(
      ...([desk, token, scopes.exchange.config, MARKETS.map(scopeOf), names] as const),
    );
    const unguarded = await new UnguardedLedgerMarket__factory(deployer).deploy(desk, token, SIGNERS);
    for (const [i, market] of MARKETS.entries()) await desk.open(guarded, scopeOf(market), configs[i]!);
    const twins = {} as Record<Twin, Hex>;
    for (const [twin, contract] of Object.entries({ guarded, unguarded })) {
      twins[twin as Twin] = (await contract.getAddress()) as Hex;
      await token.mint(contract, POOL);
    }
    const at = { token: await token.getAddress(), desk: (await desk.getAddress()) as Hex, holders, twins };
    const markets = new LedgerMarkets(chain, signers, at, books);
    await markets.hold(setup.balances);
    await markets.hold(BESIDE, "BTC-PERP");
    return markets;
  }

  /** The same contracts, seen through another node. */
  async on(chain: HardhatChain): Promise<LedgerMarkets> {
    return new LedgerMarkets(chain, await signersOf(chain), this.at, this.books);
  }

  get desk(): LedgerDesk {
    return LedgerDesk__factory.connect(this.at.desk, this.signers.keeper);
  }

  holder(market: Market = "ETH-PERP"): LedgerHolder {
    return LedgerHolder__factory.connect(this.at.holders[market], this.signers.feed);
  }

  /** One of the twins, called by `role`. What a scenario calls, both have. */
  twin(twin: Twin, role: Role): LedgerMarket {
    return LedgerMarket__factory.connect(this.at.twins[twin], this.signers[role]);
  }

  async addressOf(role: Role): Promise<Hex> {
    return (await this.signers[role].getAddress()) as Hex;
  }

  async keyOf(role: Role): Promise<Hex> {
    return ledgerKey({ owner: await this.addressOf(role), asset: USDC, kind: KIND });
  }

  /** The chain's contract books what owners have, and as much custody as all of that. */
  async hold(balances: Balances, market: Market = "ETH-PERP"): Promise<void> {
    const roles = Object.keys(balances) as Role[];
    const owners = await Promise.all(roles.map((role) => this.addressOf(role)));
    const amounts = Object.values(balances);
    await this.holder(market).setBalances(owners, amounts);
    await this.holder(market).setCustody(amounts.reduce((sum, amount) => sum + amount, 0n));
  }

  /** The ledger of what owners have, with their total. */
  async treeOf(balances: Balances): Promise<LedgerTree> {
    const entries = Object.entries(balances) as [Role, bigint][];
    const leaves = await Promise.all(entries.map(async ([role, amount]) => [await this.keyOf(role), amount] as const));
    return LedgerTree.from([...leaves, [TOTAL, entries.reduce((sum, [, amount]) => sum + amount, 0n)]]);
  }

  /** What the twins have paid beyond what their owners were owed. */
  async overpaid(owed: Balances): Promise<Record<Twin, bigint>> {
    const sums = { unguarded: 0n, guarded: 0n };
    for (const [role, due] of Object.entries(owed) as [Role, bigint][]) {
      for (const twin of TWINS) {
        const paid = await this.twin(twin, role).paid(scopeOf("ETH-PERP"), this.signers[role]);
        if (paid > due) sums[twin] += paid - due;
      }
    }
    return sums;
  }

  /** Where the holder keeps something: the balance of an owner, or the custody. Derived by ethers alone. */
  placeOf(owner?: Hex): { account: Hex; slot: Hex } {
    const account = this.at.holders["ETH-PERP"];
    if (owner === undefined) return { account, slot: ZERO };
    return { account, slot: entryOf("address", owner, toWord(1n)) };
  }

  /** The oracle: what the chain's own contract has of an owner. */
  async held(role: Role, block?: bigint): Promise<bigint> {
    return this.holder().balances(this.signers[role], block === undefined ? {} : { blockTag: toQuantity(block) });
  }
}

/** The key of a market's total. */
export const TOTAL = totalKey({ asset: USDC, kind: KIND });

/** The slot of a mapping's entry, as Solidity lays it out. */
export function entryOf(type: "address" | "bytes32", key: Hex, mapping: Hex): Hex {
  return ethers.keccak256(ethers.AbiCoder.defaultAbiCoder().encode([type, "bytes32"], [key, mapping])) as Hex;
}

export function scopeOf(market: Market): Hex {
  return ethers.encodeBytes32String(market) as Hex;
}

/** A rule that compares whole words of a holder. */
export function ruleOf(rule: Pick<Rule, "kind" | "holder" | "slot" | "derivation" | "comparator">): Rule {
  return { asset: USDC, member: 0, offset: 0, bits: 256, ...rule };
}

/** Balances are those of the chain, and their total at most what it holds. */
export function standardRules(holder: Hex): Rule[] {
  return [
    ruleOf({ kind: KIND, holder, slot: toWord(1n), derivation: "by-owner", comparator: "==" }),
    ruleOf({ kind: KIND, holder, slot: toWord(0n), derivation: "fixed", comparator: "<=" }),
  ];
}

async function bookOf(chain: HardhatChain, holder: Hex, { rules = standardRules, codes = [] }: Partial<Setup>) {
  const code = toBytes(await chain.tools.ethers.provider.getCode(holder), "code");
  const own = { account: holder, isSlot: false, slot: ZERO, expected: toHex(keccak256(code)) };
  return { version: VERSION, rules: rules(holder), codes: [own, ...codes] };
}

/** A ledger that no administrator can change. */
function configOf(book: RuleBook) {
  return { set: SIGNERS, book: abiBook(book), administrator: NOBODY, ...WATCH };
}

function hashOf(desk: LedgerDesk, config: ReturnType<typeof configOf>): string {
  const type = desk.interface.getFunction("open").inputs[2]!;
  return ethers.keccak256(desk.interface.getAbiCoder().encode([type], [config]));
}
