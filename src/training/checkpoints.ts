/**
 * The checkpoints of a training: everything that the next update depends on. Each is a directory `update-K` with the trained
 * tensors and their moments (tensors.safetensors) and where training stood (state.json); it appears whole or not at all.
 * Two are kept, the newest ones, and the one with the best held-out loss while early stopping may go back to it.
 */
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncDirectory } from "../data/atomic-file.js";
import { ioError } from "../data/io-error.js";
import { removeLeftovers, replaceDirectory, writeSynced } from "../data/staging.js";
import { ErprmError } from "../errors.js";
import { readSafetensors } from "../model/safetensors.js";
import type { TrainerTensor } from "../native/contract.js";
import { writeSafetensors } from "./safetensors-writer.js";
import type { TrainingEngine } from "./trainer.js";
import { parseTrainingState, type TrainingState } from "./training-state.js";

const tensorsName = "tensors.safetensors";
const stateName = "state.json";
const keptCheckpoints = 2;

/** state.json. */
interface StoredState {
  version: 1;
  /** Which training this is of. */
  run: string;
  /** Bytes of the file with the tensors. */
  tensorsBytes: number;
  state: TrainingState;
}

/** What a checkpoint holds of a trainer: the rest of the model is in the base. */
function keptTensors(engine: TrainingEngine): TrainerTensor[] {
  return engine.tensors().filter(({ kind, trained }) => trained || kind === "moment");
}

export class Checkpoints {
  readonly directory: string;
  readonly #run: string;
  readonly #note: (text: string) => void;

  /**
   * @param directory is made by the first checkpoint
   * @param run names the training; checkpoints of another one are refused
   * @param note is told of checkpoints that cannot be used
   */
  constructor(directory: string, run: string, note: (text: string) => void = () => {}) {
    this.directory = directory;
    this.#run = run;
    this.#note = note;
  }

  /**
   * Writes the checkpoint of `state.updateIndex` and removes those that are no longer needed.
   * @throws ERPRM_IO (a full disk): the earlier checkpoints are still there
   */
  async save(engine: TrainingEngine, state: TrainingState): Promise<void> {
    try {
      if (await mkdir(this.directory, { recursive: true })) await syncDirectory(dirname(this.directory));
    } catch (error) {
      throw ioError(error, this.directory, "write");
    }
    await replaceDirectory(this.#path(state.updateIndex), async (staged) => {
      const plan = keptTensors(engine).map(({ name, shape }) => ({
        name,
        source: name,
        shape,
        type: "F32" as const,
        merged: false,
      }));
      const write = (path: string, slots: Parameters<TrainingEngine["writeTensors"]>[1]) =>
        engine.writeTensors(path, slots);
      const tensorsBytes = await writeSafetensors(join(staged, tensorsName), plan, write);
      const stored: StoredState = { version: 1, run: this.#run, tensorsBytes, state };
      await writeSynced(join(staged, stateName), `${JSON.stringify(stored, null, 2)}\n`);
    });
    await this.#prune(state);
  }

  /**
   * The state of the newest checkpoint that is whole; undefined when there is none. Torn ones are passed over with a note.
   * @throws ERPRM_RUN_CONFLICT {path} for a checkpoint of another training; ERPRM_IO
   */
  async latest(): Promise<TrainingState | undefined> {
    const indices = await this.#indices();
    if (indices.length > 0) await removeLeftovers(this.directory);
    for (const updateIndex of indices) {
      const found = await this.#read(updateIndex);
      if (typeof found !== "string") return found;
      this.#note(`the checkpoint ${this.#path(updateIndex)} cannot be used (${found}); an earlier one is taken`);
    }
    return undefined;
  }

  /**
   * Brings the trainer to where it was at the checkpoint of this update.
   * @throws ERPRM_INVALID_CHECKPOINT {path, tensor} when it does not hold the trainer's tensors: it was made with another
   *   base or another adapter; ERPRM_NOT_FOUND, ERPRM_IO
   */
  async restore(engine: TrainingEngine, updateIndex: number): Promise<void> {
    const path = join(this.#path(updateIndex), tensorsName);
    const stored = new Map((await readSafetensors(path)).map((tensor) => [tensor.name, tensor]));
    const wanted = keptTensors(engine);
    const slots = wanted.map(({ name, shape }) => {
      const found = stored.get(name);
      if (found?.type === "F32" && found.shape.join() === shape.join()) {
        return { name, type: "F32" as const, offset: found.offset, merged: false };
      }
      const received = found ? `${found.type} [${found.shape.join(", ")}]` : "nothing";
      const message = `Expected tensor ${name} to be F32 [${shape.join(", ")}], found ${received} in ${path}: the checkpoint is of another model or adapter`;
      throw new ErprmError("ERPRM_INVALID_CHECKPOINT", message, { path, tensor: name });
    });
    const known = new Set(wanted.map(({ name }) => name));
    const extra = [...stored.keys()].find((name) => !known.has(name));
    if (extra !== undefined) {
      const message = `Expected only tensors that are trained, found ${extra} in ${path}: the checkpoint is of another model or adapter`;
      throw new ErprmError("ERPRM_INVALID_CHECKPOINT", message, { path, tensor: extra });
    }
    await engine.readTensors(path, slots);
  }

  /** Removes all of them: training is over. */
  async clear(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  #path(updateIndex: number): string {
    return join(this.directory, `update-${updateIndex}`);
  }

  /** Update indices, the newest first. */
  async #indices(): Promise<number[]> {
    let names: string[];
    try {
      names = await readdir(this.directory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw ioError(error, this.directory, "read");
    }
    return names
      .flatMap((name) => /^update-(\d+)$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => b - a);
  }

  /** The state, or what is wrong with the checkpoint. @throws ERPRM_RUN_CONFLICT */
  async #read(updateIndex: number): Promise<TrainingState | string> {
    const path = this.#path(updateIndex);
    let stored: Partial<StoredState>;
    let bytes: number;
    try {
      stored = JSON.parse(await readFile(join(path, stateName), "utf8")) as Partial<StoredState>;
      bytes = (await stat(join(path, tensorsName))).size;
    } catch (error) {
      return (error as Error).message;
    }
    if (stored?.version !== 1) return `expected ${stateName} of version 1`;
    if (stored.run !== this.#run) {
      const message = `Expected checkpoints of this training, found one of another in ${path}; remove it, or start over with --force`;
      throw new ErprmError("ERPRM_RUN_CONFLICT", message, { path });
    }
    if (bytes !== stored.tensorsBytes) return `${tensorsName} has ${bytes} bytes instead of ${stored.tensorsBytes}`;
    const state = parseTrainingState(stored.state);
    if (state?.updateIndex !== updateIndex) return `${stateName} does not say where training stood`;
    return state;
  }

  async #prune(state: TrainingState): Promise<void> {
    const indices = (await this.#indices()).filter((index) => index <= state.updateIndex);
    const kept = new Set(indices.slice(0, keptCheckpoints));
    for (const index of [...kept]) {
      const found = index === state.updateIndex ? state : await this.#read(index);
      if (typeof found !== "string" && found.best) kept.add(found.best.updateIndex);
    }
    for (const index of await this.#indices()) {
      if (!kept.has(index)) await rm(this.#path(index), { recursive: true, force: true });
    }
  }
}
