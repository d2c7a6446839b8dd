/**
 * A trainer without a model: a linear layer over the mean embedding of the tokens so far, with gradients and AdamW as the
 * contract has them, in doubles rounded to f32 where the state is kept. What resumes wrongly here resumes wrongly there.
 */
import { open, readFile } from "node:fs/promises";
import { ErprmError } from "../../src/errors.js";
import type {
  LossName,
  NativeTrainer,
  NativeTrainingBatch,
  NativeTrainingResult,
  NativeUpdateOptions,
  TensorSlot,
  TrainerTensor,
} from "../../src/native/contract.js";
import { randomTensor } from "./random-model.js";

export interface FakeTrainerOptions {
  loss: LossName;
  vocabularySize?: number;
  hiddenSize?: number;
  seed?: number;
  /** [positive, negative]. */
  candidates?: readonly [number, number];
  /** Milliseconds that each call takes. */
  delayMs?: number;
  /** What the losses of a batch become, for faults. */
  spoil?: (losses: Float32Array, numUpdates: number) => void;
}

interface Parameter {
  shape: number[];
  trained: boolean;
  value: Float32Array;
  gradient: Float64Array;
  first: Float32Array;
  second: Float32Array;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

export class FakeTrainer implements NativeTrainer {
  readonly #options: Required<Omit<FakeTrainerOptions, "spoil">> & Pick<FakeTrainerOptions, "spoil">;
  readonly #parameters = new Map<string, Parameter>();
  numUpdates = 0;
  numEvaluations = 0;
  disposed = false;

  constructor(options: FakeTrainerOptions) {
    this.#options = { vocabularySize: 288, hiddenSize: 8, seed: 1, candidates: [43, 45], delayMs: 0, ...options };
    const { vocabularySize: v, hiddenSize: c, loss } = this.#options;
    this.#add("model.embed_tokens.weight", [v, c], false);
    if (loss === "next-token" || loss === "two-way") this.#add("lm_head.weight", [v, c], true);
    else {
      this.#add("score.weight", [1, c], true);
      this.#add("score.bias", [1], true);
    }
  }

  #add(name: string, shape: number[], trained: boolean): void {
    const value = randomTensor(name, shape, this.#options.seed);
    const { length } = value;
    const zeros = () => new Float32Array(length);
    this.#parameters.set(name, {
      shape,
      trained,
      value,
      gradient: new Float64Array(length),
      first: zeros(),
      second: zeros(),
    });
  }

  #values(name: string): Float32Array {
    const [, moment, parameter] = /^(?:(first|second)_moment\.)?(.*)$/.exec(name) as RegExpExecArray;
    const found = this.#parameters.get(parameter as string);
    if (!found) throw new ErprmError("ERPRM_INVALID_ARGUMENT", `no tensor ${name}`);
    return moment === "first" ? found.first : moment === "second" ? found.second : found.value;
  }

  tensors(): TrainerTensor[] {
    const all = [...this.#parameters];
    const parameters = all.map(([name, { shape, trained }]) => ({ name, shape, kind: "parameter" as const, trained }));
    const moments = parameters
      .filter(({ trained }) => trained)
      .flatMap(({ name, shape }) =>
        ["first", "second"].map((which) => ({
          name: `${which}_moment.${name}`,
          shape,
          kind: "moment" as const,
          trained: false,
        })),
      );
    return [...parameters, ...moments];
  }

  async accumulate(batch: NativeTrainingBatch): Promise<NativeTrainingResult> {
    return this.#run(batch, true);
  }

  async evaluate(batch: NativeTrainingBatch): Promise<NativeTrainingResult> {
    this.numEvaluations += 1;
    return this.#run(batch, false);
  }

  async #run(batch: NativeTrainingBatch, backward: boolean): Promise<NativeTrainingResult> {
    const { loss, delayMs, spoil } = this.#options;
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    const losses = new Float32Array(batch.positions.length);
    const scores = new Float32Array(loss === "next-token" ? 0 : losses.length);
    for (const [p, position] of batch.positions.entries()) {
      const hidden = this.#hidden(batch, position);
      const weight = backward ? (batch.weights[p] as number) : 0;
      if (loss === "next-token") losses[p] = this.#nextToken(hidden, batch.tokens[p] as number, weight);
      else [losses[p], scores[p]] = this.#scored(hidden, batch.labels[p] as number, weight);
    }
    if (backward) spoil?.(losses, this.numUpdates);
    return { losses, scores };
  }

  /** The mean embedding of the sequence's tokens up to the position. */
  #hidden({ values, offsets }: NativeTrainingBatch, position: number): Float64Array {
    const start = Math.max(...offsets.filter((offset) => offset <= position));
    const embedding = this.#values("model.embed_tokens.weight");
    const { hiddenSize } = this.#options;
    const hidden = new Float64Array(hiddenSize);
    for (let i = start; i <= position; i += 1) {
      for (let c = 0; c < hiddenSize; c += 1) {
        const entry = embedding[(values[i] as number) * hiddenSize + c] as number;
        hidden[c] = (hidden[c] as number) + entry / (position - start + 1);
      }
    }
    return hidden;
  }

  #logit(name: string, row: number, hidden: Float64Array): number {
    const values = this.#values(name);
    return hidden.reduce((sum, h, c) => sum + h * (values[row * hidden.length + c] as number), 0);
  }

  /** Adds `slope` * hidden to the gradient of a row. */
  #slope(name: string, row: number, hidden: Float64Array, slope: number): void {
    const { gradient } = this.#parameters.get(name) as Parameter;
    for (const [c, h] of hidden.entries()) {
      const at = row * hidden.length + c;
      gradient[at] = (gradient[at] as number) + slope * h;
    }
  }

  #nextToken(hidden: Float64Array, token: number, weight: number): number {
    const logits = Array.from({ length: this.#options.vocabularySize }, (_, v) =>
      this.#logit("lm_head.weight", v, hidden),
    );
    const most = Math.max(...logits);
    const sum = logits.reduce((total, logit) => total + Math.exp(logit - most), 0);
    for (const [v, logit] of logits.entries()) {
      const share = Math.exp(logit - most) / sum;
      this.#slope("lm_head.weight", v, hidden, weight * (share - (v === token ? 1 : 0)));
    }
    return most + Math.log(sum) - (logits[token] as number);
  }

  #scored(hidden: Float64Array, label: number, weight: number): [number, number] {
    const { loss, candidates } = this.#options;
    if (loss === "two-way") {
      const [positive, negative] = candidates;
      const x = this.#logit("lm_head.weight", positive, hidden) - this.#logit("lm_head.weight", negative, hidden);
      const p = sigmoid(x);
      this.#slope("lm_head.weight", positive, hidden, weight * (p - label));
      this.#slope("lm_head.weight", negative, hidden, -weight * (p - label));
      return [-(label * Math.log(p) + (1 - label) * Math.log(1 - p)), p];
    }
    const bias = this.#parameters.get("score.bias") as Parameter;
    const p = sigmoid(this.#logit("score.weight", 0, hidden) + (bias.value[0] as number));
    const slope = loss === "binary" ? p - label : 2 * (p - label) * p * (1 - p);
    this.#slope("score.weight", 0, hidden, weight * slope);
    bias.gradient[0] = (bias.gradient[0] as number) + weight * slope;
    return [loss === "binary" ? -(label * Math.log(p) + (1 - label) * Math.log(1 - p)) : (p - label) ** 2, p];
  }

  async update(options: NativeUpdateOptions): Promise<{ gradientNorm: number }> {
    const trained = [...this.#parameters.values()].filter((parameter) => parameter.trained);
    const gradientNorm = Math.sqrt(
      trained.reduce((sum, { gradient }) => sum + gradient.reduce((inner, g) => inner + g * g, 0), 0),
    );
    if (!Number.isFinite(gradientNorm)) throw new ErprmError("ERPRM_NUMERICAL", "the gradient is not finite");
    const { maxGradientNorm, beta1, beta2, updateIndex, learningRate, epsilon, weightDecay } = options;
    const scale = maxGradientNorm > 0 && gradientNorm > maxGradientNorm ? maxGradientNorm / gradientNorm : 1;
    for (const { value, gradient, first, second, shape } of trained) {
      for (const [i, raw] of gradient.entries()) {
        const g = raw * scale;
        first[i] = beta1 * (first[i] as number) + (1 - beta1) * g;
        second[i] = beta2 * (second[i] as number) + (1 - beta2) * g * g;
        const m = (first[i] as number) / (1 - beta1 ** updateIndex);
        const v = (second[i] as number) / (1 - beta2 ** updateIndex);
        const decayed = (value[i] as number) * (1 - (shape.length > 1 ? learningRate * weightDecay : 0));
        value[i] = decayed - (learningRate * m) / (Math.sqrt(v) + epsilon);
      }
      gradient.fill(0);
    }
    this.numUpdates += 1;
    return { gradientNorm };
  }

  async gradient(name: string): Promise<Float32Array> {
    return Float32Array.from((this.#parameters.get(name) as Parameter).gradient);
  }

  async writeTensors(path: string, slots: TensorSlot[]): Promise<void> {
    const file = await open(path, "r+");
    try {
      for (const { name, type, offset } of slots) {
        if (type !== "F32") throw new ErprmError("ERPRM_INVALID_ARGUMENT", "the fake trainer writes F32");
        const { buffer, byteOffset, byteLength } = this.#values(name);
        await file.write(Buffer.from(buffer, byteOffset, byteLength), 0, byteLength, offset);
      }
    } finally {
      await file.close();
    }
  }

  async readTensors(path: string, slots: TensorSlot[]): Promise<void> {
    const bytes = await readFile(path);
    for (const { name, offset } of slots) {
      const values = this.#values(name);
      for (const i of values.keys()) values[i] = bytes.readFloatLE(offset + 4 * i);
    }
  }

  // A fake trainer is alone.
  async addGradients(): Promise<void> {}
  async shareGradients(): Promise<void> {}
  async copyFromFirst(): Promise<void> {}

  /** Everything a checkpoint holds. */
  snapshot(): Map<string, Float32Array> {
    return new Map(this.tensors().map(({ name }) => [name, this.#values(name).slice()]));
  }

  load(snapshot: ReadonlyMap<string, Float32Array>): void {
    for (const [name, values] of snapshot) this.#values(name).set(values);
  }

  async dispose(): Promise<void> {
    this.disposed = true;
  }
}
