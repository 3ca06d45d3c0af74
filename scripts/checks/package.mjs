// Packs the library, installs the tarball in a project of its own, and runs that project's test: what a user gets, not what the
// repository holds.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });

const directory = mkdtempSync(join(tmpdir(), "settlement-guard-"));
try {
  run("npx", ["publint", "--strict"], ".");
  const [{ filename, size, files }] = JSON.parse(
    run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", directory], "."),
  );
  const stray = files
    .map(({ path }) => path)
    .filter((path) => /mocks\/|\.test\.|^test\/|node_modules/.test(path) && !path.startsWith("dist/typechain-types/"));
  if (stray.length > 0) throw new Error(`the tarball holds what is not for users: ${stray.join(", ")}`);
  console.log(`packed ${filename}: ${files.length} files, ${size} bytes`);

  const consumer = join(directory, "consumer");
  cpSync("fixtures/consumer", consumer, { recursive: true });
  run("npm", ["install", "--no-audit", "--no-fund", "--no-save", join(directory, filename)], consumer);
  run("npm", ["run", "prepare"], consumer);
  console.log(run("npm", ["test"], consumer));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
