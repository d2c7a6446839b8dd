/**
 * A model that is being trained: weights, gradients and the moments of AdamW, all native. What a batch is and when to stop
 * is decided elsewhere. `dispose` frees the memory; until then the object holds it.
 */
import { availableParallelism } from "node:os";
import { expectInteger, expectNumberIn, expectOneOf, expectPositiveInteger, failArgument } from "../check.js";
import { ErprmError } from "../errors.js";
import {
  type LossName,
  lossNames,
  type NativeRankGroup,
  type NativeTrainer,
  type NativeTrainerOptions,
  type NativeTrainingBatch,
  type NativeTrainingResult,
  type NativeUpdateOptions,
  type TensorSlot,
  type TrainerTensor,
} from "../native/contract.js";
import { expectDeviceOf } from "../policy/device.js";
import { nativeCall } from "../policy/native-call.js";
import { type LoraOptions, loraTargets } from "./lora.js";
import { type OpenBaseOptions, openTrainingBase, type TrainingBase } from "./training-base.js";

export interface TrainerOptions extends OpenBaseOptions {
  loss: LossName;
  /** The token ids that the `two-way` loss compares. */
  candidates?: { positive: number; negative: number } | undefined;
  /** `cpu` (the default), `cuda` or `cuda:INDEX`. */
  device?: string | undefined;
  /** Type of activations and products; `bf16` on CUDA only. Default `f32`. */
  computeType?: "f32" | "bf16" | undefined;
  /** Default: as many as this process may use. */
  threads?: number | undefined;
  /** Absent: every weight is trained. */
  lora?: LoraOptions | undefined;
  /** Activations are computed again in the backward pass: less memory, about a third more time. */
  gradientCheckpointing?: boolean | undefined;
  /** Standard deviation of drawn weights, default 0.02. */
  initialRange?: number | undefined;
  /** Of drawn weights. Default 0. */
  seed?: number | undefined;
}

/** What the trainer's owner asks of it: the class below, or another engine in tests. */
export type TrainingEngine = Pick<
  NativeTrainer,
  "tensors" | "accumulate" | "evaluate" | "update" | "writeTensors" | "readTensors"
>;

/** What native code takes, every default filled in. @throws ERPRM_INVALID_ARGUMENT, ERPRM_DEVICE_UNAVAILABLE */
function nativeTrainerOptions(options: TrainerOptions, hasCuda: boolean): NativeTrainerOptions {
  const { lora, candidates, gradientCheckpointing = false, init = "pretrained" } = options;
  const loss = expectOneOf("loss", options.loss, lossNames);
  const device = options.device ?? "cpu";
  expectDeviceOf({ cuda: hasCuda }, "device", device);
  const computeType = expectOneOf("computeType", options.computeType ?? "f32", ["f32", "bf16"]);
  if (computeType === "bf16" && device === "cpu") failArgument("computeType", "f32 on the CPU", computeType);
  if (loss === "two-way" && candidates === undefined)
    failArgument("candidates", "given for the two-way loss", undefined);
  return {
    device,
    computeType,
    threads: expectPositiveInteger("threads", options.threads ?? availableParallelism()),
    loss,
    candidates:
      loss === "two-way" ? Int32Array.of(candidates?.positive ?? 0, candidates?.negative ?? 0) : new Int32Array(0),
    loraRank: lora ? expectPositiveInteger("lora.rank", lora.rank) : 0,
    loraAlpha: lora ? expectNumberIn("lora.alpha", lora.alpha ?? 2 * lora.rank, Number.MIN_VALUE, 1e6) : 0,
    loraTargets: lora ? targetsOf(lora) : [],
    gradientCheckpointing,
    initialise: init === "random",
    initialRange: expectNumberIn("initialRange", options.initialRange ?? 0.02, 0, 1),
    seed: BigInt(expectInteger("seed", options.seed ?? 0, 0, Number.MAX_SAFE_INTEGER)),
  };
}

/** Such a loss reads a value head of one output; the others read the output matrix. */
export function lossHasValueHead(loss: LossName): boolean {
  return loss === "binary" || loss === "squared";
}

/**
 * What the loss reads must be there: the output matrix, or a value head of one output, which is added where there is none.
 * @throws ERPRM_INVALID_CHECKPOINT {path}
 */
function expectHeadFor(loss: LossName, { opened }: TrainingBase): void {
  const { path, checkpoint } = opened;
  const [layer, ...more] = checkpoint.valueHead;
  if (layer === undefined) return;
  const fail = (expected: string, found: string): never => {
    throw new ErprmError(
      "ERPRM_INVALID_CHECKPOINT",
      `Expected ${expected} for the ${loss} loss, found ${found} in ${path}`,
      {
        path,
      },
    );
  };
  if (!lossHasValueHead(loss)) {
    fail("a language model", "a value head in the place of the output matrix (a reward model, or a classifier)");
  }
  if (more.length > 0) fail("a value head of one layer", `one of ${more.length + 1} layers`);
  if (layer.outputs !== 1) fail("a value head of one output", `one of ${layer.outputs} outputs`);
}

function targetsOf({ targets = loraTargets }: LoraOptions): string[] {
  for (const target of targets) expectOneOf("lora.targets", target, loraTargets);
  if (targets.length === 0) failArgument("lora.targets", "at least one layer", "none");
  return loraTargets.filter((target) => targets.includes(target));
}

/**
 * Everything that can be said about the options before the weights are read.
 * @throws ERPRM_INVALID_ARGUMENT, ERPRM_DEVICE_UNAVAILABLE, ERPRM_INVALID_CHECKPOINT
 */
export function checkTrainerOptions(base: TrainingBase, options: TrainerOptions): NativeTrainerOptions {
  const native = nativeTrainerOptions(options, base.addon.buildInfo.cuda);
  expectHeadFor(native.loss, base);
  return native;
}

export class Trainer implements TrainingEngine {
  readonly base: TrainingBase;
  readonly #native: NativeTrainer;
  #disposed: Promise<void> | undefined;

  /** For tests and other engines; users call `Trainer.create`. */
  constructor(native: NativeTrainer, base: TrainingBase) {
    this.#native = native;
    this.base = base;
  }

  /**
   * Loads the model, or draws its weights anew, with gradients and moments at zero.
   * @param base a model by its name, or one that was opened (with the same `init` and `contextLength`)
   * @throws as `openTrainingBase`; ERPRM_INVALID_ARGUMENT, ERPRM_DEVICE_UNAVAILABLE, ERPRM_OUT_OF_MEMORY,
   *   ERPRM_INVALID_CHECKPOINT (a tensor that is missing or misshapen)
   */
  static async create(base: string | TrainingBase, options: TrainerOptions): Promise<Trainer> {
    const opened = typeof base === "string" ? await openTrainingBase(base, options) : base;
    const native = checkTrainerOptions(opened, options);
    return new Trainer(await nativeCall(() => opened.addon.createTrainer(opened.opened.checkpoint, native)), opened);
  }

  /** Names, shapes and kinds of everything that can be written and read. */
  tensors(): TrainerTensor[] {
    this.#expectAlive();
    return this.#native.tensors();
  }

  /**
   * Forward and backward of packed sequences; the gradient is added to what earlier calls left. A failure while it works
   * clears all gradients.
   * @throws ERPRM_INVALID_ARGUMENT (gradients as before), ERPRM_OUT_OF_MEMORY, ERPRM_DEVICE_FAULT, ERPRM_DISPOSED
   */
  async accumulate(batch: NativeTrainingBatch): Promise<NativeTrainingResult> {
    this.#expectAlive();
    return nativeCall(() => this.#native.accumulate(batch));
  }

  /** Forward only. @throws as `accumulate` */
  async evaluate(batch: NativeTrainingBatch): Promise<NativeTrainingResult> {
    this.#expectAlive();
    return nativeCall(() => this.#native.evaluate(batch));
  }

  /**
   * Applies AdamW to the accumulated gradients and clears them.
   * @throws ERPRM_NUMERICAL when the gradient is not finite, weights and moments as before; ERPRM_DISPOSED
   */
  async update(options: NativeUpdateOptions): Promise<{ gradientNorm: number }> {
    this.#expectAlive();
    return nativeCall(() => this.#native.update(options));
  }

  /** Writes tensors into a file that exists, in place. @throws ERPRM_IO, ERPRM_INVALID_ARGUMENT, ERPRM_DISPOSED */
  async writeTensors(path: string, slots: TensorSlot[]): Promise<void> {
    this.#expectAlive();
    return nativeCall(() => this.#native.writeTensors(path, slots));
  }

  /** Replaces tensors by what a file holds. @throws ERPRM_IO, ERPRM_INVALID_ARGUMENT, ERPRM_DISPOSED */
  async readTensors(path: string, slots: TensorSlot[]): Promise<void> {
    this.#expectAlive();
    return nativeCall(() => this.#native.readTensors(path, slots));
  }

  /** Of several ranks: the gradients of a round of `count` micro-batches into the sum. @throws as `NativeTrainer.addGradients` */
  async addGradients(group: NativeRankGroup, count: number): Promise<void> {
    this.#expectAlive();
    return nativeCall(() => this.#native.addGradients(group, count));
  }

  /** Of several ranks: the gradients become the sum. @throws as `addGradients` */
  async shareGradients(group: NativeRankGroup): Promise<void> {
    this.#expectAlive();
    return nativeCall(() => this.#native.shareGradients(group));
  }

  /** Of several ranks: the trained tensors and moments become those of rank 0. @throws as `addGradients` */
  async copyFromFirst(group: NativeRankGroup): Promise<void> {
    this.#expectAlive();
    return nativeCall(() => this.#native.copyFromFirst(group));
  }

  /** Frees the model. Idempotent; work in flight is finished first. */
  dispose(): Promise<void> {
    this.#disposed ??= nativeCall(() => this.#native.dispose());
    return this.#disposed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #expectAlive(): void {
    if (this.#disposed)
      throw new ErprmError("ERPRM_DISPOSED", "Expected a trainer in use, received one that was disposed");
  }
}
