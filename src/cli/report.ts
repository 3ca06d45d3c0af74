import type { Writable } from "node:stream";

import type { AccountReport, CaseReport, EvmReport } from "./judge.js";

/** Where reports go, one by one. Each call waits until the stream takes more. */
export interface Reporter {
  add(report: CaseReport): Promise<void>;
  /** Called in any case, so that what was printed is whole. */
  end(): Promise<void>;
}

/** `{ "cases": [ … ] }`, one case a line. */
export function jsonReporter(out: Writable): Reporter {
  let separator = '{"cases":[\n';
  return {
    async add(report) {
      await write(out, separator + JSON.stringify(report));
      separator = ",\n";
    },
    end: () => write(out, separator.startsWith("{") ? '{"cases":[]}\n' : "\n]}\n"),
  };
}

/** For people: a line per account and slot, and a count at the end. */
export function textReporter(out: Writable): Reporter {
  const counts = { present: 0, absent: 0, invalid: 0 };
  return {
    async add(report) {
      counts[report.verdict] += 1;
      await write(out, `${lines(report).map(printable).join("\n")}\n`);
    },
    end() {
      const total = counts.present + counts.absent + counts.invalid;
      const { present, absent, invalid } = counts;
      return write(
        out,
        `${total} ${total === 1 ? "case" : "cases"}: ${present} present, ${absent} absent, ${invalid} invalid\n`,
      );
    },
  };
}

function lines(report: CaseReport): string[] {
  const { id, verdict, reason, value, header, account, slots, evm } = report;
  const text = [`${id}: ${[verdict, value ?? reason].filter((part) => part !== undefined).join(" ")}`];
  if (header !== undefined)
    text.push(`  header ${BigInt(header.number)}: ${header.hash}, state root ${header.stateRoot}`);
  if (account !== undefined) text.push(`  account ${account.address}: ${account.verdict}${accountText(account)}`);
  for (const slot of slots ?? []) {
    text.push(
      `  slot ${slot.slot}: ${[slot.verdict, slot.value ?? slot.reason].filter((part) => part !== undefined).join(" ")}`,
    );
  }
  if (evm !== undefined)
    text.push(`  evm: ${evm.verdict}${evm.reason === undefined ? "" : ` ${evm.reason}`}, ${gasText(evm)}`);
  return text;
}

function accountText({ reason, nonce, balance, storageHash, codeHash }: AccountReport): string {
  if (reason !== undefined) return ` ${reason}`;
  if (nonce === undefined || balance === undefined) return "";
  return ` nonce ${BigInt(nonce)}, balance ${BigInt(balance)} wei, storage root ${storageHash}, code hash ${codeHash}`;
}

function gasText({ gas, header, account, slots }: EvmReport): string {
  const parts = [
    ...(header === undefined ? [] : [`header ${header}`]),
    ...(account === undefined ? [] : [`account ${account}`]),
    ...(slots === undefined || slots.length === 0 ? [] : [`slots ${slots.map((slot) => slot.gas).join(" + ")}`]),
  ];
  return `${gas} gas${parts.length < 2 ? "" : ` (${parts.join(", ")})`}`;
}

/** Names and messages come out of the file; what a terminal would obey is shown instead. */
function printable(line: string): string {
  return line.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function write(out: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    out.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
