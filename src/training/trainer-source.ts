/** Where models to be trained come from: real ones, or others in tests. */
import { Trainer, type TrainerOptions } from "./trainer.js";
import { type OpenBaseOptions, openTrainingBase, type TrainingBase } from "./training-base.js";

export interface TrainerSource {
  open(name: string, options: OpenBaseOptions): Promise<TrainingBase>;
  create(base: TrainingBase, options: TrainerOptions): Promise<Trainer>;
}

export const nativeSource: TrainerSource = {
  open: (name, options) => openTrainingBase(name, options),
  create: (base, options) => Trainer.create(base, options),
};
