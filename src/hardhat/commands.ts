/** A command of `settlement-guard` that asks one chain: here the network's. */
export interface GuardCommand {
  /** As on the command line: "ledger status". */
  readonly name: string;
  readonly description: string;
  /** Options with a value, and flags, by the command line's names. */
  readonly options: readonly string[];
  readonly flags?: readonly string[];
  /**
   * An option that is the task's argument, under another name. Hardhat has a `--config` of its own, and repeats no
   * option.
   */
  readonly argument?: { readonly name: string; readonly option: string; readonly isRepeated: boolean };
}

const LEDGER = ["desk", "guard", "scope", "timeout"];
const FILES = ["ledger", "book", "owners", "candidates"];

/** What the tasks run. Commands that ask no chain, or sign, are the command line's alone. */
export const COMMANDS: readonly GuardCommand[] = [
  {
    name: "status",
    description: "Say what restricts a scope of a guard on the network",
    options: ["guard", "scope", "timeout"],
    flags: ["json"],
  },
  {
    name: "prove",
    description: "Prove an account and slots as of a block of the network",
    options: ["account", "block", "out", "timeout"],
    argument: { name: "slots", option: "slot", isRepeated: true },
  },
  {
    name: "deploy-check",
    description: "Check that what is deployed on the network is what a file says",
    options: ["timeout"],
    flags: ["allow-unknown", "json"],
    argument: { name: "deployment", option: "config", isRepeated: false },
  },
  {
    name: "audit",
    description: "List what happened to a scope's ledger on the network",
    options: [...LEDGER, "from", "page"],
    flags: ["json"],
  },
  {
    name: "ledger status",
    description: "Say what is on record of a ledger on the network",
    options: LEDGER,
    flags: ["json"],
  },
  {
    name: "ledger heal",
    description: "Say whether a ledger on the network can be healed",
    options: LEDGER,
    flags: ["json"],
  },
  {
    name: "ledger reconcile",
    description: "Compare a ledger with the network",
    options: [...FILES, "timeout", "anchor", "checkpoint", "chunk-size", "json", "page"],
    flags: ["allow-unread"],
  },
  {
    name: "ledger prove-desync",
    description: "Compare a ledger with the network at its commitment, and print disputes",
    options: [...LEDGER, ...FILES, "signers", "first", "from"],
    argument: { name: "commitments", option: "commitment", isRepeated: true },
  },
];

/** Hardhat names an option in camel case: "chunk-size" is `chunkSize`. */
export function memberOf(option: string): string {
  return option.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
