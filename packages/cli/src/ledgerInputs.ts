import { stat } from "node:fs/promises";

import type { Hex, LedgerTree, ReconcileOptions, RuleBook } from "settlement-guard";
import { useWasmKeccak } from "settlement-guard/keccak-wasm";

import { readBook } from "./bookFile.js";
import { unusable } from "./errors.js";
import { readLedger, readOwners, readSlots } from "./ledgerFile.js";

/** The files that say what is compared. */
export interface LedgerFiles {
  ledger: string;
  book: string;
  owners?: string;
  candidates?: string;
}

export interface LedgerInputs {
  readonly tree: LedgerTree;
  readonly book: RuleBook;
  /** Reads the owners, once. Undefined where no rule is by owner. */
  readonly owners: ((onRead?: (bytes: number) => void) => AsyncIterable<Hex>) | undefined;
  /** Slots that a mirror's contract may hold, and the ledger does not. */
  readonly candidates: readonly Hex[];
  /** Bytes of the file of owners; undefined where that is not known. */
  readonly size: number | undefined;
}

/**
 * Reads what is compared. The owners are read later, one by one.
 *
 * @throws UNUSABLE_INPUT
 */
export async function readLedgerInputs(files: LedgerFiles): Promise<LedgerInputs> {
  // Where its package is not installed, the library's own engine does the same in more time.
  await useWasmKeccak().catch(() => undefined);
  const book = await readBook(files.book);
  const { ledger, owners: path } = files;
  const isByOwner = book.rules.some(({ derivation }) => derivation.startsWith("by-"));
  expectOption("--owners", path, isByOwner, "a rule of the book is by owner");
  if (files.candidates !== undefined)
    expectOption("--candidates", files.candidates, book.rules[0]?.derivation === "mirror", "the book is of a mirror");
  if ([ledger, files.book, path, files.candidates].filter((file) => file === "-").length > 1)
    throw unusable("the standard input", "it is given for two files", "give one of them by its name");
  const tree = await readLedger(ledger);
  const candidates: Hex[] = [];
  if (files.candidates !== undefined) for await (const slot of readSlots(files.candidates)) candidates.push(slot);
  if (path === undefined) return { tree, book, candidates, owners: undefined, size: undefined };
  const { size } = await stat(path).catch(() => ({ size: 0 }));
  const owners = (onRead?: (bytes: number) => void): AsyncIterable<Hex> => readOwners(path, onRead);
  return { tree, book, candidates, owners, size: size > 0 ? size : undefined };
}

/** An option that is there where something is the case, and not where it is not. @throws UNUSABLE_INPUT */
function expectOption(option: string, given: string | undefined, isNeeded: boolean, why: string): void {
  if (isNeeded && given === undefined) throw unusable(option, `it is missing, and ${why}`, "give the file");
  if (!isNeeded && given !== undefined) throw unusable(option, `it is of use where ${why}`, "leave it out");
}

/** As `reconcileEach` takes it, once. @param onRead is told how many bytes of the file of owners were read */
export function compared(
  { tree, book, owners, candidates }: LedgerInputs,
  onRead?: (bytes: number) => void,
): Pick<ReconcileOptions, "tree" | "book" | "owners" | "candidates"> {
  return { tree, book, candidates, ...(owners === undefined ? {} : { owners: owners(onRead) }) };
}
