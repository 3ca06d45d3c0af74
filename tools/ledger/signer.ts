/**
 * A signer that is killed at a step: `node --import tsx signer.ts PATH SIGNED DIGEST STEP`. It notes in the file SIGNED each digest that
 * it signs. Its steps are those of the
 * file and of signing, counted from 0. At `STEP.5` half of a record is written.
 */
import { appendFileSync, fsyncSync, openSync, writeSync } from "node:fs";

import { FileJournal, type JournalFile } from "../../src/ledger/fileJournal.js";
import { openJournalFile } from "../../src/ledger/nodeFile.js";

const [path, signed, digest, step] = process.argv.slice(2) as [string, string, string, string];
const at = Number(step);
let count = 0;

const gate = (bytes?: Uint8Array): void => {
  const here = count++;
  if (here === at) process.kill(process.pid, "SIGKILL");
  if (here + 0.5 === at && bytes !== undefined) {
    const file = openSync(path, "a");
    writeSync(file, bytes.subarray(0, bytes.length / 2));
    fsyncSync(file);
    process.kill(process.pid, "SIGKILL");
  }
};

const real = await openJournalFile(path);
const file: JournalFile = {
  read: (offset) => (gate(), real.read(offset)),
  append: (bytes) => (gate(bytes), real.append(bytes)),
  sync: () => (gate(), real.sync()),
  close: () => real.close(),
};
const journal = await new FileJournal({ file, where: path }).open();
const key = { guard: `0x${"11".repeat(20)}`, scope: `0x${"22".repeat(32)}`, epoch: 1n, sequence: 1n };
const signature = await journal.sign({ key, digest, floor: { epoch: 0n, sequence: 0n } }, () => {
  gate();
  appendFileSync(signed, `${digest}\n`);
  gate();
  return Promise.resolve(`0x51${digest.slice(2)}`);
});
console.log(`${count} ${signature}`);
