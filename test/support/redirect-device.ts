/** Moves models from the processor to a device, at the boundary to native code. */
import type { NativeAddon } from "../../src/native/contract.js";

type Changeable = { -readonly [name in keyof NativeAddon]: NativeAddon[name] };

const isProcessor = (device: string | undefined) => device === undefined || device === "cpu";

/** From now on models in f32 that are asked for on the processor are loaded on `device`; others are left where they were asked for. */
export function redirectTo(addon: Changeable, device: string): void {
  const { loadPolicy, loadRewardModel, createTrainer } = addon;
  const placed = <Options extends { device?: string; weights?: string }>(options: Options): Options =>
    isProcessor(options.device) && options.weights !== "int8" ? { ...options, device } : options;
  addon.loadPolicy = (checkpoint, options) => loadPolicy(checkpoint, placed(options));
  addon.loadRewardModel = (checkpoint, options) => loadRewardModel(checkpoint, placed(options));
  addon.createTrainer = (checkpoint, options) => createTrainer(checkpoint, placed(options));
}
