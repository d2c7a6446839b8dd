/** For test support in a program that is no test: clean-up is done when the process ends, last first. */
export const atExit = {
  teardown(work: () => void): void {
    process.prependListener("exit", work);
  },
};
