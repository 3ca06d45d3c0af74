import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { findAnvil, startAnvil } from "../../src/anvil/program.js";

describe("anvil's process", function () {
  let folder: string;
  before(function () {
    if (process.platform === "win32") this.skip();
    folder = mkdtempSync(join(tmpdir(), "anvil-"));
  });
  after(() => folder && rmSync(folder, { recursive: true }));

  /** A program that prints what anvil does not. */
  function script(...lines: string[]): string {
    const path = join(folder, "anvil");
    writeFileSync(path, ["#!/bin/sh", ...lines, ""].join("\n"), { mode: 0o755 });
    return path;
  }

  /** Runs another process that imports the module, until it has printed a line. */
  async function run(...lines: string[]) {
    const code = [`import { startAnvil } from "./src/anvil/program.ts";`, ...lines].join("\n");
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", code], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "exit") as Promise<[code: number | null, signal: string | null]>;
    const [printed] = (await once(child.stdout, "data")) as [Buffer];
    return { child, ended, printed: printed.toString().trim() };
  }
  const START = (program: string) => `const { url } = await startAnvil(${JSON.stringify(program)}, []);`;
  const WAITS = "console.log(url); setInterval(() => undefined, 1_000);";

  it("is watched by one listener for all, which goes with the last", async () => {
    const program = script("echo Listening on 127.0.0.1:8545", "exec sleep 60");
    // In a process of its own, for this one may have an anvil of other tests.
    const { ended, printed } = await run(
      `const listeners = () => ["exit", "SIGINT", "SIGTERM"].map((event) => process.listenerCount(event));`,
      `const counts = [listeners()];`,
      `const started = await Promise.all([1, 2, 3].map(() => startAnvil(${JSON.stringify(program)}, [])));`,
      `counts.push(listeners());`,
      `for (const { stop } of started) stop();`,
      `counts.push(listeners());`,
      `const code = await startAnvil("/no/such/anvil", []).catch((error) => error.code);`,
      `console.log(JSON.stringify([...counts, listeners(), code]));`,
    );
    expect(await ended).to.deep.equal([0, null]);
    const [before, amid, after, failed, code] = JSON.parse(printed) as [number[], number[], number[], number[], string];
    expect(amid).to.deep.equal(before.map((count) => count + 1));
    expect([after, failed, code]).to.deep.equal([before, before, "FORK_SIMULATOR"]);
  });

  it("has the whole port, where it is printed in pieces", async () => {
    const program = script("printf 'Listening on 127.0.0.1:12'", "sleep 0.3", "echo 345", "exec sleep 60");
    const { url, stop } = await startAnvil(program, []);
    stop();
    expect(url).to.equal("http://127.0.0.1:12345");
  });

  it("keeps nothing alive where it could not be run", async () => {
    // The timer of a missing program kept a process alive for ten seconds.
    const { ended, printed } = await run(
      `const code = await startAnvil("/no/such/anvil", []).catch((error) => error.code);`,
      `console.log(code, process.getActiveResourcesInfo().includes("Timeout"));`,
    );
    expect([printed, await ended]).to.deep.equal(["FORK_SIMULATOR false", [0, null]]);
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const)
    it(`ends with the process at ${signal}, which others still see`, async function () {
      const program = findAnvil();
      if (program === undefined) return this.skip();
      const alone = await run(START(program), WAITS);
      expect((await fetch(alone.printed)).status).to.be.greaterThan(0);
      alone.child.kill(signal);
      expect(await alone.ended).to.deep.equal([null, signal]);
      expect(await fetch(alone.printed).catch(() => "gone")).to.equal("gone");

      const listening = `process.on("${signal}", () => setTimeout(() => process.exit(7), 100));`;
      const heard = await run(listening, START(program), WAITS);
      heard.child.kill(signal);
      expect(await heard.ended).to.deep.equal([7, null]);
      expect(await fetch(heard.printed).catch(() => "gone")).to.equal("gone");
    });
});
