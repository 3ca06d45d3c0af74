import { toBytes, toHex, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { findDifferences, type LedgerDifference } from "../ledger/descent.js";
import { codeHashOf, comparedPlace, decodeWord, ruleHolds, type Rule, type RuleBook } from "../ledger/rules.js";
import type { LedgerTree } from "../ledger/tree.js";
import { atBlock } from "./getProof.js";
import { proveAt } from "./prove.js";
import { listNodes, readSlots, type Endpoint, type ProvenHolder } from "./readSlots.js";
import { EMPTY_ROOT } from "../proof/trie.js";

/** What a rule of the book says, and what ledger and chain hold instead. Plain data: hexadecimal, integers and texts. */
export interface RuleDifference {
  /** Whether a rule of `book.rules` is broken, or one of `book.codes`. */
  readonly of: "rule" | "code";
  /** Zero in the ledger, zero on the chain, or two values. */
  readonly kind: "missing-here" | "missing-there" | "differs";
  /** Index in that list. */
  readonly rule: number;
  /** The contract that was looked at. */
  readonly holder: Hex;
  /** Of the key, for a rule by owner. */
  readonly owner?: Hex;
  /** Of the ledger; left out for code, and where a mirror's stranger is known by its hash alone. */
  readonly key?: Hex;
  /** Of the holder; left out as the key, and where the code is compared. */
  readonly slot?: Hex;
  /** The first nibbles of keccak256 of a mirror's slot that is not known. All 64 of them stand for one entry, fewer for one at least. */
  readonly prefix?: Hex;
  /** The ledger's value; what a rule about code expects, as a number. */
  readonly here: bigint;
  /** The chain's; left out where no known key leads to it. */
  readonly there?: bigint;
  /** The ledger's less the chain's; left out for code. */
  readonly by?: bigint;
}

/** What was compared. */
export interface Tally {
  /** Comparisons that hold. */
  matched: number;
  /** Entries of the ledger that a rule was applied to. */
  read: number;
  /** Slots of owners, of totals and of a descent that the endpoint was asked for. */
  slots: number;
}

/** A ledger, the rules that it is to satisfy, and keys that a mirror may lack. */
export interface Compared {
  readonly tree: LedgerTree;
  readonly book: RuleBook;
  readonly candidates: Iterable<Hex> | undefined;
}

/** One comparison that is to be made. */
interface Place {
  readonly rule: Rule;
  readonly index: number;
  readonly owner: Hex | undefined;
  readonly key: Hex;
  readonly slot: Hex;
}

/** Compares a ledger with the state after one block, in pieces. What it yields breaks a rule. */
export class Comparison {
  readonly #endpoint: Endpoint;
  readonly #compared: Compared;
  readonly #holders = new Map<Hex, ProvenHolder>();
  /** Rules whose keys no rule before them has. */
  readonly #counting: ReadonlySet<number>;

  constructor(endpoint: Endpoint, compared: Compared) {
    this.#endpoint = endpoint;
    this.#compared = compared;
    const { rules } = compared.book;
    const names = rules.map(({ kind, asset, derivation }) =>
      `${kind} ${asset} ${derivation === "fixed"}`.toLowerCase(),
    );
    this.#counting = new Set([...names.keys()].filter((i) => names.indexOf(names[i]!) === i));
  }

  /** Proves the storage roots of all contracts that the rules name. */
  async holders(): Promise<readonly ProvenHolder[]> {
    for (const { holder } of this.#compared.book.rules) {
      const address = addressOf(holder);
      if (this.#holders.has(address)) continue;
      const { account } = await this.#prove(address, []);
      const storageRoot = account.status === "present" ? account.storageRoot : toHex(EMPTY_ROOT);
      this.#holders.set(address, { address, storageRoot });
    }
    return [...this.#holders.values()];
  }

  /** The rules about code, and those whose slot is fixed. */
  async *ofNobody(tally: Tally): AsyncGenerator<RuleDifference, void, void> {
    for (const [rule, { account, isSlot, slot, expected }] of this.#compared.book.codes.entries()) {
      const holder = addressOf(account);
      const proven = await this.#prove(holder, isSlot ? [toBytes(slot, "slot", 32)] : []);
      const there = isSlot ? (proven.slots[0]?.value ?? 0n) : codeHashOf(proven.account);
      const here = BigInt(expected);
      if (here === there) tally.matched++;
      else yield { of: "code", kind: kindOf(here, there), rule, holder, ...(isSlot ? { slot } : {}), here, there };
    }
    yield* this.#compare([undefined], tally);
  }

  /** The rules by owner, for some owners. */
  ofOwners(owners: readonly Hex[], tally: Tally): AsyncGenerator<RuleDifference, void, void> {
    return this.#compare(owners, tally);
  }

  /** A mirror's only rule. Equal roots ask for nothing. */
  async *ofMirror(tally: Tally): AsyncGenerator<RuleDifference, void, void> {
    const { tree, candidates = [] } = this.#compared;
    const [holder] = this.#holders.values();
    if (holder === undefined) return;
    tally.matched += tree.size;
    tally.read += tree.size;
    const proofsOf = (slots: readonly Hex[]) => {
      tally.slots += slots.length;
      return listNodes(this.#endpoint, holder, slots);
    };
    try {
      for await (const found of findDifferences({ tree, root: holder.storageRoot, proofsOf, candidates })) {
        if (found.kind === "differs" || found.kind === "missing-there") tally.matched--;
        yield mirrored(found, holder.address);
      }
    } catch (error) {
      throw SettlementGuardError.is(error, "PROOF_INVALID") ? atBlock(this.#endpoint.header, error) : error;
    }
  }

  /** @param owners undefined for the owner of totals */
  async *#compare(owners: readonly (Hex | undefined)[], tally: Tally): AsyncGenerator<RuleDifference, void, void> {
    const places = owners.flatMap((owner) => this.#placesOf(owner));
    const words = new Map<Hex, ReadonlyMap<Hex, bigint>>();
    for (const holder of this.#holders.values()) {
      const slots = new Set(
        places.filter(({ rule }) => addressOf(rule.holder) === holder.address).map(({ slot }) => slot),
      );
      tally.slots += slots.size;
      if (slots.size > 0) words.set(holder.address, await readSlots(this.#endpoint, holder, [...slots]));
    }
    for (const { rule, index, owner, key, slot } of places) {
      const holder = addressOf(rule.holder);
      const here = this.#compared.tree.get(key);
      const there = decodeWord(rule, words.get(holder)?.get(slot) ?? 0n);
      if (here !== 0n && this.#counting.has(index)) tally.read++;
      if (ruleHolds({ rule, here, there })) tally.matched++;
      else {
        const place = { rule: index, holder, ...(owner === undefined ? {} : { owner }), key, slot };
        yield { of: "rule", kind: kindOf(here, there), ...place, here, there, by: here - there };
      }
    }
  }

  #placesOf(owner: Hex | undefined): Place[] {
    return [...this.#compared.book.rules.entries()]
      .filter(([, { derivation }]) => (derivation === "fixed") === (owner === undefined))
      .map(([index, rule]) => ({ rule, index, owner, ...comparedPlace(rule, owner) }));
  }

  #prove(address: Hex, slots: readonly Uint8Array[]) {
    const { connection, header, perRequest, asking } = this.#endpoint;
    return proveAt(connection, header, { address, slots, perRequest, asking });
  }
}

function kindOf(here: bigint, there: bigint): RuleDifference["kind"] {
  if (here === 0n) return "missing-here";
  return there === 0n ? "missing-there" : "differs";
}

function mirrored(found: LedgerDifference, holder: Hex): RuleDifference {
  const place = { of: "rule", rule: 0, holder } as const;
  if (found.kind === "strangers") return { ...place, kind: "missing-here", prefix: found.prefix, here: 0n };
  const { kind, key, hashedKey, here, there } = found;
  const where = key === undefined ? { prefix: hashedKey } : { key, slot: key };
  return { ...place, kind, ...where, here, there, by: here - there };
}

function addressOf(holder: Hex): Hex {
  return toHex(toBytes(holder, "holder", 20));
}
