#!/usr/bin/env node
import { report, run } from "./program.js";
import { Terminal } from "./terminal.js";

const terminal = new Terminal(process.stdout, process.stderr);
// Whatever happens, the process ends with one of the three codes.
process.on("uncaughtException", (error) => process.exit(report(error, terminal)));
process.exitCode = 1; // unless it comes to an end
void run(process.argv, terminal).then((exitCode) => (process.exitCode = exitCode));
