/** Progress of the set-up, on standard error: standard output belongs to results. ERPRM_QUIET=1 silences it. */

const isQuiet = process.env.ERPRM_QUIET === "1";

export function say(text) {
  if (!isQuiet) process.stderr.write(`erprm: ${text}\n`);
}

/**
 * One line that changes: on a terminal it is rewritten at most ten times a second, elsewhere a line is printed at every
 * fifth of the work. `update(done, total)` takes any unit; `text(done, total)` says it.
 */
export function progressLine(text) {
  const isTerminal = process.stderr.isTTY === true;
  let shownAt = 0;
  let shownFifth = -1;
  return {
    update(done, total) {
      if (isQuiet) return;
      const fifth = total > 0 ? Math.floor((5 * done) / total) : 0;
      if (isTerminal) {
        if (Date.now() - shownAt < 100 && done < total) return;
        shownAt = Date.now();
        process.stderr.write(`\r\x1b[Kerprm: ${text(done, total)}`);
      } else if (fifth > shownFifth) {
        shownFifth = fifth;
        say(text(done, total));
      }
    },
    end() {
      if (isTerminal && shownAt > 0) process.stderr.write("\n");
    },
  };
}

export function megabytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
