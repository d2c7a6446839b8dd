/** The form of an adapter on the disk, as the PEFT library has it: what is written and what is read must agree. */

export const adapterConfigName = "adapter_config.json";
export const adapterWeightsName = "adapter_model.safetensors";

/** Before every name of a tensor: where PEFT keeps the base model. */
export const adapterPrefix = "base_model.model.";

/** Ours: under this name the metadata of the weights hold the fingerprint of the base model. */
export const baseFingerprintKey = "base_fingerprint";
