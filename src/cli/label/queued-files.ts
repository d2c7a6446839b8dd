/**
 * The files of a label run whose units come from the queue. They are written as `erprm label` alone writes them: in the order
 * of the input, the completions of a solution before its labels; a unit that was set aside leaves its place empty and
 * stands in failed.jsonl, which is there from the first such unit on.
 */
import { existsSync } from "node:fs";
import type { Place } from "../../data/data-error.js";
import type { JsonlAppender } from "../../data/jsonl-appender.js";
import type { LogFile } from "../../data/log-file.js";
import { parseLabelRecord, parseSolution, solutionKey } from "../../data/read-solutions.js";
import type { RunDirectory } from "../../data/run-directory.js";
import { ErprmError } from "../../errors.js";
import type { UnitResult } from "../../queue/messages.js";
import { workerName } from "../../queue/worker-board.js";
import type { CollectedUnit, QueuedUnit } from "../../queue/writer.js";
import type { CompletionRecord, LabelRecord, Problem, Solution } from "../../types.js";
import type { LabelTally } from "../tally.js";
import { numCompletionsOf, openCompletions, openLabels } from "./file.js";
import { failedFile } from "./set-aside.js";

/** A unit that was set aside. */
export interface FailedUnit {
  problemId: string;
  /** Of the solution, where the units are solutions. */
  index?: number;
  /** How often it was tried. */
  tries: number;
  reason: string;
  /** Of the error, where the worker could tell. */
  code?: string;
  /** Who reported it. */
  worker: string;
  /** The problem or solution itself. */
  unit: unknown;
}

export type LabelUnitPayload = Problem | Solution;

function failedKey({ problemId, index }: { problemId: string; index?: number }): string {
  return index === undefined ? problemId : solutionKey({ problemId, index });
}

function isSolution(payload: LabelUnitPayload): payload is Solution {
  return "problemId" in payload;
}

/** The keys of the label records that a unit has. */
function keysOf(payload: LabelUnitPayload, numSolutions: number): string[] {
  if (isSolution(payload)) return [solutionKey(payload)];
  return Array.from({ length: numSolutions }, (_, index) => solutionKey({ problemId: payload.id, index }));
}

export class QueuedLabelFiles {
  readonly #labels: JsonlAppender<LabelRecord>;
  readonly #solutions: JsonlAppender<Solution> | undefined;
  readonly #completions: LogFile | undefined;
  #failed: JsonlAppender<FailedUnit> | undefined;
  readonly #openFailed: () => Promise<JsonlAppender<FailedUnit>>;
  readonly #tally: LabelTally;
  readonly #numSolutions: number;
  readonly recordsBefore: number;

  private constructor(files: {
    labels: JsonlAppender<LabelRecord>;
    solutions: JsonlAppender<Solution> | undefined;
    completions: LogFile | undefined;
    failed: JsonlAppender<FailedUnit> | undefined;
    openFailed: () => Promise<JsonlAppender<FailedUnit>>;
    tally: LabelTally;
    numSolutions: number;
  }) {
    this.#labels = files.labels;
    this.#solutions = files.solutions;
    this.#completions = files.completions;
    this.#failed = files.failed;
    this.#openFailed = files.openFailed;
    this.#tally = files.tally;
    this.#numSolutions = files.numSolutions;
    this.recordsBefore = files.labels.numRecords;
  }

  /** @param unit `problem`: their solutions are written too */
  static async open(
    run: RunDirectory,
    tally: LabelTally,
    { unit, numSolutions, keepCompletions }: { unit: string; numSolutions: number; keepCompletions: boolean },
  ): Promise<QueuedLabelFiles> {
    const { labels, completionsBefore } = await openLabels(run, tally);
    const solutions = unit === "problem" ? await run.appender<Solution>("solutions.jsonl", solutionKey) : undefined;
    const openFailed = () => run.appender<FailedUnit>(failedFile, failedKey);
    const failed = existsSync(run.file(failedFile)) ? await openFailed() : undefined;
    const completions = keepCompletions ? await openCompletions(run, completionsBefore) : undefined;
    return new QueuedLabelFiles({ labels, solutions, completions, failed, openFailed, tally, numSolutions });
  }

  /** Units that were set aside, in this call or an earlier one. */
  get numFailed(): number {
    return this.#failed?.numRecords ?? 0;
  }

  isDone(payload: LabelUnitPayload): boolean {
    const key = isSolution(payload) ? solutionKey(payload) : payload.id;
    return this.#failed?.has(key) || keysOf(payload, this.#numSolutions).every((one) => this.#labels.has(one));
  }

  /** @throws ERPRM_INVALID_DATA for records that are not those of the unit */
  check({ place, name, payload }: QueuedUnit, { records, failure }: UnitResult): void {
    if (failure) return;
    const at: Place = { file: `the result of ${name}`, line: place + 1 };
    const labels = (records?.labels ?? []).map((record) => parseLabelRecord(record, at));
    const solutions = (records?.solutions ?? []).map((record) => parseSolution(record, at));
    const keys = keysOf(payload as LabelUnitPayload, this.#numSolutions);
    expectKeys(name, "labels", labels, keys);
    if (this.#solutions) expectKeys(name, "solutions", solutions, keys);
    const expected = labels.reduce((sum, label) => sum + numCompletionsOf(label), 0);
    const numCompletions = records?.completions?.length ?? 0;
    if (this.#completions && numCompletions !== expected) fail(name, `${expected} completions`, numCompletions);
  }

  /** Resolves when all is on the disk. Returns how many label records each unit added. @throws ERPRM_IO */
  async write(batch: readonly CollectedUnit[]): Promise<number[]> {
    const solutions: Solution[] = [];
    const completions: CompletionRecord[] = [];
    const labels: LabelRecord[] = [];
    const failed: FailedUnit[] = [];
    const added: number[] = [];
    for (const { unit, result } of batch) {
      const before = labels.length;
      if (result.failure) failed.push(failedUnit(unit.payload as LabelUnitPayload, result));
      // Checked when they came. A unit that was cut in two by a kill has some of its records already.
      const of = <T>(name: string) => (result.records?.[name] ?? []) as T[];
      solutions.push(...of<Solution>("solutions").filter((one) => !this.#solutions?.has(solutionKey(one))));
      const missing = of<LabelRecord>("labels").filter((one) => !this.#labels.has(solutionKey(one)));
      labels.push(...missing);
      const keys = new Set(missing.map(solutionKey));
      completions.push(...of<CompletionRecord>("completions").filter((one) => keys.has(solutionKey(one))));
      added.push(labels.length - before);
    }
    await this.#solutions?.append(solutions);
    if (this.#completions && completions.length > 0) {
      for (const completion of completions) await this.#completions.append(completion);
      await this.#completions.sync();
    }
    await this.#labels.append(labels);
    if (failed.length > 0) {
      this.#failed ??= await this.#openFailed();
      await this.#failed.append(failed);
    }
    for (const record of labels) this.#tally.add(record);
    return added;
  }

  /** The other files are closed with the run. */
  async close(): Promise<void> {
    await this.#completions?.close();
  }
}

function failedUnit(payload: LabelUnitPayload, { failure, tries, worker }: UnitResult): FailedUnit {
  const { reason, code } = failure as NonNullable<UnitResult["failure"]>;
  const names = isSolution(payload)
    ? { problemId: payload.problemId, index: payload.index }
    : { problemId: payload.id };
  return { ...names, tries, reason, ...(code !== undefined && { code }), worker: workerName(worker), unit: payload };
}

function expectKeys(
  name: string,
  what: string,
  records: readonly { problemId: string; index: number }[],
  keys: readonly string[],
): void {
  const found = records.map(solutionKey);
  if (found.length !== keys.length || found.some((key, i) => key !== keys[i])) {
    fail(name, `${keys.length} ${what} of it, in order`, found.slice(0, 3).join(", ") || "none");
  }
}

function fail(name: string, expected: string, received: unknown): never {
  throw new ErprmError(
    "ERPRM_INVALID_DATA",
    `Expected the result of ${name} to have ${expected}, received ${received}`,
  );
}
