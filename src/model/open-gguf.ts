/** A GGUF file -> OpenedModel. */
import { Fields } from "./fields.js";
import { fingerprint } from "./fingerprint.js";
import { readGguf } from "./gguf.js";
import { readGgufConfig } from "./gguf-config.js";
import { huggingFaceName, ropeTensorNames } from "./gguf-names.js";
import type { OpenedModel, OpenOptions } from "./open-model.js";
import { stopTokens } from "./stop-tokens.js";
import { failCheckpoint } from "./stored-tensor.js";
import { tensorTable } from "./tensor-table.js";

/** @throws as `openModel` */
export async function openGguf(path: string, options: OpenOptions): Promise<OpenedModel> {
  const gguf = await readGguf(path);
  const { family, config } = await readGgufConfig(path, gguf, options.contextLength);
  const { checkpoint, notes } = tensorTable({
    source: path,
    config,
    tensors: gguf.tensors
      .filter(({ name }) => !ropeTensorNames.includes(name))
      .map((stored) => ({ name: huggingFaceName(stored.name) ?? stored.name, stored })),
    // Converters reorder query and key rows for these architectures only.
    interleaved: family === "llama" || family === "mistral",
  });
  if (!Array.isArray(gguf.metadata.get("tokenizer.ggml.tokens"))) {
    failCheckpoint(path, "Expected metadata key tokenizer.ggml.tokens, found none: the file holds no tokenizer", {
      field: "tokenizer.ggml.tokens",
    });
  }
  const fields = new Fields(path, Object.fromEntries(gguf.metadata));
  const stops = stopTokens(
    ["eos", "eot", "eom"].map((end) => [fields, `tokenizer.ggml.${end}_token_id`]),
    config.vocabularySize,
  );
  return {
    kind: "gguf",
    path,
    family,
    checkpoint,
    ggufMetadata: gguf.metadata,
    stopTokenIds: stops.ids,
    fingerprint: await fingerprint([{ name: "gguf", path }], options.signal),
    notes: [...notes, ...stops.notes],
  };
}
