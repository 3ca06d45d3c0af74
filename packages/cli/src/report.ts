import type { AccountReport, CaseReport, EvmReport, Unauthenticated } from "./judge.js";
import type { Terminal } from "./terminal.js";
import { counted, printableJson } from "./text.js";

/** Where reports go, one by one. Each call waits until the terminal takes more. */
export interface Reporter {
  add(report: CaseReport): Promise<void>;
  /** Called in any case, so that what was printed is whole. */
  end(): Promise<void>;
}

/** `{ "cases": [ … ] }`, one case a line. */
export function jsonReporter(terminal: Terminal): Reporter {
  let before = '{"cases":[';
  return {
    async add(report) {
      await terminal.print(before + printableJson(report));
      before = ",";
    },
    end: () => terminal.print(before === "," ? "]}" : '{"cases":[]}'),
  };
}

/** For people: a line per account and slot, and a count at the end. */
export function textReporter(terminal: Terminal): Reporter {
  const counts = { present: 0, absent: 0, invalid: 0 };
  return {
    async add(report) {
      counts[report.verdict] += 1;
      await terminal.print(...lines(report));
    },
    end() {
      const { present, absent, invalid } = counts;
      const total = counted(present + absent + invalid, "case");
      return terminal.print(`${total}: ${present} present, ${absent} absent, ${invalid} invalid`);
    },
  };
}

function lines(report: CaseReport): string[] {
  const { id, verdict, reason, value, header, account, slots, evm, unauthenticated, notJudged } = report;
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
  if (unauthenticated !== undefined) text.push(`  under ${basisText(unauthenticated)}, which ${UNAUTHENTICATED}`);
  if (notJudged !== undefined) text.push(`  not judged: ${notJudged.join(", ")}`);
  return text;
}

/** What is said of each root and each hash that a verdict rests on. */
export const UNAUTHENTICATED = "nothing here authenticates";

function basisText({ root, stateRoot, blockNumber, blockHash }: Unauthenticated): string {
  return [
    ...(root === undefined ? [] : [`root ${root}`]),
    ...(stateRoot === undefined ? [] : [`state root ${stateRoot}`]),
    ...(blockNumber === undefined ? [] : [`block number ${BigInt(blockNumber)}`]),
    ...(blockHash === undefined ? [] : [`block hash ${blockHash}`]),
  ].join(", ");
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
