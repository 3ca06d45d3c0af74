// Runs for this repository only, never for a consumer of the published package.
// npm running on Node < 22 skips EDR's native binary (an optional dependency whose `engines` asks for Node >= 22). Inside an
// npm script `node` is the pinned version from node_modules/.bin, so a second install from here gets it.
import { execSync } from "node:child_process";
import { createRequire } from "node:module";

try {
  createRequire(import.meta.url)("@nomicfoundation/edr");
} catch {
  execSync("npm install --no-save --ignore-scripts --no-audit --no-fund", { stdio: "inherit" });
}
