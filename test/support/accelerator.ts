/**
 * The device that tests of the accelerator run on: emulated kernels, or what ERPRM_TEST_DEVICE names. scripts/device-check sets it to
 * `cuda` on a machine with a card and runs the files with `accelerator` in their names.
 */
export const accelerator = process.env.ERPRM_TEST_DEVICE ?? "cuda-emulated";

/** Whether no card takes part: sizes can be larger on one. */
export const isEmulated = accelerator === "cuda-emulated";
