/**
 * The files of a relabelling: `labels.jsonl`, and until it is complete the keys of its records and a checkpoint. A call that goes on
 * cuts the files back to the checkpoint and does the little behind it again, which gives the same bytes.
 */
import { CutFile } from "../../data/cut-file.js";
import { keyWidth } from "../../data/key-digest.js";
import { KeySet } from "../../data/key-set.js";
import type { RunDirectory } from "../../data/run-directory.js";
import { noSums, type RelabelledBlock, type RelabelSums } from "../../stages/relabel-block.js";
import type { FilePlace } from "../../stages/relabel-file.js";
import { type InputStamp, type RelabelCheckpoint, writeCheckpoint } from "./relabel-checkpoint.js";

export const checkpointFile = "labels.checkpoint.json";
export const keysFile = "labels.keys";

/** Bytes of labels from one checkpoint to the next: about a second's work. */
const checkpointBytes = 1 << 26;

export class RelabelFiles {
  readonly #run: RunDirectory;
  readonly #input: InputStamp;
  readonly #labels: CutFile;
  readonly #keys: CutFile;
  readonly #sums: RelabelSums;
  readonly #records = new KeySet();
  readonly #problems = new KeySet();
  #read: FilePlace;
  /** Keys that are in no checkpoint. */
  #newKeys: Uint32Array[] = [];
  #bytesAtCheckpoint: number;

  private constructor(run: RunDirectory, input: InputStamp, labels: CutFile, keys: CutFile, from: Progressed) {
    this.#run = run;
    this.#input = input;
    this.#labels = labels;
    this.#keys = keys;
    this.#sums = from.sums;
    this.#read = from.read;
    this.#bytesAtCheckpoint = labels.size;
  }

  /** @throws ERPRM_INVALID_DATA {file} when a file is not what the checkpoint says; ERPRM_IO */
  static async open(
    run: RunDirectory,
    input: InputStamp,
    names: readonly string[],
    checkpoint: RelabelCheckpoint | undefined,
  ): Promise<RelabelFiles> {
    const keys = await CutFile.open(run.file(keysFile), checkpoint?.keys);
    const labels = await CutFile.open(run.file("labels.jsonl"), checkpoint?.labels).catch(async (error: unknown) => {
      await keys.close();
      throw error;
    });
    const { sums, read } = checkpoint ?? { sums: noSums(names), read: { end: 0, line: 0 } };
    const files = new RelabelFiles(run, input, labels, keys, { sums, read });
    if (keys.size > 0) files.#addKeys(new Uint32Array((await keys.read(0)).buffer));
    return files;
  }

  /** Where the input is to be read on. */
  get read(): FilePlace {
    return this.#read;
  }

  get numRecords(): number {
    return this.#records.size;
  }

  /** What was added, also by earlier calls. */
  get sums(): Readonly<RelabelSums & { problems: number }> {
    return { problems: this.#problems.size, ...this.#sums };
  }

  /** False for a block with a key that was there before: nothing is written then. @throws ERPRM_IO */
  async add(block: RelabelledBlock & FilePlace): Promise<boolean> {
    if (!this.#addKeys(block.keys)) return false;
    await this.#labels.append(block.bytes);
    this.#newKeys.push(block.keys);
    this.#read = { end: block.end, line: block.line };
    addSums(this.#sums, block.sums);
    if (this.#labels.size - this.#bytesAtCheckpoint >= checkpointBytes) await this.checkpoint();
    return true;
  }

  /** Everything that was added stays. @throws ERPRM_IO */
  async checkpoint(): Promise<void> {
    for (const keys of this.#newKeys) {
      await this.#keys.append(new Uint8Array(keys.buffer, keys.byteOffset, keys.byteLength));
    }
    this.#newKeys = [];
    await this.#labels.sync();
    await this.#keys.sync();
    await writeCheckpoint(this.#run.file(checkpointFile), {
      input: this.#input,
      read: this.#read,
      labels: await this.#labels.place(),
      keys: await this.#keys.place(),
      sums: this.#sums,
    });
    this.#bytesAtCheckpoint = this.#labels.size;
  }

  /** The labels are on the disk when it resolves. @throws ERPRM_IO */
  async finish(): Promise<void> {
    await this.#labels.sync();
  }

  async close(): Promise<void> {
    await this.#labels.close();
    await this.#keys.close();
  }

  #addKeys(keys: Uint32Array): boolean {
    const problem = new Uint32Array(keyWidth);
    for (let at = 0; at < keys.length; at += keyWidth) {
      if (!this.#records.addWords(keys, at)) return false;
      // The index is in the second word alone, and solutions of a problem mostly stand together.
      if (problem[0] === keys[at] && problem[2] === keys[at + 2] && problem[3] === keys[at + 3]) continue;
      problem.set(keys.subarray(at, at + keyWidth));
      problem[1] = problem[2] as number;
      this.#problems.addWords(problem, 0);
    }
    return true;
  }
}

type Progressed = Pick<RelabelCheckpoint, "sums" | "read">;

function addSums(total: RelabelSums, { labels, ...counts }: RelabelSums): void {
  for (const [name, count] of Object.entries(counts) as [keyof typeof counts, number][]) total[name] += count;
  for (const [i, sum] of labels.entries()) total.labels[i] = (total.labels[i] as number) + sum;
}
