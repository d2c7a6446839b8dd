/** Where helpers of tests leave their clean-up in a program that is no test: done when the process ends, last first. */
export const atExit = {
  teardown(work: () => void): void {
    process.prependListener("exit", work);
  },
};
