/**
 * Packs the library, installs the tarball in a project of its own, and runs that project's test: what a user gets, not what the repository
 * holds.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const directory = mkdtempSync(join(tmpdir(), "settlement-guard-"));
try {
  run("npx", ["publint", "--strict"], ".");
  const [packed] = JSON.parse(
    run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", directory], "."),
  ) as [{ filename: string; size: number; files: { path: string }[] }];
  const paths = packed.files.map(({ path }) => path);
  console.log(`packed ${packed.filename}: ${paths.length} files, ${packed.size} bytes`);
  const stray = paths.filter((path) =>
    /^(?:test|bench|scenarios|scripts|fixtures)\/|\.t\.sol$|^contracts\/mocks\//.test(path),
  );
  if (stray.length > 0) fail(`the tarball holds what is not for users: ${stray.join(", ")}`);

  const consumer = join(directory, "consumer");
  cpSync("fixtures/consumer", consumer, { recursive: true });
  run("npm", ["install", "--no-audit", "--no-fund", "--no-save", join(directory, packed.filename)], consumer);
  run("npm", ["run", "prepare"], consumer);
  console.log(run("npx", ["settlement-guard", "--help"], consumer));
  console.log(run("npm", ["test"], consumer));
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function run(command: string, args: string[], cwd: string): string {
  return execFileSync(command, args, { cwd, stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });
}

function fail(reason: string): never {
  console.error(reason);
  process.exit(1);
}
