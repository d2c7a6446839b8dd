/**
 * A checkpoint whose config ties the output matrix to the embedding may still store an output matrix. Where the two are the
 * same, one is left out; where they differ, the stored one is used and the config is taken to be wrong, as transformers does.
 */
import type { ModelConfig } from "../native/contract.js";
import { readBytes, withFile } from "./read-file.js";
import type { StoredTensor } from "./stored-tensor.js";

const chunkBytes = 4 << 20;
const embedding = "model.embed_tokens.weight";
const output = "lm_head.weight";

export interface TiedOutput {
  config: ModelConfig;
  tensors: StoredTensor[];
  notes: string[];
}

/** Names are those of Hugging Face. */
export async function settleTiedOutput(config: ModelConfig, tensors: StoredTensor[]): Promise<TiedOutput> {
  const embeddingTensor = tensors.find(({ name }) => name === embedding);
  const outputTensor = tensors.find(({ name }) => name === output);
  if (!config.tiedEmbeddings || !embeddingTensor || !outputTensor) return { config, tensors, notes: [] };
  if (await haveSameContent(embeddingTensor, outputTensor)) {
    const notes = [`${output} equals ${embedding}, to which the config ties it, and is not read`];
    return { config, tensors: tensors.filter((tensor) => tensor !== outputTensor), notes };
  }
  const notes = [`the config ties ${output} to ${embedding}, but the stored ones differ: ${output} is used`];
  return { config: { ...config, tiedEmbeddings: false }, tensors, notes };
}

async function haveSameContent(a: StoredTensor, b: StoredTensor): Promise<boolean> {
  if (a.type !== b.type || a.shape.join() !== b.shape.join() || a.size === undefined) return false;
  const { size } = a;
  return withFile(a.file, (fileA) =>
    withFile(b.file, async (fileB) => {
      for (let done = 0; done < size; done += chunkBytes) {
        const length = Math.min(chunkBytes, size - done);
        const [bytesA, bytesB] = await Promise.all([
          readBytes(fileA, a.offset + done, length),
          readBytes(fileB, b.offset + done, length),
        ]);
        if (!bytesA.equals(bytesB)) return false;
      }
      return true;
    }),
  );
}
