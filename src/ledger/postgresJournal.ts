import type { Hex } from "../core/bytes.js";
import {
  judge,
  readRequest,
  readSignature,
  unusable,
  type Entry,
  type JournalFloor,
  type Recorded,
  type SigningJournal,
} from "./journal.js";

/** Runs one statement by itself, outside of any transaction. The `query` of `pg`'s `Pool` does. */
export type PostgresQuery = (text: string, values: string[]) => Promise<{ readonly rows: readonly unknown[] }>;

/** The table of {@link postgresJournal}. Its primary key is what makes a second digest impossible. */
export const SIGNING_JOURNAL_TABLE = `CREATE TABLE IF NOT EXISTS signing_journal (
  guard text NOT NULL,
  scope text NOT NULL,
  epoch numeric(20) NOT NULL,
  sequence numeric(20) NOT NULL,
  digest text NOT NULL,
  signature text,
  PRIMARY KEY (guard, scope, epoch, sequence)
)`;

const WHERE = "PostgreSQL's table signing_journal";
const PLACE = "guard = $1 AND scope = $2 AND epoch = $3 AND sequence = $4";
const SAME = `SELECT digest, signature FROM signing_journal WHERE ${PLACE}`;
const GREATEST =
  "SELECT epoch::text, sequence::text FROM signing_journal WHERE guard = $1 AND scope = $2 ORDER BY signing_journal.epoch DESC, signing_journal.sequence DESC LIMIT 1";
// The setting ends with the statement. Without it a server may answer before the row is on its disk.
const INSERT =
  "WITH durable AS (SELECT set_config('synchronous_commit', 'on', true)) " +
  "INSERT INTO signing_journal (guard, scope, epoch, sequence, digest) " +
  "SELECT $1, $2, $3::numeric, $4::numeric, $5 FROM durable ON CONFLICT DO NOTHING";
const COMPLETE = `UPDATE signing_journal SET signature = $6 WHERE ${PLACE} AND digest = $5 AND signature IS NULL`;

/**
 * A signing journal in your PostgreSQL, for several signers of one key. Create {@link SIGNING_JOURNAL_TABLE} before. The first
 * to insert a digest for a place is the one that signs; all others read it.
 *
 * `query` must reach the primary, and commit by itself: a row of an open transaction may yet vanish.
 *
 * @example
 * const journal = postgresJournal((text, values) => pool.query(text, values));
 * const signature = await journal.sign({ key, digest, floor }, () => signer.sign(digest));
 */
export function postgresJournal(query: PostgresQuery): SigningJournal {
  return {
    async sign(request, sign) {
      const { entry, floor } = readRequest(request);
      const place = [entry.guard, entry.scope, `${entry.epoch}`, `${entry.sequence}`];
      let found = judge(entry, floor, await recordedOf(query, entry));
      if (found === "free") {
        await query(INSERT, [...place, entry.digest]);
        found = judge(entry, floor, await recordedOf(query, entry));
      }
      if (found === "free") throw unusable(WHERE, "what was inserted is not in it");
      if (found !== "recorded") return found.signature;
      const signature = readSignature(await sign());
      await query(COMPLETE, [...place, entry.digest, signature]);
      return signature;
    },
    close: () => Promise.resolve(),
  };
}

async function recordedOf(query: PostgresQuery, { guard, scope, epoch, sequence }: Entry): Promise<Recorded> {
  const same = await query(SAME, [guard, scope, `${epoch}`, `${sequence}`]);
  const greatest = await query(GREATEST, [guard, scope]);
  const row = same.rows[0] as { digest: string; signature: Hex | null } | undefined;
  return {
    same: row === undefined ? undefined : { digest: row.digest, signature: row.signature ?? undefined },
    greatest: placeIn(greatest.rows[0] as { epoch: string; sequence: string } | undefined),
    where: WHERE,
  };
}

function placeIn(row: { epoch: string; sequence: string } | undefined): JournalFloor | undefined {
  return row === undefined ? undefined : { epoch: BigInt(row.epoch), sequence: BigInt(row.sequence) };
}
