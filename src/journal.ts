export { createJournal, openJournal } from "./ledger/nodeFile.js";
export type { OpenJournalOptions } from "./ledger/nodeFile.js";
export { SIGNING_JOURNAL_TABLE, postgresJournal } from "./ledger/postgresJournal.js";
export type { PostgresQuery } from "./ledger/postgresJournal.js";
export type { JournalCounter } from "./ledger/fileJournal.js";
export type { JournalFloor, JournalKey, SigningJournal, SigningRequest } from "./ledger/journal.js";
