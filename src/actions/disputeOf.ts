import { toBytes, toHex, toWord, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { abiBook, type AbiBook } from "../ledger/abi.js";
import type { Commitment } from "../ledger/commitment.js";
import {
  codeHashOf,
  comparedPlace,
  decodeWord,
  hashRules,
  ruleHolds,
  type Rule,
  type RuleBook,
} from "../ledger/rules.js";
import type { LedgerTree } from "../ledger/tree.js";
import { invalidOption } from "../rpc/options.js";
import { checkRequestOptions, type Connection, type RequestOptions } from "../rpc/request.js";
import { asEvidence, type DisputedCommitment, type SaidCommitment } from "./disputedCommitment.js";
import { prove, type ProvenState } from "./prove.js";
import type { RuleDifference } from "./ruleDifferences.js";

/** What is wrong, with the commitment that says it. */
export interface DisputeOptions extends RequestOptions, SaidCommitment {
  readonly difference: RuleDifference;
  /** Address of the `LedgerDesk`. */
  readonly desk: Hex;
  /** The ledger whose root the commitment names, at its anchor. */
  readonly tree: LedgerTree;
  readonly book: RuleBook;
}

/** What the chain held, for a contract. */
export interface DisputedState {
  readonly header: Hex;
  /** Zero: the header stands for it. */
  readonly pinnedRoot: Hex;
  readonly witness: Hex;
}

/** A transaction that stops a scope: `desk[function](...args)` in ethers, `{ address: to, functionName, args }` in viem. */
export type ReadyDispute =
  | {
      readonly to: Hex;
      readonly function: "disputeLeaf";
      readonly args: readonly [
        signed: DisputedCommitment,
        book: AbiBook,
        proof: {
          readonly rule: number;
          readonly owner: Hex;
          readonly witness: Hex;
          readonly state: DisputedState;
        },
      ];
    }
  | {
      readonly to: Hex;
      readonly function: "disputeCode";
      readonly args: readonly [
        signed: DisputedCommitment,
        book: AbiBook,
        proof: { readonly code: number; readonly state: DisputedState },
      ];
    };

const ZERO = toWord(0n);

/**
 * Makes the dispute that a difference gives rise to, ready to be sent by anybody. What ledger and chain hold is proven again. So
 * a dispute is returned only where the rule is broken at the commitment's anchor.
 *
 * @throws INVALID_COMMITMENT where it names another ledger or another book
 * @throws INVALID_OPTION for a stranger, whose slot is not known, and where the rule holds there
 * @throws as `prove`
 * @example
 * const dispute = await disputeOf(provider, { difference, desk, commitment, tree, book });
 * await new Contract(dispute.to, abi, signer)[dispute.function](...dispute.args);
 */
export async function disputeOf(connection: Connection, options: DisputeOptions): Promise<ReadyDispute> {
  checkRequestOptions(options, "difference", "desk", "commitment", "tree", "book", "descendants", "signed");
  const { difference, commitment, tree, book } = options;
  expectNamed(commitment, "ledgerRoot", tree.root);
  expectNamed(commitment, "rules", hashRules(book));
  const to = toHex(toBytes(options.desk, "desk", 20));
  const signed = asEvidence(options);
  if (difference.of === "code") {
    const proof = await codeProof(connection, options);
    return { to, function: "disputeCode", args: [signed, abiBook(book), proof] };
  }
  return { to, function: "disputeLeaf", args: [signed, abiBook(book), await leafProof(connection, options)] };
}

async function leafProof(connection: Connection, options: DisputeOptions) {
  const { difference, commitment, tree, book } = options;
  const rule = book.rules[difference.rule];
  if (rule === undefined) throw invalidOption("difference", `the book has no rule ${difference.rule}`);
  const owner = ownerOf(rule, difference);
  const { key, slot } = comparedPlace(rule, owner);
  const proven = await prove(connection, { ...asked(options), account: rule.holder, slots: [slot] });
  const [here, there] = [tree.get(key), decodeWord(rule, proven.slots[0]?.value ?? 0n)];
  if (ruleHolds({ rule, here, there })) throw holds(commitment, `ledger ${here}, chain ${there}`);
  const word = owner === undefined ? ZERO : toWord(BigInt(owner));
  return { rule: difference.rule, owner: word, witness: tree.prove([key]).witness, state: stateOf(proven) };
}

async function codeProof(connection: Connection, options: DisputeOptions) {
  const { difference, commitment, book } = options;
  const code = book.codes[difference.rule];
  if (code === undefined) throw invalidOption("difference", `the book has no rule ${difference.rule} about code`);
  const { account, isSlot, slot, expected } = code;
  const proven = await prove(connection, { ...asked(options), account, slots: isSlot ? [slot] : [] });
  const codeHash = codeHashOf(proven.account);
  const actual = isSlot ? (proven.slots[0]?.value ?? 0n) : codeHash;
  if (actual === BigInt(expected)) throw holds(commitment, `it is ${expected}`);
  return { code: difference.rule, state: stateOf(proven) };
}

/** As `comparedPlace` wants it: a mirror's slot, or nobody for a total. */
function ownerOf({ derivation }: Rule, { owner, slot }: RuleDifference): Hex | undefined {
  if (derivation === "fixed") return undefined;
  const whose = derivation === "mirror" ? slot : owner;
  if (whose !== undefined) return whose;
  throw invalidOption("difference", "it is known by a hash alone: name its slot among the candidates of reconcile");
}

function asked({ commitment, timeout }: DisputeOptions) {
  return { anchor: commitment.anchor, ...(timeout === undefined ? {} : { timeout }) };
}

function stateOf({ header, witness }: ProvenState): DisputedState {
  return { header, pinnedRoot: ZERO, witness };
}

function holds({ anchor }: Commitment, values: string): SettlementGuardError<"INVALID_OPTION"> {
  return invalidOption("difference", `its rule holds at block ${anchor.number} (${anchor.hash}): ${values}`);
}

function expectNamed(commitment: Commitment, member: "ledgerRoot" | "rules", actual: Hex): void {
  if (commitment[member] === actual) return;
  const reason = `the commitment's ${member} is ${commitment[member]}, that of what was given is ${actual}`;
  throw new SettlementGuardError("INVALID_COMMITMENT", { member, reason }, reason);
}
