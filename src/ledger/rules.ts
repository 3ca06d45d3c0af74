import { concat, sameHex, toBytes, toHex, toWord, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { keccak256 } from "../core/keccak.js";
import { ledgerKey } from "./key.js";

/** keccak256 of nothing: what the state has of an account without code. */
const NO_CODE = toHex(keccak256(new Uint8Array()));

/** How a ledger's value must stand to the chain's: the contract's `Comparator`, in its order. */
export const COMPARATORS = ["==", "<=", ">="] as const;
export type Comparator = (typeof COMPARATORS)[number];

/** Which slot of the holder a key is compared with: the contract's `Derivation`, in its order. */
export const DERIVATIONS = ["fixed", "by-owner", "by-owner-asset", "mirror"] as const;
export type Derivation = (typeof DERIVATIONS)[number];

/** One comparison of ledger and chain: the contract's `Rule`. */
export interface Rule {
  /** Of the ledger's key, 32 bytes; unused where the ledger is a mirror, as is `asset`. */
  readonly kind: Hex;
  readonly asset: Hex;
  /** The contract whose storage is compared. */
  readonly holder: Hex;
  /** Where the derivation begins: the slot itself, or that of a mapping. */
  readonly slot: Hex;
  /** Slots that are added to the derived one: a member of a struct. */
  readonly member: number;
  /** Bits of the word below the value. */
  readonly offset: number;
  /** Bits of the value, 1 to 256. */
  readonly bits: number;
  readonly derivation: Derivation;
  readonly comparator: Comparator;
}

/** The code, or a word in a slot, that an account must have: the contract's `CodeRule`. */
export interface CodeRule {
  readonly account: Hex;
  /** Whether a slot is compared, such as a proxy's implementation (ERC-1967), and not the code. */
  readonly isSlot: boolean;
  readonly slot: Hex;
  /** The slot's word, or keccak256 of the code; zero for no code. */
  readonly expected: Hex;
}

/** All by which a scope's ledger is judged. */
export interface RuleBook {
  /** Of the software that applies the rules, 32 bytes. Signers of two versions do not count together. */
  readonly version: Hex;
  readonly rules: readonly Rule[];
  readonly codes: readonly CodeRule[];
}

/** A key of a ledger, and the slot that a rule compares it with. */
export interface ComparedPlace {
  readonly key: Hex;
  readonly slot: Hex;
}

/**
 * The hash of a rule book, which a commitment names: keccak256 of its ABI encoding.
 *
 * @throws INVALID_RULE unless a desk would take the book, with the rule's index
 * @throws INVALID_HEX
 * @example
 * const rules = hashRules({ version, rules: [balances, total], codes: [] });
 */
export function hashRules(book: RuleBook): Hex {
  checkRules(book);
  const rules = book.rules.map((rule) => concat(ruleWords(rule)));
  const codes = book.codes.map((code) => concat(codeWords(code)));
  const toCodes = 96 + 32 + 9 * 32 * rules.length;
  return toHex(
    keccak256(
      concat([
        word(32),
        toBytes(book.version, "version", 32),
        word(96),
        word(toCodes),
        word(rules.length),
        ...rules,
        word(codes.length),
        ...codes,
      ]),
    ),
  );
}

/**
 * The ledger's key, and the holder's slot that a rule compares it with.
 *
 * @param owner an address; a mirror's slot; left out where the rule's slot is fixed
 * @throws INVALID_RULE where the rule compares no such owner
 * @throws INVALID_HEX
 * @example
 * const { key, slot } = comparedPlace(rule, trader);
 */
export function comparedPlace(rule: Rule, owner?: string): ComparedPlace {
  const { derivation, asset, kind } = rule;
  if (derivation === "mirror") {
    const slot = toHex(toBytes(owner, "slot", 32));
    return { key: slot, slot };
  }
  const address = owner === undefined ? new Uint8Array(20) : toBytes(owner, "owner", 20);
  const isTotal = address.every((byte) => byte === 0);
  if (isTotal !== (derivation === "fixed"))
    throw invalidRule(undefined, `a rule that is ${derivation} compares ${isTotal ? "no total" : "totals alone"}`);
  const ownerWord = concat([new Uint8Array(12), address]);
  let slot: Uint8Array = toBytes(rule.slot, "slot", 32);
  if (derivation !== "fixed") slot = keccak256(concat([ownerWord, slot]));
  if (derivation === "by-owner-asset") slot = keccak256(concat([toBytes(asset, "asset", 32), slot]));
  const last = BigInt.asUintN(256, BigInt(toHex(slot)) + BigInt(rule.member));
  return { key: ledgerKey({ owner: toHex(address), asset, kind }), slot: toWord(last) };
}

/**
 * What a rule compares of a word of the chain.
 *
 * @example
 * decodeWord({ ...rule, offset: 128, bits: 64 }, word);
 */
export function decodeWord({ offset, bits }: Pick<Rule, "offset" | "bits">, value: bigint): bigint {
  return BigInt.asUintN(bits, value >> BigInt(offset));
}

/**
 * Whether a ledger's value stands to the chain's as a rule says.
 *
 * @example
 * ruleHolds({ rule, here: tree.get(key), there: decodeWord(rule, word) });
 */
export function ruleHolds({
  rule,
  here,
  there,
}: {
  readonly rule: Pick<Rule, "comparator">;
  readonly here: bigint;
  readonly there: bigint;
}): boolean {
  if (rule.comparator === "<=") return here <= there;
  return rule.comparator === ">=" ? here >= there : here === there;
}

/** The hash of an account's code, as a desk has it: zero for no code. */
export function codeHashOf(
  account: { readonly status: "absent" } | { readonly status: "present"; readonly codeHash: Hex },
): bigint {
  return account.status === "absent" || sameHex(account.codeHash, NO_CODE) ? 0n : BigInt(account.codeHash);
}

/** @throws INVALID_RULE as the desk reverts with RuleInvalid */
function checkRules({ rules, codes }: RuleBook): void {
  for (const [i, { holder, bits, offset, member, derivation, comparator }] of rules.entries()) {
    const isWhole = bits === 256 && offset === 0 && member === 0 && comparator === "==";
    if (isZero(holder)) throw invalidRule(i, "its holder is the zero address");
    if (![bits, offset, member].every((value) => Number.isSafeInteger(value) && value >= 0 && value < 65_536))
      throw invalidRule(i, "member, offset and bits are no integers of 16 bits");
    if (bits === 0 || offset + bits > 256)
      throw invalidRule(i, `bits ${offset} to ${offset + bits} are no part of a word`);
    if (!DERIVATIONS.includes(derivation) || !COMPARATORS.includes(comparator))
      throw invalidRule(i, "its derivation or its comparator is unknown");
    if (derivation === "mirror" && !isWhole) throw invalidRule(i, "a mirror compares whole words, for equality");
    if (derivation === "mirror" && rules.length > 1) throw invalidRule(i, "a mirror is the only rule of its book");
  }
  for (const [i, { account, isSlot, expected }] of codes.entries()) {
    if (isZero(account)) throw invalidRule(rules.length + i, "its account is the zero address");
    if (!isSlot && sameHex(expected, NO_CODE))
      throw invalidRule(rules.length + i, "an account without code has zero here");
  }
}

function ruleWords(rule: Rule): Uint8Array[] {
  return [
    toBytes(rule.kind, "kind", 32),
    toBytes(rule.asset, "asset", 32),
    addressWord(rule.holder, "holder"),
    toBytes(rule.slot, "slot", 32),
    word(rule.member),
    word(rule.offset),
    word(rule.bits),
    word(DERIVATIONS.indexOf(rule.derivation)),
    word(COMPARATORS.indexOf(rule.comparator)),
  ];
}

function codeWords({ account, isSlot, slot, expected }: CodeRule): Uint8Array[] {
  return [
    addressWord(account, "account"),
    word(isSlot ? 1 : 0),
    toBytes(slot, "slot", 32),
    toBytes(expected, "expected", 32),
  ];
}

function addressWord(address: string, what: string): Uint8Array {
  return concat([new Uint8Array(12), toBytes(address, what, 20)]);
}

function word(value: number): Uint8Array {
  return toBytes(toWord(BigInt(value)), "word", 32);
}

function isZero(address: string): boolean {
  return toBytes(address, "address", 20).every((byte) => byte === 0);
}

function invalidRule(index: number | undefined, reason: string): SettlementGuardError<"INVALID_RULE"> {
  const which = index === undefined ? "" : `rule ${index}: `;
  return new SettlementGuardError("INVALID_RULE", { index, reason }, `${which}${reason}`);
}
