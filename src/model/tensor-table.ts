/** What the headers say, compared with what the architecture needs -> the table native code loads from. */
import {
  type Checkpoint,
  type ModelConfig,
  type TensorEntry,
  type TensorType,
  tensorTypes,
  type ValueHeadLayer,
} from "../native/contract.js";
import { expectedTensors } from "./expected-tensors.js";
import { failCheckpoint, type StoredTensor } from "./stored-tensor.js";

/** A stored tensor under its Hugging Face name. */
export interface NamedTensor {
  name: string;
  stored: StoredTensor;
}

export interface TableRequest {
  /** The directory or file, for messages about tensors that are in no file. */
  source: string;
  config: ModelConfig;
  /** None: a language model. */
  valueHead?: ValueHeadLayer[];
  tensors: readonly NamedTensor[];
  /** Query and key rows are stored in interleaved order (GGUF files of the llama architecture). */
  interleaved: boolean;
}

export interface Table {
  checkpoint: Checkpoint;
  /** What was left out on purpose, in words. */
  notes: string[];
}

/** Buffers that old files carry and that the config determines. */
const ignoredNames = /\.rotary_emb\.(inv_freq|cos_cached|sin_cached)$/;
const outputMatrix = "lm_head.weight";

/**
 * Builds the table, one entry for each tensor of the network.
 * @throws ERPRM_INVALID_CHECKPOINT, naming tensor, expected and found shape, for a tensor that is missing, misshapen, of a type
 * that is not supported, or not part of the network
 */
export function tensorTable({ source, config, valueHead = [], tensors: stored, interleaved }: TableRequest): Table {
  const expected = expectedTensors(config, valueHead);
  // The output matrix that a reward model was made from says nothing about steps.
  const tensors = valueHead.length > 0 ? stored.filter(({ name }) => name !== outputMatrix) : stored;
  const found = new Map(tensors.map((tensor) => [tensor.name, tensor.stored]));
  const notes = refuseExtras(source, config, expected, tensors);
  if (tensors.length < stored.length) notes.push(`${outputMatrix} is not read: the model has a value head`);
  refuseMissing(source, expected, found);
  const files: string[] = [];
  const entries: TensorEntry[] = [];
  for (const [name, shape] of expected) {
    const stored = found.get(name) as StoredTensor;
    const label = stored.name === name ? name : `${name} (${stored.name} in the file)`;
    if (stored.shape.join() !== shape.join()) {
      failCheckpoint(
        stored.file,
        `Expected tensor ${label} to have shape [${shape.join(", ")}], found [${stored.shape.join(", ")}]`,
        {
          tensor: name,
          expectedShape: shape,
          foundShape: stored.shape,
        },
      );
    }
    if (!tensorTypes.includes(stored.type as TensorType)) {
      failCheckpoint(
        stored.file,
        `Expected tensor ${label} to be one of ${tensorTypes.join(", ")}, found ${stored.type}`,
        {
          tensor: name,
          foundType: stored.type,
        },
      );
    }
    if (!files.includes(stored.file)) files.push(stored.file);
    entries.push({
      name,
      type: stored.type as TensorType,
      shape,
      file: files.indexOf(stored.file),
      offset: stored.offset,
      interleavedHeads: interleaved ? interleavedHeads(config, name) : 0,
    });
  }
  return { checkpoint: { config, files, tensors: entries, valueHead }, notes };
}

function refuseExtras(
  source: string,
  config: ModelConfig,
  expected: ReadonlyMap<string, number[]>,
  tensors: readonly NamedTensor[],
): string[] {
  const extras = tensors.filter(({ name }) => !expected.has(name));
  const refused = extras.filter(({ name }) => !ignoredNames.test(name));
  const first = refused[0];
  if (first) {
    const hint = /\.bias$/.test(first.name) ? "; the config says that this layer has no bias" : "";
    failCheckpoint(
      first.stored.file,
      `Expected only tensors of a network of ${config.numLayers} layers, found ${first.stored.name} [${first.stored.shape.join(", ")}]${andMore(refused.length)}${hint}`,
      { tensor: first.name, foundShape: first.stored.shape, source, extras: refused.map(({ name }) => name) },
    );
  }
  if (extras.length === 0) return [];
  return [
    `${extras.length} tensors that the config determines are not read: ${extras[0]?.name}${andMore(extras.length)}`,
  ];
}

function refuseMissing(
  source: string,
  expected: ReadonlyMap<string, number[]>,
  found: ReadonlyMap<string, StoredTensor>,
): void {
  const missing = [...expected.keys()].filter((name) => !found.has(name));
  const first = missing[0];
  if (first === undefined) return;
  const shape = expected.get(first) as number[];
  failCheckpoint(
    source,
    `Expected tensor ${first} of shape [${shape.join(", ")}], found none${andMore(missing.length)}`,
    {
      tensor: first,
      expectedShape: shape,
      foundShape: null,
      missing,
    },
  );
}

function andMore(count: number): string {
  return count > 1 ? ` (and ${count - 1} more)` : "";
}

function interleavedHeads(config: ModelConfig, name: string): number {
  if (name.includes(".self_attn.q_proj.")) return config.numHeads;
  if (name.includes(".self_attn.k_proj.")) return config.numKvHeads;
  return 0;
}
