import { writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Hex } from "../../src/core/bytes.js";
import type { LedgerTree } from "../../src/ledger/tree.js";
import type { LedgerWorld } from "./world.js";

/** Files as an operator gives them to the command line. */
export class LedgerFiles {
  constructor(
    private readonly directory: string,
    private readonly world: LedgerWorld,
  ) {}

  /** @returns the path */
  write(name: string, content: string | object): string {
    const path = join(this.directory, name);
    writeFileSync(path, typeof content === "string" ? content : `${JSON.stringify(content, decimals, 2)}\n`);
    return path;
  }

  /** By keys, as a dump of a tree has them. */
  ledger(tree: LedgerTree = this.world.tree): string {
    const lines = [...tree.entries()].map(([key, value]) => `${key},${value}`);
    return this.write("ledger.csv", ["key,value", ...lines, ""].join("\n"));
  }

  book(): string {
    return this.write("book.json", this.world.book);
  }

  owners(owners: readonly Hex[] = this.world.owners): string {
    return this.write("owners.txt", `${owners.join("\n")}\n`);
  }

  signers(): string {
    return this.write("signers.json", this.world.set);
  }

  /** What every command takes that compares. */
  compared(owners?: readonly Hex[], tree?: LedgerTree): string[] {
    return ["--ledger", this.ledger(tree), "--book", this.book(), "--owners", this.owners(owners)];
  }
}

/** For `JSON.stringify`, as the command line prints a bigint. */
export function decimals(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
