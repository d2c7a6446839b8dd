/**
 * Counts the results in a TAP stream, prints failures whole and nothing for what passed.
 * A run that failed without a failed test (a crash, no tests found) counts as one failure, and so does one that ended before its
 * plan, `1..N`, which stands last: tests that did not run have not passed.
 */
export function tapCounter(print) {
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  let isInFailure = false;
  let isWhole = false;
  let last = "no test";
  return {
    onLine(line) {
      if (/^1\.\.\d+/.test(line)) isWhole = true;
      const result = /^(not )?ok \d+\b(.*)$/.exec(line);
      if (!result) {
        // Between results: the YAML block of a failure, or what a test printed.
        if (isInFailure || !/^(TAP version|1\.\.\d|#|\s*$)/.test(line)) print(line);
        return;
      }
      isInFailure = false;
      last = result[2].trim();
      if (/# (SKIP|TODO)/i.test(result[2])) {
        skipped += 1;
        print(line);
      } else if (result[1]) {
        failed += 1;
        isInFailure = true;
        print(line);
      } else {
        passed += 1;
      }
    },
    end(status) {
      if (!isWhole) {
        failed += 1;
        print(`not ok: the test runner stopped (exit code ${status}) after ${last}`);
      } else if (status !== 0 && failed === 0) {
        failed += 1;
        print(`not ok: the test runner ended with exit code ${status}`);
      }
      print(`ava: ${passed} passed, ${failed} failed, ${skipped} skipped`);
      return { passed, failed };
    },
  };
}
