/** Adapters of low rank (LoRA, arXiv:2106.09685) beside the linear layers, which stay as they are. */

/** The linear layers that adapters can be put on, by the last parts of their names. */
export const loraTargets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"] as const;
export type LoraTarget = (typeof loraTargets)[number];

export interface LoraOptions {
  rank: number;
  /** The adapter counts alpha / rank times; default twice the rank. */
  alpha?: number | undefined;
  /** Default: all linear layers of attention and feed-forward. */
  targets?: readonly LoraTarget[] | undefined;
}

/** Nothing left to defaults. */
export interface Lora {
  rank: number;
  alpha: number;
  targets: readonly LoraTarget[];
}
