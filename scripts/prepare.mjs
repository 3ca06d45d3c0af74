// Runs at the end of `npm ci`, as the script of a workspace: the root's own manifest is published, and its scripts would run for users.
// npm running on Node < 22 skips EDR's native binary (an optional dependency whose `engines` asks for Node >= 22). Inside an
// npm script `node` is the pinned version from node_modules/.bin, so a second install from here gets it.
import { execSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

try {
  createRequire(import.meta.url)("@nomicfoundation/edr");
} catch {
  const root = fileURLToPath(new URL("..", import.meta.url));
  execSync("npm install --no-save --ignore-scripts --no-audit --no-fund", { cwd: root, stdio: "inherit" });
}
