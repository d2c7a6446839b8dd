/** Signals and closed pipes of a command-line process. */
import { ErprmError } from "../errors.js";
import { whenNpxEnds } from "./npx-parent.js";
import type { Surroundings } from "./stage-command.js";

/**
 * The first SIGINT or SIGTERM asks the work to stop, a second one ends the process at once; under npx its end asks too. A reader that closes its end of
 * the pipe is not an error: what is written after that is dropped.
 */
export function processSurroundings(): Surroundings {
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new ErprmError("ERPRM_ABORTED", `Interrupted by ${signal}`));
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  whenNpxEnds(() => controller.abort(new ErprmError("ERPRM_ABORTED", "Interrupted by the end of npx")));
  const readerGone = new AbortController();
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      if (stream === process.stdout) readerGone.abort();
    });
  }
  return {
    signal: controller.signal,
    readerGone: readerGone.signal,
    stdout: process.stdout,
    stderr: process.stderr,
  };
}
