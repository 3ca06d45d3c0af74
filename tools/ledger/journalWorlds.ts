import type { JournalFile } from "../../src/ledger/fileJournal.js";
import type { PostgresQuery } from "../../src/ledger/postgresJournal.js";

/** A disk that lies in memory: one file, and how much of it survives a loss of power. */
export class FakeDisk {
  bytes = new Uint8Array();
  synced = 0;

  /** @param gate is awaited before each operation, and named; it may throw instead, as a crash does */
  file(gate: (operation: string) => Promise<void> = () => Promise.resolve()): JournalFile {
    return {
      read: async (offset) => {
        await gate("read");
        return this.bytes.slice(offset);
      },
      append: async (bytes) => {
        await gate("append");
        this.bytes = Uint8Array.from([...this.bytes, ...bytes]);
      },
      sync: async () => {
        await gate("sync");
        this.synced = this.bytes.length;
      },
      close: () => Promise.resolve(),
    };
  }

  get unsynced(): number {
    return this.bytes.length - this.synced;
  }

  /** Of what was not synced, only the first bytes are left. */
  losePower(kept: number): void {
    this.bytes = this.bytes.slice(0, this.synced + kept);
    this.synced = this.bytes.length;
  }

  copy(): FakeDisk {
    const copy = new FakeDisk();
    copy.bytes = this.bytes.slice();
    copy.synced = this.synced;
    return copy;
  }
}

interface Row {
  readonly place: string;
  readonly scope: string;
  readonly epoch: string;
  readonly sequence: string;
  readonly digest: string;
  signature: string | null;
}

/** The four statements of the journal on a table with a unique place, each done at once. */
export function fakePostgres(): { rows: Row[]; query: PostgresQuery } {
  const rows: Row[] = [];
  const placeOf = (values: string[]): string => values.slice(0, 4).join();
  const query: PostgresQuery = async (text, values) => {
    await Promise.resolve();
    const [guard, scope, epoch, sequence, digest, signature] = values as [string, string, ...string[]];
    const same = rows.find(({ place }) => place === placeOf(values));
    if (text.includes("INSERT INTO")) {
      const row = { place: placeOf(values), scope: `${guard} ${scope}`, epoch: epoch!, sequence: sequence! };
      if (same === undefined) rows.push({ ...row, digest: digest!, signature: null });
      return { rows: [] };
    }
    if (text.startsWith("UPDATE")) {
      if (same?.digest === digest) same!.signature ??= signature!;
      return { rows: [] };
    }
    if (text.startsWith("SELECT digest")) return { rows: same === undefined ? [] : [same] };
    const ofScope = rows.filter((row) => row.scope === `${guard} ${scope}`);
    const value = (row: Row): bigint => (BigInt(row.epoch) << 64n) | BigInt(row.sequence);
    return { rows: ofScope.sort((a, b) => (value(a) < value(b) ? 1 : -1)).slice(0, 1) };
  };
  return { rows, query };
}

/**
 * Runs actors whose steps wait at gates, in every order of their steps.
 *
 * @param play starts the actors of one run, each with its gate, and checks after they ended
 * @returns the number of orders
 */
export async function inEveryOrder(
  play: (gates: (actor: number) => () => Promise<void>) => {
    actors: Promise<unknown>[];
    check: () => Promise<unknown>;
  },
): Promise<number> {
  let choices: number[] = [];
  for (let runs = 1; ; runs++) {
    const options: number[] = [];
    const waiting = new Map<number, () => void>();
    const gates = (actor: number) => () => new Promise<void>((resolve) => waiting.set(actor, resolve));
    const { actors, check } = play(gates);
    let left = actors.length;
    for (const actor of actors) void actor.then(() => left--);
    for (;;) {
      // All that can go on without a gate has gone on.
      await new Promise((resolve) => setImmediate(resolve));
      if (left === 0) break;
      if (waiting.size === 0) continue;
      const ready = [...waiting.keys()].sort();
      const chosen = choices[options.length] ?? 0;
      choices[options.length] = chosen;
      options.push(ready.length);
      const actor = ready[chosen]!;
      const go = waiting.get(actor)!;
      waiting.delete(actor);
      go();
    }
    await check();
    // The next order: the last step at which another actor could have gone.
    let last = options.length - 1;
    while (last >= 0 && choices[last]! + 1 >= options[last]!) last--;
    if (last < 0) return runs;
    choices = [...choices.slice(0, last), choices[last]! + 1];
  }
}
