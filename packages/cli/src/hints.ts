import type { ErrorCode } from "settlement-guard";

/** What to do about an error of the library, and how the process then ends. */
interface Hint {
  readonly hint: string;
  /** 1 where the ledger, the chain or an endpoint is to blame, 2 where what was given is. */
  readonly exitCode: 1 | 2;
}

const refusal = (hint: string): Hint => ({ hint, exitCode: 1 });
const unusable = (hint: string): Hint => ({ hint, exitCode: 2 });

/** As the table of refusals in docs/ledger.md. */
export const HINTS: Partial<Readonly<Record<ErrorCode, Hint>>> = {
  LEDGER_UNKNOWN: refusal("compare --desk, --guard and --scope"),
  LEDGER_RETIRED: refusal("its guard names another ledger"),
  TERMS_DIFFER: refusal("take --signers and --book of the open epoch"),
  TIER_TOO_LOW: refusal("give that tier as --tier"),
  HEAD_DIFFERS: refusal("relay that commitment, or wait where a reorg took it back; ask other endpoints"),
  ANCHOR_ROLLED_BACK: refusal("wait until the tier moves on"),
  PROPOSAL_DIFFERS: refusal("compare with the proposer, or propose anew"),
  LEDGER_DIVERGED: refusal("sign nothing: find out who is wrong, and follow a newer block"),
  ALREADY_SIGNED: refusal("give the commitment that was signed as --proposed, and its signature is printed again"),
  SEQUENCE_PASSED: refusal("prepare anew, and look whether the journal is the newest"),
  JOURNAL_UNUSABLE: unusable(
    "`settlement-guard ledger create-journal FILE` makes the first one; look at one that is damaged",
  ),
  CHECKPOINT_MISMATCH: unusable("repeat the command that the checkpoint is of, or remove its file to start anew"),
};
