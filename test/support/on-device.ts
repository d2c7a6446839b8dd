/**
 * Preloaded (`node --import`) by the stage library-on-device of scripts/device-check: every model that a process would compute with on
 * the processor in f32 computes in f32 on the device that ERPRM_TEST_DEVICE names instead. So the same tests, and the commands that they
 * start, run on a card; what they write still calls itself the processor's.
 */
import type { NativeAddon } from "../../src/native/contract.js";
import { loadNative } from "../../src/native/loader.js";
import { redirectTo } from "./redirect-device.js";

const device = process.env.ERPRM_TEST_DEVICE;
if (device === undefined) throw new Error("Expected ERPRM_TEST_DEVICE to name the device of tests, found it unset");
process.env.ERPRM_MOVED_TO = device;
redirectTo(loadNative() as { -readonly [name in keyof NativeAddon]: NativeAddon[name] }, device);
