/** Checkpoints and training.jsonl of a run directory, kept in step: a checkpoint knows how long the file was. */
import { createHash } from "node:crypto";
import { LogFile } from "../data/log-file.js";
import type { Manifest } from "../data/manifest.js";
import type { RunDirectory } from "../data/run-directory.js";
import type { TrainingKeeper } from "../stages/train.js";
import { Checkpoints } from "../training/checkpoints.js";
import type { TrainingEngine } from "../training/trainer.js";
import type { TrainingRecord } from "../training/training-record.js";
import type { TrainingState } from "../training/training-state.js";

export const trainingLog = "training.jsonl";
export const checkpointFolder = "checkpoints";

/** Stands for everything that decides the results: checkpoints of another run are recognised by it. */
function runKey({ stage, options, seed, inputs, models }: Readonly<Manifest>): string {
  const sorted = (_: string, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return createHash("sha256").update(JSON.stringify({ stage, options, seed, inputs, models }, sorted)).digest("hex");
}

export class RunKeeper implements TrainingKeeper {
  readonly #checkpoints: Checkpoints;
  readonly #path: string;
  #log: LogFile | undefined;

  constructor(run: RunDirectory, note: (text: string) => void) {
    this.#path = run.file(trainingLog);
    this.#checkpoints = new Checkpoints(run.file(checkpointFolder), runKey(run.manifest), note);
  }

  async latest(): Promise<TrainingState | undefined> {
    const state = await this.#checkpoints.latest();
    this.#log = await LogFile.open(this.#path, state?.logBytes ?? 0);
    return state;
  }

  restore(engine: TrainingEngine, updateIndex: number): Promise<void> {
    return this.#checkpoints.restore(engine, updateIndex);
  }

  async save(engine: TrainingEngine, state: TrainingState): Promise<void> {
    await this.#log?.sync();
    await this.#checkpoints.save(engine, { ...state, logBytes: this.#log?.size ?? 0 });
  }

  async append(record: TrainingRecord): Promise<void> {
    await this.#log?.append(record);
  }

  /** The model is saved; the records are on the disk like it. */
  async finish(): Promise<void> {
    await this.#log?.sync();
  }

  async close(): Promise<void> {
    await this.#log?.close();
    this.#log = undefined;
  }
}
