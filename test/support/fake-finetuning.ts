/**
 * What a fine-tuning needs, with fake models: policies whose solutions depend on their weights, a trainer whose weights
 * depend on the policy it begins with, and a count of the models that are in memory.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { ErprmError } from "../../src/errors.js";
import type { NativeAddon } from "../../src/native/contract.js";
import type { OpenedPolicy } from "../../src/policy/policy.js";
import type { OpenedRewardModel } from "../../src/reward/reward-model.js";
import { Trainer } from "../../src/training/trainer.js";
import type { TrainerSource } from "../../src/training/trainer-source.js";
import { openTrainingBase } from "../../src/training/training-base.js";
import { makeFakePolicy } from "./fake-policy.js";
import { makeFakeRewardModel } from "./fake-reward-model.js";
import { FakeTrainer } from "./fake-trainer.js";

const addon = { buildInfo: { cuda: false } } as NativeAddon;

/** A number that stands for a policy's weights; 0 for the starting policy, which has none on the disk. */
function weightsOf(name: string): number {
  const path = join(name, "model.safetensors");
  return existsSync(path) ? createHash("sha256").update(readFileSync(path)).digest().readUInt16LE() : 0;
}

export class FakeModels {
  /** In memory now, and at most. */
  loaded = 0;
  mostLoaded = 0;
  /** Of the reward model. */
  contextLength = 4096;
  /** The trainer has no memory for any update. */
  noMemory = false;
  readonly #base: string;

  /** @param base a model directory: what every training begins with, as far as its shape and tokenizer go */
  constructor(base: string) {
    this.#base = base;
  }

  #load(): () => void {
    this.loaded += 1;
    this.mostLoaded = Math.max(this.mostLoaded, this.loaded);
    return () => {
      this.loaded -= 1;
    };
  }

  openPolicy = async (name: string): Promise<OpenedPolicy> => {
    const weights = weightsOf(name);
    // The better trained, the more often right.
    const write = (bytes: Buffer) => {
      const isRight = (bytes[8] as number) < 120 + (weights % 64);
      return `We add ${((bytes[1] as number) % 5) + weights}.\nThe answer is ${isRight ? 4 : 5}.`;
    };
    const load = async () => {
      const onDispose = this.#load();
      const tokenLogProbability = -1 - (weights % 32) / 32;
      return (await makeFakePolicy({ maxBatch: 4, write, tokenLogProbability, onDispose })).policy;
    };
    return { fingerprint: "f".repeat(64), contextLength: 512, notes: [], build: {}, load };
  };

  openRewardModel = async (name: string): Promise<OpenedRewardModel> => {
    const { rewardModel } = await makeFakeRewardModel({ name });
    const load = async () => {
      const free = this.#load();
      const { rewardModel: loaded } = await makeFakeRewardModel({ name, contextLength: this.contextLength });
      const dispose = loaded.dispose.bind(loaded);
      return Object.assign(loaded, {
        dispose: async () => {
          free();
          await dispose();
        },
      });
    };
    const { fingerprint, config, contextLength } = rewardModel;
    const unfit = rewardModel.unfit.bind(rewardModel);
    return { fingerprint, config, contextLength, notes: [], build: {}, unfit, load };
  };

  trainer: TrainerSource = {
    open: async (name, options) => ({ ...(await openTrainingBase(this.#base, options, () => addon)), name }),
    create: async (base, { seed = 0 }) => {
      const free = this.#load();
      const spoil = () => {
        if (this.noMemory) throw new ErprmError("ERPRM_OUT_OF_MEMORY", "no memory for an update");
      };
      const ownSeed = (weightsOf(base.name) + seed) % 1e6;
      const native = new FakeTrainer({ loss: "next-token", hiddenSize: 2, seed: ownSeed, spoil });
      const trainer = new Trainer(native, base);
      const dispose = trainer.dispose.bind(trainer);
      return Object.assign(trainer, {
        dispose: async () => {
          free();
          await dispose();
        },
      });
    },
  };
}

/** Every file under the directory: its path and its bytes. */
export function filesUnder(directory: string): Record<string, string> {
  const paths = readdirSync(directory, { recursive: true, encoding: "utf8" }).map((name) => join(directory, name));
  const files = paths.filter((path) => statSync(path).isFile()).sort();
  return Object.fromEntries(files.map((path) => [relative(directory, path), readFileSync(path, "base64")]));
}
