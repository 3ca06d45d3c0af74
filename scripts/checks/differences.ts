/**
 * Prints what a change does to gas, code size and the package. It compares HEAD's committed
 * snapshots with those of its base.
 *
 * The base is where HEAD left `BASE`, the pull request's target, or main. On main itself it is the
 * commit before. The
 * tables are Markdown. On GitHub they are also the job's summary.
 */
import { execFileSync } from "node:child_process";
import { appendFileSync, readdirSync } from "node:fs";

import { differences, tableOf, type Snapshot } from "./differences/tables.js";

const FOLDER = "snapshots";

const base = findBase();
if (base === undefined) {
  console.log("differences: there is no earlier commit to compare with");
} else {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
  const tables = files.flatMap((name) => {
    const path = `${FOLDER}/${name}`;
    const rows = differences(snapshotAt(base, path), snapshotAt("HEAD", path));
    return rows.length === 0 ? [] : `### ${name}\n\n${tableOf(rows)}`;
  });
  const text = tables.length === 0 ? "No figure of the snapshots has changed.\n" : tables.join("\n");
  const summary = `## Differences since ${base.slice(0, 10)}\n\n${text}`;
  console.log(summary);
  const page = process.env["GITHUB_STEP_SUMMARY"];
  if (page !== undefined) appendFileSync(page, summary);
}

function findBase(): string | undefined {
  const target = process.env["GITHUB_BASE_REF"];
  const names = [process.env["BASE"], target && `origin/${target}`, "origin/main", "main"];
  const head = git("rev-parse", "HEAD");
  const known = names.flatMap((name) => (name ? (git("merge-base", "HEAD", name) ?? []) : []))[0];
  return known === undefined || known === head ? git("rev-parse", "--verify", "HEAD^") : known;
}

function snapshotAt(commit: string, path: string): Snapshot {
  return JSON.parse(git("show", `${commit}:${path}`) ?? "{}") as Snapshot;
}

/** What git prints; undefined where it fails, as for a name that it does not know. */
function git(...args: string[]): string | undefined {
  try {
    return execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}
