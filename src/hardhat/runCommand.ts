import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import type { Request } from "../rpc/request.js";
import { serveReads } from "../forks/endpoints/loopback.js";
import { memberOf, type GuardCommand } from "./commands.js";

const PACKAGE = "settlement-guard-cli";
/** The command line's exit code where a package is missing. */
const MISSING = 2;

/**
 * Runs a command of `settlement-guard` against the network. It asks over a port of this machine that passes reads on to the
 * connection. So it needs neither the network's URL nor its keys. The process ends with the command's exit code.
 */
export async function runCommand(
  command: GuardCommand,
  values: Readonly<Record<string, unknown>>,
  hre: HardhatRuntimeEnvironment,
): Promise<void> {
  const program = programIn(hre.config.paths.root);
  if (program === undefined) {
    console.error(`settlement-guard: the tasks need ${PACKAGE}: npm install --save-dev ${PACKAGE}`);
    process.exitCode = MISSING;
    return;
  }
  const connection = await hre.network.create();
  const { url, close } = await serveReads(connection.provider.request.bind(connection.provider) as Request);
  try {
    const child = spawn(process.execPath, [program, ...argumentsOf(command, values)], {
      stdio: "inherit",
      // Headers are for the endpoint that a user had there before.
      env: { ...process.env, SETTLEMENT_GUARD_RPC_URL: url, SETTLEMENT_GUARD_RPC_HEADERS: "" },
    });
    const [exitCode] = (await once(child, "exit")) as [number | null];
    process.exitCode = exitCode ?? 1; // a signal ended it
  } finally {
    await close();
    await connection.close();
  }
}

/** What is to be run, as the project at `root` has installed it; undefined where it has not. */
function programIn(root: string): string | undefined {
  try {
    const manifest = createRequire(join(root, "package.json")).resolve(`${PACKAGE}/package.json`);
    const { bin } = JSON.parse(readFileSync(manifest, "utf8")) as { bin: Record<string, string> };
    return join(dirname(manifest), bin["settlement-guard"]!);
  } catch {
    return undefined;
  }
}

function argumentsOf(command: GuardCommand, values: Readonly<Record<string, unknown>>): string[] {
  const { name, options, flags = [], argument } = command;
  const given = (option: string, member = memberOf(option)): string[] =>
    [values[member]].flat().flatMap((value) => (value === undefined ? [] : [`--${option}=${String(value)}`]));
  return [
    ...name.split(" "),
    ...options.flatMap((option) => given(option)),
    ...(argument === undefined ? [] : given(argument.option, argument.name)),
    ...flags.filter((flag) => values[memberOf(flag)] === true).map((flag) => `--${flag}`),
  ];
}
