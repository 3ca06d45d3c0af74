import type { StateAnchor } from "../anchor/anchor.js";
import { sameHex, toBytes, toHex, toWord, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { codeHashOf, comparedPlace, decodeWord, hashRules, ruleHolds, type RuleBook } from "../ledger/rules.js";
import type { LedgerTree } from "../ledger/tree.js";
import { EMPTY_ROOT } from "../proof/trie.js";
import { checkRequestOptions, type Connection, type RequestOptions } from "../rpc/request.js";
import { prove, type ProvenAccount } from "./prove.js";

/** What is compared, at which block. */
export interface CheckRulesOptions extends RequestOptions {
  /** The block up to which the ledger follows the chain. */
  readonly anchor: StateAnchor;
  readonly tree: LedgerTree;
  readonly book: RuleBook;
  /** Whose entries are compared, as addresses. Those included whom the ledger does not have, and the chain may. */
  readonly owners: readonly string[];
  /** As in `prove`. */
  readonly slotsPerRequest?: number;
}

/** One thing that a rule says of an account of the chain. */
interface Comparison {
  /** Of the rule; those of codes follow. */
  readonly index: number;
  readonly owner?: string;
  readonly account: Hex;
  /** Undefined where the account itself is compared. */
  readonly slot?: Hex;
  readonly here: bigint;
  readonly sign: "==" | "<=" | ">=";
  /** What the rule compares of what was proven. */
  readonly read: (proven: Proven) => bigint;
}

/** An account, and words of its storage by their slots. */
interface Proven {
  readonly account: ProvenAccount;
  readonly words: ReadonlyMap<Hex, bigint>;
}

/**
 * Compares a ledger with proven state under every rule of its book: each rule for each owner, totals, codes. A mirror is compared by its
 * root, which says it of every slot. One proof is asked for each account; every node is checked up to the anchor's state root.
 *
 * An honest ledger passes whatever anybody can dispute of these owners. What is not among them is not compared.
 *
 * @throws LEDGER_DIVERGED at the first that does not hold, with rule, owner, and both values
 * @throws INVALID_RULE, INVALID_OPTION, and what {@link prove} throws
 * @example
 * await checkRules(connection, { anchor, tree, book, owners });
 */
export async function checkRules(connection: Connection, options: CheckRulesOptions): Promise<void> {
  checkRequestOptions(options, "anchor", "tree", "book", "owners", "slotsPerRequest");
  hashRules(options.book); // refuses a book that no desk would take
  const { anchor, timeout, slotsPerRequest } = options;
  const asking = {
    ...(timeout === undefined ? {} : { timeout }),
    ...(slotsPerRequest === undefined ? {} : { slotsPerRequest }),
  };
  const comparisons = [...comparisonsOf(options)];
  const accounts = new Set(comparisons.map(({ account }) => account.toLowerCase()));
  for (const account of accounts) {
    const own = comparisons.filter((it) => sameHex(it.account, account));
    const slots = own.flatMap(({ slot }) => (slot === undefined ? [] : [slot]));
    const { account: proven, slots: values } = await prove(connection, { anchor, account, slots, ...asking });
    const words = new Map(values.map(({ slot, value }) => [slot, value]));
    for (const comparison of own) compare(comparison, anchor, comparison.read({ account: proven, words }));
  }
}

function* comparisonsOf({ tree, book, owners }: CheckRulesOptions): Generator<Comparison> {
  for (const [index, rule] of book.rules.entries()) {
    const { holder: account, comparator: sign } = rule;
    if (rule.derivation === "mirror") {
      yield { index, account, here: BigInt(tree.root), sign, read: storageRootOf };
      continue;
    }
    for (const owner of rule.derivation === "fixed" ? [undefined] : owners) {
      const { key, slot } = comparedPlace(rule, owner);
      const read = ({ words }: Proven): bigint => decodeWord(rule, words.get(slot) ?? 0n);
      yield { index, ...(owner === undefined ? {} : { owner }), account, slot, here: tree.get(key), sign, read };
    }
  }
  for (const [i, { account, isSlot, slot, expected }] of book.codes.entries()) {
    const shared = { index: book.rules.length + i, account, here: BigInt(expected), sign: "==" } as const;
    const word = toHex(toBytes(slot, "slot", 32));
    if (isSlot) yield { ...shared, slot: word, read: ({ words }) => words.get(word) ?? 0n };
    else yield { ...shared, read: ({ account }) => codeHashOf(account) };
  }
}

/** @throws LEDGER_DIVERGED */
function compare({ index, owner, here, sign }: Comparison, { number, hash }: StateAnchor, there: bigint): void {
  if (ruleHolds({ rule: { comparator: sign }, here, there })) return;
  const whose = owner === undefined ? "" : ` of owner ${owner}`;
  const [left, right] = [here, there].map((value) => (value >> 128n === 0n ? String(value) : toWord(value)));
  const message =
    `rule ${index} does not hold${whose} at block ${number} (${hash}): ` +
    `${left} ${sign} ${right} is not so, the ledger's value or the code's first, the chain's then`;
  throw new SettlementGuardError("LEDGER_DIVERGED", { index, owner, here, there, number, hash }, message);
}

function storageRootOf({ account }: Proven): bigint {
  return BigInt(account.status === "absent" ? toHex(EMPTY_ROOT) : account.storageRoot);
}
