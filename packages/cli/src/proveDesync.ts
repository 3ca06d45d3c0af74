import {
  auditTrail,
  disputeAnchorOf,
  disputeOf,
  explain,
  hashCommitment,
  hashRules,
  reconcileEach,
  SettlementGuardError,
  toRequest,
  type AnchorDifference,
  type Commitment,
  type Connection,
  type Hex,
  type RuleDifference,
  type SaidCommitment,
} from "settlement-guard";

import { checkLedger, readCount, readHeight, scopeIdOf, type LedgerArguments } from "./arguments.js";
import { readSigners } from "./bookFile.js";
import { readCommitment, readSignatures } from "./commitmentFile.js";
import { connect, type EndpointsOptions } from "./connect.js";
import { eachDifference, unreadIn } from "./differences.js";
import { unusable } from "./errors.js";
import { compared, readLedgerInputs, type LedgerFiles, type LedgerInputs } from "./ledgerInputs.js";
import { deskCalls, type Call } from "./peers.js";
import type { Terminal } from "./terminal.js";

export interface ProveDesyncArguments extends LedgerArguments, LedgerFiles, EndpointsOptions {
  /** Files that `ledger commit` printed; without one it is the newest on record. */
  commitment?: readonly string[];
  /** Whose signatures are in those files, where they were not relayed. */
  signers?: string;
  /** Height from which the desk's events are read. */
  from: string;
  /** How many disputes. */
  first: string;
}

/** What a dispute speaks of, and what makes the desk believe that it was said. */
interface Said extends SaidCommitment {
  readonly hash: Hex;
}

/** A transaction, and what the desk says to it now. */
interface Tried extends Call {
  readonly isAccepted: boolean;
  /** Why the desk refuses it. */
  readonly refusal?: string;
}

interface ProvenDispute extends Tried {
  readonly difference: RuleDifference | AnchorDifference;
}

/**
 * Compares a commitment's anchor with the chain, and its ledger with the chain at that anchor. It prints disputes of what differs.
 * Where the anchor itself does, that is the only one. Nothing is sent.
 *
 * @returns the exit code: 1 if anything differs, 0 if not
 * @throws UNUSABLE_INPUT, and what {@link auditTrail}, {@link reconcileEach} and {@link disputeOf} throw
 */
export async function ledgerProveDesync(options: ProveDesyncArguments, terminal: Terminal): Promise<0 | 1> {
  checkLedger(options);
  const most = readCount("--first", options.first);
  const { connection, timeout } = connect(options);
  const callOf = await deskCalls("prove-desync");
  const inputs = await readLedgerInputs(options);
  const said = await whatWasSaid(connection, options, timeout);
  expectNamed(said.commitment, inputs, options);
  const { hash, ...evidence } = said;
  const { tree, book } = inputs;
  const desk = options.desk as Hex;
  const disputes: ProvenDispute[] = [];
  let found = 0;
  const { anchor } = said.commitment;
  const wrong = await disputeAnchorOf(connection, { ...evidence, desk, timeout });
  if (wrong !== undefined) {
    const { difference } = wrong;
    const dispute = await tried(connection, callOf(wrong.to, wrong.function, wrong.args));
    await print(terminal, { commitment: hash, anchor, disputes: [{ ...dispute, difference }] });
    return 1;
  }
  const run = reconcileEach(connection, { ...compared(inputs), anchor, timeout });
  const summary = await eachDifference(run, async (difference) => {
    found++;
    const ready = await disputeOf(connection, { ...evidence, difference, desk, tree, book, timeout }).catch(noDispute);
    if (typeof ready === "string") terminal.note(`settlement-guard: no dispute shows a difference: ${ready}`);
    else disputes.push({ ...(await tried(connection, callOf(ready.to, ready.function, ready.args))), difference });
    return disputes.length < most;
  });
  const unread = summary === undefined ? undefined : unreadIn(summary);
  if (unread !== undefined) terminal.note(`settlement-guard: ${unread}: look at --owners and --book`);
  await print(terminal, { commitment: hash, anchor, disputes });
  return found === 0 ? 0 : 1;
}

/** Says first why the desk refuses a dispute, where it does. */
async function print(
  terminal: Terminal,
  answer: {
    readonly commitment: Hex;
    readonly anchor: Commitment["anchor"];
    readonly disputes: readonly ProvenDispute[];
  },
): Promise<void> {
  for (const { refusal } of answer.disputes)
    if (refusal !== undefined) terminal.note(`settlement-guard: the desk refuses a dispute now: ${refusal}`);
  await terminal.printJson(answer, 2);
}

/** The commitment, on record or signed. @throws UNUSABLE_INPUT */
async function whatWasSaid(connection: Connection, options: ProveDesyncArguments, timeout: number): Promise<Said> {
  const { desk, guard, scope } = options;
  const from = readHeight("--from", options.from);
  const { events } = await auditTrail(connection, { desk, guard, scope, from, timeout });
  // By the event's word: a desk relays what nobody here can hash, as a state root of zero.
  const onRecord = events.flatMap(({ commitment, facts }) =>
    commitment === undefined ? [] : [{ commitment, hash: facts["hash"] as Hex }],
  );
  const paths = options.commitment ?? [];
  const [path] = paths;
  const newest = onRecord.at(-1);
  if (path === undefined && newest !== undefined) return newest;
  if (path === undefined)
    throw unusable("--commitment", "none is on record", "give one with --commitment, or a lower --from");
  const { commitment, desk: named } = await readCommitment(path);
  if (named !== desk.toLowerCase())
    throw unusable("--desk", `it is ${desk}, and the file names ${named}`, "give that one");
  const hash = hashCommitment(commitment);
  const at = onRecord.findIndex((other) => other.hash === hash);
  if (at >= 0) return { commitment, hash, descendants: onRecord.slice(at + 1).map((later) => later.commitment) };
  if (options.signers === undefined)
    throw unusable("--commitment", "it is not on record", "give --signers, and a file of each who signed it");
  const set = await readSigners(options.signers);
  const { signatures } = await readSignatures(paths, set);
  return { commitment, hash, signed: { set, signatures } };
}

/** @throws UNUSABLE_INPUT where the files are not those of the commitment */
function expectNamed(commitment: Commitment, { tree, book }: LedgerInputs, options: ProveDesyncArguments): void {
  const named: [option: string, said: string, given: string][] = [
    ["--guard", commitment.guard, options.guard.toLowerCase()],
    ["--scope", commitment.scope, scopeIdOf(options.scope)],
    ["--ledger", commitment.ledgerRoot, tree.root],
    ["--book", commitment.rules, hashRules(book)],
  ];
  for (const [option, said, given] of named)
    if (said !== given) throw unusable(option, `it is ${given}, and the commitment names ${said}`, "give that one");
}

/** For what is known by a hash alone. */
function noDispute(error: unknown): string {
  if (SettlementGuardError.is(error, "INVALID_OPTION")) return error.message;
  throw error;
}

/** A transaction, and what the desk says to it from anybody at the latest block. */
async function tried(connection: Connection, call: Call): Promise<Tried> {
  const { to, data } = call;
  try {
    await toRequest(connection)({ method: "eth_call", params: [{ to, data }, "latest"] });
    return { ...call, isAccepted: true };
  } catch (error) {
    return { ...call, isAccepted: false, refusal: explain(error) };
  }
}
