import { constants, open, stat, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

import { checkOptions } from "../rpc/options.js";
import { FileJournal, type JournalCounter, type JournalFile } from "./fileJournal.js";
import { unusable, type SigningJournal } from "./journal.js";

/** What a journal in a file may take beside its path. */
export interface OpenJournalOptions {
  /** Remembers elsewhere how far the journal went, so that an older copy of the file is refused. */
  readonly counter?: JournalCounter;
}

/**
 * Creates the file of a signing journal, empty, for its owner alone. To be called once in the life of a signer: a new journal
 * has forgotten everything.
 *
 * @throws JOURNAL_UNUSABLE where there is such a file, or it cannot be made
 * @example
 * await createJournal("/var/lib/signer/journal");
 */
export async function createJournal(path: string): Promise<void> {
  const file = await openFile(path, constants.O_CREAT | constants.O_EXCL);
  try {
    await file.sync();
    await syncDirectory(path);
  } finally {
    await file.close();
  }
}

/**
 * Opens a signing journal: a file to which records are appended. Each is on the disk before what it announces is signed.
 * For Linux and macOS, on a disk of the machine's own. Several processes may open one file; the first to record a digest
 * is the one that signs. Network file systems do not keep that promise.
 *
 * @throws JOURNAL_UNUSABLE where there is no such file, or it is damaged
 * @throws INVALID_OPTION
 * @example
 * const journal = await openJournal("/var/lib/signer/journal");
 * const signature = await journal.sign({ key, digest, floor }, () => signer.sign(digest));
 */
export async function openJournal(path: string, options: OpenJournalOptions = {}): Promise<SigningJournal> {
  checkOptions(options, ["counter"]);
  const file = await openJournalFile(path);
  try {
    return await new FileJournal({ file, where: path, counter: options.counter }).open();
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The file of a journal, as {@link openJournal} takes it. */
export async function openJournalFile(path: string): Promise<JournalFile> {
  const handle = await openFile(path, 0);
  // Whoever created the file may have crashed before its name was on the disk.
  await syncDirectory(path);
  const { dev, ino } = await handle.stat();
  return new NodeFile({ path, handle, identity: `${dev}:${ino}` });
}

/** A file of the operating system. Its kernel puts whole writes of several processes one after the other. */
class NodeFile implements JournalFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #identity: string;

  constructor({ path, handle, identity }: { path: string; handle: FileHandle; identity: string }) {
    this.#path = path;
    this.#handle = handle;
    this.#identity = identity;
  }

  async read(offset: number): Promise<Uint8Array> {
    // A file that was moved away or restored in its place would be forgotten with the process.
    const { dev, ino, size } = await stat(this.#path).catch((cause: unknown) => {
      throw unusable(this.#path, "the file is gone", cause);
    });
    if (`${dev}:${ino}` !== this.#identity) throw unusable(this.#path, "another file is in its place");
    if (size < offset) throw unusable(this.#path, `it has ${size} bytes, and had ${offset}`);
    const bytes = new Uint8Array(size - offset);
    let count = 0;
    while (count < bytes.length) {
      const { bytesRead } = await this.#handle.read(bytes, count, bytes.length - count, offset + count);
      if (bytesRead === 0) break;
      count += bytesRead;
    }
    return bytes.subarray(0, count);
  }

  async append(bytes: Uint8Array): Promise<void> {
    // One write: two would let another's line between them.
    const { bytesWritten } = await this.#handle.write(bytes).catch((cause: unknown) => {
      throw unusable(this.#path, reasonOf(cause), cause);
    });
    if (bytesWritten < bytes.length)
      throw unusable(this.#path, `${bytesWritten} of ${bytes.length} bytes could be appended`);
  }

  sync(): Promise<void> {
    return this.#handle.datasync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

async function openFile(path: string, flags: number): Promise<FileHandle> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDWR | constants.O_APPEND | flags, 0o600);
  } catch (cause) {
    throw unusable(path, reasonOf(cause), cause);
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw unusable(path, "it is no regular file");
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(dirname(path), constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function reasonOf(cause: unknown): string {
  switch ((cause as { code?: unknown }).code) {
    case "ENOENT":
      return "there is no such file, and a new one has forgotten everything: createJournal makes the first";
    case "EEXIST":
      return "there is one already";
    default:
      return String((cause as Error).message);
  }
}
