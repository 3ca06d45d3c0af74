import { writeFile } from "node:fs/promises";

import {
  prove as proveState,
  SettlementGuardError,
  toBytes,
  toHex,
  toQuantity,
  toWord,
  withoutUrls,
  type BlockId,
  type Hex,
  type ProvenState,
} from "settlement-guard";

import { readEndpoint, type EndpointOptions } from "./endpoint.js";
import { typescriptEngine } from "./engine.js";
import { CliError, malformed, unusable } from "./errors.js";
import { jsonRpc } from "./jsonRpc.js";
import { judge } from "./judge.js";
import { readCase } from "./proofCase.js";
import { UNAUTHENTICATED } from "./report.js";
import { systemReason, type Terminal } from "./terminal.js";
import { brief, counted, printableJson } from "./text.js";

export interface ProveArguments extends EndpointOptions {
  account: string;
  slot: string[];
  block: string;
  out?: string;
}

/** A recorded answer, as `verify` reads it: the witness, and what it was found to show. */
export interface RecordedAnswer {
  id: string;
  blockNumber: string;
  blockHash: Hex;
  stateRoot: Hex;
  headerRlp: Hex;
  address: Hex;
  accountExists: boolean;
  account: { nonce: Hex; balance: Hex; storageHash: Hex; codeHash: Hex } | null;
  storage: { slot: Hex; value: Hex }[];
  witness: Hex;
}

/**
 * Fetches a proof, checks it, and writes it as a file for `verify`.
 *
 * @throws UNUSABLE_INPUT for arguments that cannot be used, and what the library's `prove` throws
 */
export async function prove(options: ProveArguments, terminal: Terminal): Promise<0 | 1> {
  const endpoint = readEndpoint(options);
  const account = argument("--account", options.account, "20 bytes in hexadecimal", (text) =>
    toHex(toBytes(text, "--account", 20)),
  );
  const slots = options.slot.map((text) => argument("--slot", text, "a number, or 32 bytes in hexadecimal", slotOf));
  const anchor = argument("--block", options.block, BLOCKS, blockOf);
  const record = recorded(await proveState(jsonRpc(endpoint), { anchor, account, slots, timeout: endpoint.timeout }));

  // What is written is what `verify` will accept, not merely what was checked on the way.
  const report = await judge(readCase(record, 0), typescriptEngine);
  if (report.verdict === "invalid") throw invalidRecord(report.reason ?? "invalid");

  if (options.out === undefined) await terminal.printJson(record, 2);
  else
    await writeFile(options.out, `${printableJson(record, 2)}\n`).catch((cause: unknown) => {
      throw unusableArgument("--out", options.out ?? "", "a file that can be written", systemReason(cause));
    });
  terminal.note(summary(record, report.verdict, anchor));
  return 0;
}

function recorded({ anchor, header, address, account, slots, witness }: ProvenState): RecordedAnswer {
  const { number, hash, stateRoot } = anchor;
  return {
    id: `${address}-${number}`,
    blockNumber: toQuantity(number),
    blockHash: hash,
    stateRoot,
    headerRlp: header,
    address,
    accountExists: account.status === "present",
    account:
      account.status === "absent"
        ? null
        : {
            nonce: toQuantity(account.nonce),
            balance: toQuantity(account.balance),
            storageHash: account.storageRoot,
            codeHash: account.codeHash,
          },
    storage: slots.map(({ slot, value }) => ({ slot, value: toQuantity(value) })),
    witness,
  };
}

/** What was checked, and under what. That the chain has the block, only the one who named it says. */
function summary(record: RecordedAnswer, verdict: string, asked: BlockId): string {
  const { id, witness, storage, blockNumber, blockHash } = record;
  const size = counted((witness.length - 2) / 2, "byte");
  const checked = `account ${verdict}, ${counted(storage.length, "slot")}, every node checked, a witness of ${size}`;
  const named = `${typeof asked === "object" && "hash" in asked ? "the command" : "the endpoint"} named`;
  return `${id}: ${checked}, under block ${BigInt(blockNumber)}, hash ${blockHash}, which ${named} and ${UNAUTHENTICATED}`;
}

const BLOCKS = "a number, a block hash, latest, safe, finalized or earliest";

function blockOf(text: string): BlockId {
  if (text === "latest" || text === "safe" || text === "finalized" || text === "earliest") return text;
  if (/^0x[0-9a-fA-F]{64}$/.test(text)) return { hash: text as Hex };
  return { number: numberOf(text, 2n ** 64n) };
}

function slotOf(text: string): Hex {
  return toWord(numberOf(text, 2n ** 256n));
}

function numberOf(text: string, below: bigint): bigint {
  const number = /^(?:\d+|0x[0-9a-fA-F]+)$/.test(text) ? BigInt(text) : below;
  if (number < below) return number;
  throw malformed("not a number in range");
}

function argument<Value>(what: string, text: string, expected: string, read: (text: string) => Value): Value {
  try {
    return read(text);
  } catch (cause) {
    if (!SettlementGuardError.is(cause, "INVALID_HEX") && !CliError.is(cause, "INPUT_MALFORMED")) throw cause;
    throw unusableArgument(what, text, expected, "cannot be used");
  }
}

function unusableArgument(what: string, given: string, expected: string, reason: string): CliError<"UNUSABLE_INPUT"> {
  return unusable(what, reason, `expected ${expected}`, brief(withoutUrls(given)));
}

function invalidRecord(reason: string): SettlementGuardError<"PROOF_INVALID"> {
  return new SettlementGuardError(
    "PROOF_INVALID",
    { what: "the recorded answer", reason },
    `the recorded answer: ${reason}`,
  );
}
