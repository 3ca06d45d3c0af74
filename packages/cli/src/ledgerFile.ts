import { ledgerKey, LedgerTree, type Hex, type LedgerEntry } from "settlement-guard";

import { CliError, malformed } from "./errors.js";
import { unusableFile } from "./jsonFile.js";
import { linesOf, unusableLine } from "./lines.js";
import { hex, slot, whole, word } from "./members.js";

/** What the first line of a ledger names, in any order. */
const BY_SUBJECT = ["asset", "kind", "owner", "value"];
const BY_KEY = ["key", "value"];
const NOBODY = `0x${"00".repeat(20)}`;
const SHAPE = "the first line names the columns: owner,asset,kind,value or key,value";

/**
 * The ledger that a file holds: lines of CSV, the first of which names the columns. Only the tree is kept.
 *
 * @param path "-" for the standard input
 * @throws UNUSABLE_INPUT with the number of the line
 */
export async function readLedger(path: string): Promise<LedgerTree> {
  const tree = new LedgerTree();
  // A tree does not hold them, and a key must not come twice.
  const zeros = new Set<Hex>();
  let columns: readonly string[] | undefined;
  for await (const { text, number } of linesOf(path)) {
    const refuse = (reason: string): Error => unusableLine(path, number, reason, SHAPE);
    if (columns === undefined) columns = columnsOf(text, refuse);
    else if (text !== "")
      add(
        tree,
        zeros,
        attempt(refuse, () => entryOf(columns as readonly string[], text)),
        refuse,
      );
  }
  if (columns === undefined) throw unusableFile(path, "there is nothing in it", SHAPE);
  return tree;
}

/**
 * The owners that a file lists, one a line, without keeping them.
 *
 * @param path "-" for the standard input
 * @param onRead is told how many bytes of the file were read
 * @throws UNUSABLE_INPUT with the number of the line, possibly after some owners
 */
export function readOwners(path: string, onRead?: (bytes: number) => void): AsyncGenerator<Hex, void, void> {
  return readList(path, { name: "owner", hint: "expected an address a line", read: ownerOf, onRead });
}

/**
 * The slots that a file lists, one a line.
 *
 * @throws as {@link readOwners}
 */
export function readSlots(path: string): AsyncGenerator<Hex, void, void> {
  const read = (text: string): Hex => slot(text, "slot");
  return readList(path, { name: "slot", hint: "expected a slot a line, 32 bytes in hexadecimal", read });
}

interface List {
  /** Of the column, which the first line may have. */
  readonly name: string;
  readonly hint: string;
  readonly read: (field: string) => Hex;
  readonly onRead?: ((bytes: number) => void) | undefined;
}

async function* readList(path: string, { name, hint, read, onRead }: List): AsyncGenerator<Hex, void, void> {
  let isEmpty = true;
  for await (const { text, number, end } of linesOf(path)) {
    onRead?.(end);
    const [field = "", ...others] = fieldsOf(text);
    if (text === "" || (number === 1 && field === name)) continue;
    const refuse = (reason: string): Error => unusableLine(path, number, reason, hint);
    if (others.length > 0) throw refuse("it has more than one field");
    yield attempt(refuse, () => read(field));
    isEmpty = false;
  }
  if (isEmpty) throw unusableFile(path, `there is no ${name} in it`, hint);
}

function columnsOf(text: string, refuse: (reason: string) => Error): readonly string[] {
  const columns = fieldsOf(text);
  const names = columns.toSorted().join();
  if (names === BY_SUBJECT.join() || names === BY_KEY.join()) return columns;
  throw refuse("it does not name the columns");
}

function entryOf(columns: readonly string[], text: string): LedgerEntry {
  const fields = fieldsOf(text);
  if (fields.length !== columns.length) throw malformed(`${fields.length} fields, and ${columns.length} columns`);
  if (fields.some((field) => field !== field.trim() || field.includes('"')))
    throw malformed("a field begins or ends with a space, or has a quote in it");
  const field = (name: string): string => fields[columns.indexOf(name)] ?? "";
  const value = whole(field("value"), "value", 256);
  if (columns.includes("key")) return [hex(field("key"), "key", 32), value];
  const owner = hex(field("owner"), "owner", 20);
  return [ledgerKey({ owner, asset: word(field("asset"), "asset"), kind: word(field("kind"), "kind") }), value];
}

function add(tree: LedgerTree, zeros: Set<Hex>, entry: LedgerEntry, refuse: (reason: string) => Error): void {
  const [key, value] = entry;
  const { size } = tree;
  if (zeros.has(key)) throw refuse("its key came before");
  if (value === 0n) zeros.add(key);
  tree.update([entry]);
  if (tree.size !== size + (value === 0n ? 0 : 1)) throw refuse("its key came before");
}

function ownerOf(field: string): Hex {
  const owner = hex(field, "owner", 20);
  if (owner === NOBODY) throw malformed("the zero address owns totals alone");
  return owner;
}

/** Fields may stand in quotes. What needs them is no field of a ledger: a name with a comma is given as its 32 bytes. */
function fieldsOf(text: string): string[] {
  return text
    .replace(/^\ufeff/, "")
    .split(",")
    .map((field) => /^"([^"]*)"$/.exec(field)?.[1] ?? field);
}

function attempt<Value>(refuse: (reason: string) => Error, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (CliError.is(error, "INPUT_MALFORMED")) throw refuse(error.message);
    throw error;
  }
}
