import { toBytes, toHex, toWord, type Hex } from "../core/bytes.js";
import { SettlementGuardError } from "../core/errors.js";
import { abiBook, abiCommitment, type AbiBook, type AbiCommitment, type AbiSigners } from "../ledger/abi.js";
import type { Commitment, SignerSet } from "../ledger/commitment.js";
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
import { prove, type ProvenState } from "./prove.js";
import type { RuleDifference } from "./ruleDifferences.js";

/** What is wrong, with the commitment that says it. */
export interface DisputeOptions extends RequestOptions {
  readonly difference: RuleDifference;
  /** Address of the `LedgerDesk`. */
  readonly desk: Hex;
  /** To this ledger, whose root it names, at its anchor. */
  readonly commitment: Commitment;
  readonly tree: LedgerTree;
  readonly book: RuleBook;
  /**
   * What was relayed after the commitment, up to the newest. None where it is the newest, or was not relayed. What the desk
   * does not need is left out of the dispute.
   */
  readonly descendants?: readonly Commitment[];
  /** Who signed the commitment; left out where it is on record. */
  readonly signed?: { readonly set: SignerSet; readonly signatures: readonly string[] };
}

/** What the chain held, for a contract. */
export interface DisputedState {
  readonly header: Hex;
  /** Zero: the header stands for it. */
  readonly pinnedRoot: Hex;
  readonly witness: Hex;
}

/** A commitment as evidence: the contract's `Signed`. */
export interface DisputedCommitment {
  readonly commitment: AbiCommitment;
  readonly descendants: AbiCommitment[];
  readonly set: AbiSigners;
  readonly signatures: string[];
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

/** Each so many commitments the desk keeps a hash, and so many of them. */
const MILESTONE = 64n;
const MILESTONES = 128n;

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
  const { set = { threshold: 0, signers: [] }, signatures = [] } = options.signed ?? {};
  const signed = {
    commitment: abiCommitment(commitment),
    descendants: upToMilestone(commitment, options.descendants ?? []).map(abiCommitment),
    set: { ...set, signers: [...set.signers] },
    signatures: [...signatures],
  };
  if (difference.of === "code") {
    const proof = await codeProof(connection, options);
    return { to, function: "disputeCode", args: [signed, abiBook(book), proof] };
  }
  return { to, function: "disputeLeaf", args: [signed, abiBook(book), await leafProof(connection, options)] };
}

/** The descendants up to the first of which the desk keeps the hash. */
function upToMilestone(commitment: Commitment, descendants: readonly Commitment[]): readonly Commitment[] {
  const newest = (descendants.at(-1) ?? commitment).sequence;
  const isKept = ({ sequence }: Commitment): boolean =>
    sequence % MILESTONE === 0n && newest / MILESTONE - sequence / MILESTONE < MILESTONES;
  const at = [commitment, ...descendants].findIndex(isKept);
  return at < 0 ? descendants : descendants.slice(0, at);
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
