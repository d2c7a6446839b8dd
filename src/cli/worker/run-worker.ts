/** What `erprm worker` does. */
import { setTimeout as sleep } from "node:timers/promises";
import { Grader } from "../../grading/grader.js";
import { abortedError } from "../../policy/native-call.js";
import { Policy } from "../../policy/policy.js";
import type { OpenedRolloutPolicy } from "../../policy/rollout-policy.js";
import { connectQueue, leaveQueue, queueError } from "../../queue/connect.js";
import type { Announcement } from "../../queue/messages.js";
import { patiently } from "../../queue/patiently.js";
import { announcedRuns, QueueServer } from "../../queue/server.js";
import { type WorkerEnd, workOnUnits } from "../../queue/worker.js";
import type { workerOptions } from "../commands/worker.js";
import type { OptionValues } from "../option.js";
import { packageBuild } from "../package-build.js";
import { type OpenRolloutPolicy, required } from "../policy-values.js";
import { checkLabelSettings, type LabelSettings } from "../queue/label-settings.js";
import { queueAccessOf, thisProcess } from "../queue/options.js";
import { RunProgress } from "../run-progress.js";
import type { Run, Surroundings } from "../stage-command.js";
import { note } from "../with-run.js";
import { chooseRun } from "./choose-run.js";
import { EngineLoad } from "./engine-load.js";
import { labelUnit, unitName, unitWork } from "./label-unit.js";

type WorkerValues = OptionValues<typeof workerOptions>;
type Connection = Awaited<ReturnType<typeof connectQueue>>;

/** Units of one completion need not be more than this, whatever the engine. */
const mostInFlight = 1024;

/** Between two looks for a run. */
const lookMs = 1_000;

interface FoundRun {
  announcement: Announcement;
  settings: LabelSettings;
  opened: OpenedRolloutPolicy;
}

class Worker {
  readonly #opened = new Map<string, OpenedRolloutPolicy>();

  constructor(
    readonly values: WorkerValues & { policy: string },
    readonly connection: Connection,
    readonly surroundings: Surroundings,
    readonly openPolicy: OpenRolloutPolicy,
  ) {}

  say(text: string): void {
    note(text, this.values, this.surroundings);
  }

  /** Undefined when none came in time. */
  async findRun(): Promise<FoundRun | undefined> {
    const { signal } = this.surroundings;
    const startedAt = performance.now();
    const { idle } = this.values;
    for (let isFirst = true; ; isFirst = false) {
      const waiting = ({ message }: Error) => this.say(`waiting for the queue: ${message}`);
      const runs = await patiently(signal, () => announcedRuns(this.connection), waiting);
      const found = runs.length === 0 ? undefined : await this.#fitting(runs);
      if (found) return found;
      if (isFirst) this.say(`waiting for ${this.values.run === undefined ? "a run" : `run ${this.values.run}`}`);
      if (idle !== undefined && performance.now() - startedAt > 1000 * idle) return undefined;
      await sleep(lookMs, undefined, { signal }).catch(() => {
        throw abortedError(signal);
      });
    }
  }

  async #fitting(runs: readonly Announcement[]): Promise<FoundRun | undefined> {
    const first = runs[0] as Announcement;
    const any = await this.#open(checkLabelSettings(first.settings));
    const { fingerprint } = any;
    const wanted = {
      fingerprint,
      build: packageBuild(any.build),
      run: this.values.run,
      anyBuild: this.values.anyBuild,
    };
    const announcement = chooseRun(runs, wanted);
    if (!announcement) return undefined;
    const settings = checkLabelSettings(announcement.settings);
    return { announcement, settings, opened: await this.#open(settings) };
  }

  /** Models are large: one is not read again to be named. */
  async #open({ policy }: LabelSettings): Promise<OpenedRolloutPolicy> {
    const key = JSON.stringify(policy);
    const known = this.#opened.get(key);
    if (known) return known;
    const { threads, batchSize, kvMemory } = this.values;
    const { signal } = this.surroundings;
    const opened = await this.openPolicy(this.values.policy, {
      ...policy,
      ...{ threads, maxBatch: batchSize, kvMemoryBytes: kvMemory, signal },
    });
    for (const text of opened.notes) this.say(text);
    this.#opened.set(key, opened);
    return opened;
  }

  async work({ announcement, settings, opened }: FoundRun): Promise<WorkerEnd> {
    const { connection } = this;
    const { signal, stderr } = this.surroundings;
    const { quiet, idle } = this.values;
    const server = await QueueServer.open(connection, announcement.run);
    const policy = await opened.load();
    const grader = new Grader();
    const load = new EngineLoad(policy, unitWork(settings, policy.maxBatch));
    const { inFlight } = this.values;
    const bar = { title: "worker", unit: "units", total: undefined, done: 0, quiet, stream: stderr };
    const progress = new RunProgress(policy, bar);
    try {
      const atATime =
        inFlight === undefined ? "as many units at a time as keep its engine busy" : `${inFlight} units at a time`;
      this.say(`works on run ${announcement.run}, ${atATime}`);
      return await workOnUnits({
        ...{ connection, server, announcement, signal },
        inFlight: inFlight ?? mostInFlight,
        // Who says how many wants so many.
        ...(inFlight === undefined && { room: () => load.room() }),
        worker: thisProcess(),
        nameOf: (payload) => unitName(settings, payload),
        work: async (payload, unitSignal) => {
          const unit = load.begin();
          let isDone = false;
          try {
            const done = await labelUnit(payload, { load: unit, grader, settings, signal: unitSignal });
            isDone = true;
            return done;
          } finally {
            unit.end(isDone);
          }
        },
        idleMs: idle === undefined ? undefined : 1000 * idle,
        tell: (text) => this.say(text),
        finished: () => progress.advance(),
      });
    } finally {
      progress.end();
      await grader.dispose();
      await policy.dispose();
    }
  }
}

const ends = { over: "the run is complete", idle: "there was nothing to do" };

export function runWorker(openPolicy: OpenRolloutPolicy = Policy.open): Run<typeof workerOptions> {
  return async (values, _given, surroundings) => {
    const queue = required("queue", values.queue, "the address of a NATS server");
    const policy = required("policy", values.policy, "the model of the run: a model directory or a .gguf file");
    const access = queueAccessOf({ ...values, queue }, "erprm worker");
    const { signal, stdout } = surroundings;
    const connection = await connectQueue(access, (text) => note(text, values, surroundings));
    const worker = new Worker({ ...values, policy }, connection, surroundings, openPolicy);
    const runs: { run: string; units: number }[] = [];
    let reason: WorkerEnd["reason"] = "idle";
    try {
      do {
        const found = await worker.findRun();
        if (!found) break;
        const end = await worker.work(found);
        runs.push({ run: found.announcement.run, units: end.done });
        reason = end.reason;
      } while (values.stay && reason === "over");
    } catch (error) {
      if (signal.aborted) throw abortedError(signal);
      throw queueError("Expected the queue to work", access.address.shown, error);
    } finally {
      // What was acknowledged last still has to leave; a server that is away hands it out again.
      await leaveQueue(connection);
    }
    const units = runs.reduce((sum, run) => sum + run.units, 0);
    stdout.write(
      values.json
        ? `${JSON.stringify({ stage: "worker", runs, units, reason })}\n`
        : `${"worker".padEnd(14)}${units} units of ${runs.length} runs; ${ends[reason]}\n`,
    );
  };
}
