import {
  checkRules,
  prepareCommitment,
  reconcileEach,
  signCommitment,
  TIERS,
  toBytes,
  toHex,
  type Connection,
  type PrepareCommitmentOptions,
  type PreparedCommitment,
  type SignerSet,
  type SignerSignature,
  type RuleDifference,
  type StateAnchor,
} from "settlement-guard";
import { createJournal, openJournal, type SigningJournal } from "settlement-guard/journal";

import { checkLedger, readCount, readWord, type LedgerArguments } from "./arguments.js";
import { readSigners } from "./bookFile.js";
import { readCommitment } from "./commitmentFile.js";
import { connect, type EndpointsOptions } from "./connect.js";
import { eachDifference, unreadIn } from "./differences.js";
import { unusable } from "./errors.js";
import { compared, readLedgerInputs, type LedgerFiles, type LedgerInputs } from "./ledgerInputs.js";
import { progressBar } from "./progress.js";
import { readKey, type SignerKey } from "./signerKey.js";
import type { Terminal } from "./terminal.js";

export interface CommitArguments extends LedgerArguments, LedgerFiles, EndpointsOptions {
  /** A file with the set. */
  signers: string;
  tier: string;
  leastTier?: string;
  depth?: string;
  /** Seconds. */
  validFor?: string;
  validBlocks?: string;
  /** What another signer proposed: a file that this command printed. */
  proposed?: string;
  /** What this signer signed last: a file that this command printed. */
  last?: string;
  journal?: string;
  keystore?: string;
  dryRun?: boolean;
  allowUnread?: boolean;
}

/** In seconds and in blocks, where nothing else is asked for. */
const VALID_FOR = "600";
const VALID_BLOCKS = "50";

/**
 * Prepares the next commitment, compares the whole ledger with proven state, signs, and prints what a relayer needs.
 *
 * @throws UNUSABLE_INPUT; LEDGER_DIVERGED, and what {@link prepareCommitment} and {@link signCommitment} throw
 */
export async function ledgerCommit(options: CommitArguments, terminal: Terminal): Promise<0> {
  checkLedger(options);
  const { desk, guard, scope } = options;
  const how = await readHow(options);
  const { connection, timeout } = connect(options);
  const set = await readSigners(options.signers);
  const inputs = await readLedgerInputs(options);
  const signing = options.dryRun === true ? undefined : await Signing.open(set, options);
  try {
    const prepared = await prepareCommitment(connection, {
      ...{ desk, guard, scope, set, book: inputs.book, ...how, timeout },
      ledgerAt: () => inputs.tree,
      check: (anchor) => compare(connection, { inputs, anchor, timeout, allowUnread: options.allowUnread === true }),
    });
    const { commitment, digest } = prepared;
    const signed = (await signing?.sign(desk, prepared)) ?? {};
    await terminal.printJson({ desk: toHex(toBytes(desk, "desk", 20)), commitment, digest, ...signed }, 2);
    return 0;
  } finally {
    await signing?.close();
  }
}

/**
 * Creates the file of a signing journal.
 *
 * @throws JOURNAL_UNUSABLE where there is one
 */
export async function ledgerCreateJournal(path: string): Promise<0> {
  await createJournal(path);
  return 0;
}

type How = Pick<PrepareCommitmentOptions, "tier" | "depth" | "leastTier" | "validFor" | "proposed" | "last">;

async function readHow(options: CommitArguments): Promise<How> {
  const { depth, leastTier, proposed, last, validFor, validBlocks } = options;
  const tier = readWord("--tier", options.tier, TIERS);
  if (depth !== undefined && tier !== "head")
    throw unusable("--depth", `the anchor is the block of tier ${tier}`, "it is of use with --tier head alone");
  if (proposed !== undefined && (validFor ?? validBlocks) !== undefined)
    throw unusable("--valid-for", "what is proposed has its own bounds", "leave it and --valid-blocks out");
  const bounds = {
    seconds: readCount("--valid-for", validFor ?? VALID_FOR),
    blocks: readCount("--valid-blocks", validBlocks ?? VALID_BLOCKS),
  };
  return {
    tier,
    ...(depth === undefined ? {} : { depth: readCount("--depth", depth) }),
    ...(leastTier === undefined ? {} : { leastTier: readWord("--least-tier", leastTier, TIERS) }),
    ...(proposed === undefined ? { validFor: bounds } : { proposed: (await readCommitment(proposed)).commitment }),
    ...(last === undefined ? {} : { last: (await readCommitment(last)).commitment }),
  };
}

interface Comparison {
  readonly inputs: LedgerInputs;
  readonly anchor: StateAnchor;
  readonly timeout: number;
  readonly allowUnread: boolean;
}

/**
 * Compares every entry, in chunks of owners.
 *
 * @throws LEDGER_DIVERGED at the first rule that does not hold
 * @throws UNUSABLE_INPUT where entries were compared with nothing
 */
async function compare(connection: Connection, comparison: Comparison): Promise<void> {
  const { inputs, anchor, timeout, allowUnread } = comparison;
  const bar = progressBar(inputs.size);
  let read = 0;
  const run = reconcileEach(connection, {
    ...{ ...compared(inputs, (bytes) => (read = bytes)), anchor, timeout },
    onProgress: ({ slots }) => bar.update(read, slots),
  });
  try {
    const summary = await eachDifference(run, (difference) => refuse(connection, comparison, difference));
    const reason = unreadIn(summary!); // it ends early by an error alone
    if (reason === undefined || allowUnread) return;
    throw unusable("--owners", reason, "list every owner once, or give --allow-unread where no rule is about an entry");
  } finally {
    bar.end();
  }
}

/** What differs is proven once more, and refused with the rule and both values. @throws LEDGER_DIVERGED */
async function refuse(connection: Connection, comparison: Comparison, { owner, rule }: RuleDifference): Promise<never> {
  const { anchor, inputs, timeout } = comparison;
  const { tree, book } = inputs;
  await checkRules(connection, { anchor, tree, book, owners: owner === undefined ? [] : [owner], timeout });
  throw new RangeError(`rule ${rule} was found to differ, and then to hold`);
}

/** A key, and the journal that remembers what it signed. */
class Signing {
  private constructor(
    private readonly key: SignerKey,
    private readonly journal: SigningJournal,
  ) {}

  /** @throws UNUSABLE_INPUT, JOURNAL_UNUSABLE */
  static async open(set: SignerSet, { journal, keystore }: CommitArguments): Promise<Signing> {
    if (journal === undefined)
      throw unusable(
        "--journal",
        "nothing is signed without one",
        "`ledger create-journal` makes it; or give --dry-run",
      );
    const key = await readKey(keystore);
    if (!set.signers.some((signer) => BigInt(signer) === BigInt(key.address)))
      throw unusable("--signers", `the key's address ${key.address} is none of them`, "give the set of the open epoch");
    return new Signing(key, await openJournal(journal));
  }

  async sign(desk: string, { commitment, digest, floor }: PreparedCommitment): Promise<SignerSignature> {
    const { journal, key } = this;
    const sign = (_: string, typedData: Parameters<SignerKey["sign"]>[0]): Promise<string> => key.sign(typedData);
    const signature = await signCommitment({ journal, desk, commitment, floor, sign });
    if (!key.hasSigned(digest, signature))
      throw unusable("--journal", "the signature on record is of another key", "each key has a journal of its own");
    return { signer: key.address, signature };
  }

  close(): Promise<void> {
    return this.journal.close();
  }
}
