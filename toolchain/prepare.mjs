// npm on Node < 22 skips EDR's native binary: an optional dependency whose `engines` asks for Node >= 22. Inside an npm script
// `node` is the pinned version from node_modules/.bin, so a second install from here brings it.
// A workspace runs this and not the root: npm warns every user of a published manifest that has a `prepare`.
import { execSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";

try {
  createRequire(import.meta.url)("@nomicfoundation/edr");
} catch {
  const cwd = join(import.meta.dirname, "..");
  execSync("npm install --no-save --ignore-scripts --no-audit --no-fund", { cwd, stdio: "inherit" });
}
