/** Checkpoints and training.jsonl of a directory, kept in step: a checkpoint knows how long the file was. */
import { join } from "node:path";
import { LogFile } from "../data/log-file.js";
import { Checkpoints } from "../training/checkpoints.js";
import type { TrainingEngine } from "../training/trainer.js";
import type { TrainingRecord } from "../training/training-record.js";
import type { TrainingState } from "../training/training-state.js";
import type { TrainingKeeper } from "./train.js";

export const trainingLog = "training.jsonl";
export const checkpointFolder = "checkpoints";

export class DirectoryKeeper implements TrainingKeeper {
  readonly #checkpoints: Checkpoints;
  readonly #path: string;
  #log: LogFile | undefined;

  /** `key` stands for everything that decides the results: checkpoints of another training are recognised by it. */
  constructor(directory: string, key: string, note?: (text: string) => void) {
    this.#path = join(directory, trainingLog);
    this.#checkpoints = new Checkpoints(join(directory, checkpointFolder), key, note);
  }

  async latest(): Promise<TrainingState | undefined> {
    const state = await this.#checkpoints.latest();
    this.#log = await LogFile.open(this.#path, state?.logBytes ?? 0, state?.logDigest);
    return state;
  }

  restore(engine: TrainingEngine, updateIndex: number): Promise<void> {
    return this.#checkpoints.restore(engine, updateIndex);
  }

  async save(engine: TrainingEngine, state: TrainingState): Promise<void> {
    await this.sync();
    const { size: logBytes = 0, digest: logDigest } = this.#log ?? {};
    await this.#checkpoints.save(engine, { ...state, logBytes, logDigest });
  }

  async append(record: TrainingRecord): Promise<void> {
    await this.#log?.append(record);
  }

  /** The records are on the disk when this resolves. */
  async sync(): Promise<void> {
    await this.#log?.sync();
  }

  async close(): Promise<void> {
    await this.#log?.close();
    this.#log = undefined;
  }
}
