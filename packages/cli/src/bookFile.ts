import {
  COMPARATORS,
  DERIVATIONS,
  hashRules,
  hashSigners,
  type CodeRule,
  type Rule,
  type RuleBook,
  type SignerSet,
} from "settlement-guard";

import { malformed } from "./errors.js";
import { readObject } from "./jsonFile.js";
import { hex, inFile, listOf, membersOf, oneOf, slot, whole, word } from "./members.js";

const RULE = ["kind", "asset", "holder", "slot", "member", "offset", "bits", "derivation", "comparator"] as const;
const CODE = ["account", "isSlot", "slot", "expected"] as const;

/**
 * The rule book that a file holds.
 *
 * @throws UNUSABLE_INPUT also for one that no desk would take
 */
export async function readBook(path: string): Promise<RuleBook> {
  const document = await readObject(path);
  return inFile(path, "expected { version, rules, codes }, as the desk has them", () => {
    const { version, rules, codes } = membersOf(document, "the book", ["version", "rules", "codes"]);
    const book = {
      version: word(version, "version"),
      rules: listOf(rules, "rules").map((rule, i) => ruleOf(rule, `rule ${i}`)),
      codes: listOf(codes, "codes").map((code, i) => codeOf(code, `code ${i}`)),
    };
    hashRules(book);
    return book;
  });
}

/**
 * The set of signers that a file holds.
 *
 * @throws UNUSABLE_INPUT also for one that no desk would take
 */
export async function readSigners(path: string): Promise<SignerSet> {
  const document = await readObject(path);
  return inFile(path, "expected { threshold, signers }, as the desk has them", () => {
    const { threshold, signers } = membersOf(document, "the set", ["threshold", "signers"]);
    const set = {
      threshold: Number(whole(threshold, "threshold", 16)),
      signers: listOf(signers, "signers").map((signer, i) => hex(signer, `signer ${i}`, 20)),
    };
    hashSigners(set);
    return set;
  });
}

function ruleOf(value: unknown, what: string): Rule {
  const rule = membersOf(value, what, RULE);
  const integer = (name: "member" | "offset" | "bits"): number => Number(whole(rule[name], `${what}: ${name}`, 16));
  return {
    kind: word(rule.kind, `${what}: kind`),
    asset: word(rule.asset, `${what}: asset`),
    holder: hex(rule.holder, `${what}: holder`, 20),
    slot: slot(rule.slot, `${what}: slot`),
    member: integer("member"),
    offset: integer("offset"),
    bits: integer("bits"),
    derivation: oneOf(rule.derivation, `${what}: derivation`, DERIVATIONS),
    comparator: oneOf(rule.comparator, `${what}: comparator`, COMPARATORS),
  };
}

function codeOf(value: unknown, what: string): CodeRule {
  const code = membersOf(value, what, CODE);
  if (typeof code.isSlot !== "boolean") throw malformed(`${what}: isSlot is neither true nor false`);
  return {
    account: hex(code.account, `${what}: account`, 20),
    isSlot: code.isSlot,
    slot: slot(code.slot, `${what}: slot`),
    expected: hex(code.expected, `${what}: expected`, 32),
  };
}
