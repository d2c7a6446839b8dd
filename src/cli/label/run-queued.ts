/** `erprm label --queue`: units go to workers through NATS, and this process writes what comes back. */
import { join } from "node:path";
import { identityKey, manifestName, readManifest } from "../../data/manifest.js";
import type { RunDirectory } from "../../data/run-directory.js";
import { abortedError } from "../../policy/native-call.js";
import { connectQueue, type QueueAccess, queueError } from "../../queue/connect.js";
import { checkWorkerState, decode, protocolVersion } from "../../queue/messages.js";
import { runNameLength } from "../../queue/names.js";
import { QueueServer } from "../../queue/server.js";
import { WorkerBoard } from "../../queue/worker-board.js";
import { type QueuedUnit, writeUnits } from "../../queue/writer.js";
import type { LabelSettings } from "../queue/label-settings.js";
import { thisProcess } from "../queue/options.js";
import { QueueProgress } from "../queue/queue-progress.js";
import type { SessionNumbers } from "../session.js";
import type { Surroundings } from "../stage-command.js";
import { LabelTally } from "../tally.js";
import { type LabelUnitPayload, QueuedLabelFiles } from "./queued-files.js";
import { failedFile } from "./set-aside.js";

export interface QueuedLabelTask {
  access: QueueAccess;
  settings: LabelSettings;
  /** All units, in the order of the input. */
  units: () => AsyncIterable<LabelUnitPayload> | Iterable<LabelUnitPayload>;
  /** Label records in all. */
  total: number;
  ackWaitSeconds: number;
  maxTries: number;
  /** Nothing that is on the server counts. */
  startOver: boolean;
  quiet: boolean;
}

type Connection = Awaited<ReturnType<typeof connectQueue>>;

function nameOfUnit(payload: LabelUnitPayload): string {
  const quoted = (id: string) => `problem ${JSON.stringify(id)}`;
  return "problemId" in payload ? `${quoted(payload.problemId)} solution ${payload.index}` : quoted(payload.id);
}

/** The name of a directory's run on the server. */
function runName(run: RunDirectory): string {
  return identityKey(run.manifest).slice(0, runNameLength);
}

/** What is left of the run, done by workers. @throws as `writeUnits`, ERPRM_IO for a server that is not there */
export async function labelThroughQueue(
  run: RunDirectory,
  task: QueuedLabelTask,
  { signal, stderr }: Pick<Surroundings, "signal" | "stderr">,
): Promise<SessionNumbers> {
  const startedAt = performance.now();
  const { settings, access, total, ackWaitSeconds, maxTries, quiet } = task;
  const tally = new LabelTally();
  const files = await QueuedLabelFiles.open(run, tally, settings);
  const say = (text: string) => {
    if (!quiet) stderr.write(`erprm: ${text}\n`);
  };
  const board = new WorkerBoard({ ackWaitSeconds });
  const { recordsBefore } = files;
  const name = runName(run);
  const { shown } = access.address;
  const howToWork = `run ${name} is at ${shown}: erprm worker --queue ${shown} --policy MODEL on any machine works on it`;
  const bar = { title: "label", unit: "solutions", total, done: recordsBefore, quiet, stream: stderr, howToWork };
  const progress = new QueueProgress(board, bar, say);
  const sums: Record<string, number> = {};
  let unitSeconds = 0;
  try {
    const numUnits = await countUnits(task);
    const connection = await connectQueue(access, (text) => progress.tell(text));
    try {
      const server = await QueueServer.open(connection, name);
      if (task.startOver) await server.startOver();
      const { manifest } = run;
      const announcement = {
        version: protocolVersion,
        run: server.names.run,
        stage: manifest.stage,
        models: manifest.models,
        build: manifest.build,
        settings,
        numUnits,
        ackWaitSeconds,
        maxTries,
        writer: thisProcess(),
      };
      say(howToWork);
      void listen(connection, server, board, (text) => progress.tell(text));
      await writeUnits({
        server,
        announcement,
        units: missingUnits(task, files),
        check: (unit, result) => {
          files.check(unit, result);
          board.done(unit.place);
        },
        tell: (text) => progress.tell(text),
        auditMs: Math.max(2_000, (1000 * ackWaitSeconds) / 2),
        signal,
        write: async (batch) => {
          const added = await files.write(batch);
          for (const [i, { unit, result }] of batch.entries()) {
            for (const [name, value] of Object.entries(result.counts ?? {})) sums[name] = (sums[name] ?? 0) + value;
            unitSeconds += result.seconds;
            if (result.failure) progress.tell(setAside(unit, result.failure.reason));
            progress.advance(added[i] as number, result.counts?.completions ?? 0);
          }
        },
      });
    } catch (error) {
      if (signal.aborted) throw abortedError(signal);
      throw queueError("Expected the queue to work", access.address.shown, error);
    } finally {
      await connection.close();
    }
  } finally {
    progress.end();
    await files.close();
  }
  const { completions = 0, completionTokens = 0, ...others } = sums;
  return {
    counts: {
      ...tally.counts,
      recordsBefore,
      rollouts: completions,
      sampledTokens: completionTokens,
      ...others,
      units: progress.numUnits,
      setAside: files.numFailed,
      workers: board.numSeen,
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    },
    timings: { run: (performance.now() - startedAt) / 1000, units: unitSeconds },
  };
}

function setAside({ name }: QueuedUnit, reason: string): string {
  return `${name} is set aside (${failedFile}): ${reason}`;
}

async function countUnits({ units }: QueuedLabelTask): Promise<number> {
  let count = 0;
  for await (const _ of units()) count += 1;
  return count;
}

async function* missingUnits({ units }: QueuedLabelTask, files: QueuedLabelFiles): AsyncGenerator<QueuedUnit> {
  let place = 0;
  for await (const payload of units()) {
    if (!files.isDone(payload)) yield { place, name: nameOfUnit(payload), payload };
    place += 1;
  }
}

async function listen(
  connection: Connection,
  { names }: QueueServer,
  board: WorkerBoard,
  tell: (text: string) => void,
): Promise<void> {
  for await (const { data } of connection.subscribe(names.workerSubject)) {
    try {
      const text = board.heard(checkWorkerState(await decode(data, "the state of a worker")));
      if (text !== undefined) tell(text);
    } catch (error) {
      tell((error as Error).message);
    }
  }
}

/** Takes a complete run off the server, so that its workers end. @throws ERPRM_INVALID_DATA for a manifest that is none; ERPRM_IO */
export async function concludeQueued(out: string, access: QueueAccess, say: (text: string) => void): Promise<void> {
  const manifest = await readManifest(join(out, manifestName));
  if (manifest?.status !== "complete") return;
  try {
    const connection = await connectQueue(access, () => {});
    try {
      await (await QueueServer.open(connection, identityKey(manifest).slice(0, runNameLength))).withdraw();
    } finally {
      await connection.close();
    }
  } catch (error) {
    // The run is complete; what is left on the server harms nobody, and the same command takes it away.
    say(`the run could not be taken off ${access.address.shown}: ${(error as Error).message}`);
  }
}
