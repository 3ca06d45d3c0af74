import type { Writable } from "node:stream";

import cliProgress from "cli-progress";

/** Says how far a run is. */
export interface Progress {
  /** @param done of the total */
  update(done: number, slots: number): void;
  /** Takes the bar away. */
  end(): void;
}

const NONE: Progress = { update: () => undefined, end: () => undefined };

/**
 * A bar on the standard error, where that is a terminal.
 *
 * @param total undefined where it is not known: there is no bar then
 */
export function progressBar(total: number | undefined, stream: Writable = process.stderr): Progress {
  if (total === undefined || (stream as { isTTY?: boolean }).isTTY !== true) return NONE;
  const bar = new cliProgress.SingleBar({
    stream: stream as NodeJS.WritableStream,
    format: "[{bar}] {percentage}% of the owners, {slots} slots, {eta_formatted} left",
    barCompleteChar: "#",
    barIncompleteChar: ".",
    clearOnComplete: true,
    gracefulExit: false, // it would take SIGINT, and not end the process
  });
  bar.start(total, 0, { slots: 0 });
  return { update: (done, slots) => bar.update(done, { slots }), end: () => bar.stop() };
}
