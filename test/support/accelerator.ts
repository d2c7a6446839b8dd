/**
 * The device that tests of the accelerator run on: what ERPRM_TEST_DEVICE names, or else what the build has: a card in a build with a CUDA
 * libtorch, emulated kernels in others. scripts/device-check runs the files with `accelerator` or `cuda` in their names on a card.
 */
import { loadNative } from "../../src/native/loader.js";

export const accelerator = process.env.ERPRM_TEST_DEVICE ?? (loadNative().buildInfo.cuda ? "cuda" : "cuda-emulated");

/** Whether no card takes part: sizes can be larger on one. */
export const isEmulated = accelerator === "cuda-emulated";
