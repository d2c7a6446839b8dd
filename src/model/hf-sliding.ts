/** Which layers of a Hugging Face model attend to a sliding window, and how wide it is. */
import type { Family } from "./family.js";
import type { Fields } from "./fields.js";

export interface SlidingLayers {
  /** Keys a query sees, its own included; 0 = no layer slides. */
  slidingWindow: number;
  /** [numLayers], 1 = slides. */
  slidingLayers: Uint8Array;
}

const defaultWindow = 4096;
const defaultMaxWindowLayers = 28;

/**
 * Llama never slides. Mistral slides everywhere unless `sliding_window` is null; Qwen slides where `use_sliding_window` is set, from layer
 * `max_window_layers` on. `layer_types`, where it is written, decides alone which layers slide.
 * @throws ERPRM_INVALID_CHECKPOINT, naming the field
 */
export function readHfSliding(config: Fields, family: Family, numLayers: number): SlidingLayers {
  const window = windowOf(config, family);
  const slides = slidingPattern(config, family, numLayers, window);
  const slidingLayers = Uint8Array.from(slides, Number);
  if (!slides.includes(true)) return { slidingWindow: 0, slidingLayers };
  if (window === 0) {
    config.fail(
      "layer_types",
      "without sliding_attention, since the config sets no sliding window",
      config.get("layer_types"),
    );
  }
  return { slidingWindow: window, slidingLayers };
}

function windowOf(config: Fields, family: Family): number {
  if (family === "llama") return 0;
  if (family !== "mistral" && !config.boolean("use_sliding_window", false)) return 0;
  // Written null switches the window off; an absent key means the default of the family.
  if (config.isWritten("sliding_window") && !config.has("sliding_window")) return 0;
  return config.positiveInteger("sliding_window", defaultWindow);
}

function slidingPattern(config: Fields, family: Family, numLayers: number, window: number): boolean[] {
  const layerTypes = config.get("layer_types");
  if (layerTypes === undefined || family === "llama") {
    const first = family === "mistral" ? 0 : firstSlidingLayer(config);
    return Array.from({ length: numLayers }, (_, layer) => window > 0 && layer >= first);
  }
  if (!Array.isArray(layerTypes) || layerTypes.length !== numLayers) {
    config.fail("layer_types", `a list of ${numLayers} layer types`, layerTypes);
  }
  return layerTypes.map((layerType: unknown, layer) => {
    if (layerType === "sliding_attention") return true;
    if (layerType === "full_attention") return false;
    return config.fail(`layer_types[${layer}]`, "full_attention or sliding_attention", layerType);
  });
}

/** Zero is a value here: every layer slides. */
function firstSlidingLayer(config: Fields): number {
  return config.get("max_window_layers") === 0
    ? 0
    : config.positiveInteger("max_window_layers", defaultMaxWindowLayers);
}
