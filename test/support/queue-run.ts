/** A run through the queue within one process: units of numbers, whose work is a sum. */
import type { NatsConnection } from "@nats-io/transport-node";
import { parseQueueAddress } from "../../src/queue/address.js";
import { connectQueue } from "../../src/queue/connect.js";
import { type Announcement, protocolVersion, type UnitResult } from "../../src/queue/messages.js";
import { queueNames } from "../../src/queue/names.js";
import { QueueServer } from "../../src/queue/server.js";
import { type WorkerEnd, type WorkerOptions, workOnUnits } from "../../src/queue/worker.js";
import { type CollectedUnit, type QueuedUnit, type WriterOptions, writeUnits } from "../../src/queue/writer.js";

type Teardown = { teardown(fn: () => void | Promise<void>): void };

const run = "0123456789abcdef";

export async function connectTo(t: Teardown, url: string): Promise<NatsConnection> {
  const connection = await connectQueue({ address: parseQueueAddress(url), name: "test" }, () => {});
  t.teardown(() => connection.close());
  return connection;
}

export function announcementOf(changes: Partial<Announcement> = {}): Announcement {
  const common = { version: protocolVersion, run, stage: "test", models: {}, build: {}, settings: {}, numUnits: 0 };
  const writer = { id: "writer", host: "here", pid: 1 };
  return { ...common, ackWaitSeconds: 1, maxTries: 3, writer, ...changes };
}

export function unitsOf(count: number, first = 0): QueuedUnit[] {
  return Array.from({ length: count }, (_, i) => ({
    place: first + i,
    name: `unit ${first + i}`,
    payload: { number: first + i },
  }));
}

/** What the work of a unit gives. */
export function recordsOf(payload: unknown): { sums: number[] } {
  return { sums: [2 * (payload as { number: number }).number] };
}

export interface StartedWriter {
  /** Everything that was written, in its order. */
  written: CollectedUnit[];
  told: string[];
  ended: Promise<void>;
}

export async function startWriter(
  t: Teardown,
  url: string,
  units: WriterOptions["units"],
  changes: Partial<WriterOptions> = {},
): Promise<StartedWriter> {
  const server = await QueueServer.open(await connectTo(t, url), run);
  const written: CollectedUnit[] = [];
  const told: string[] = [];
  const ended = writeUnits({
    server,
    announcement: announcementOf(),
    units,
    check: () => {},
    write: async (batch) => {
      written.push(...batch);
    },
    tell: (text) => told.push(text),
    auditMs: 300,
    signal: new AbortController().signal,
    ...changes,
  });
  // Whoever awaits it sees the error; nobody has to.
  ended.catch(() => {});
  return { written, told, ended };
}

export async function startWorker(
  t: Teardown,
  url: string,
  changes: Partial<WorkerOptions> = {},
): Promise<{ ended: Promise<WorkerEnd>; connection: NatsConnection }> {
  const connection = await connectTo(t, url);
  const ended = workOnUnits({
    connection,
    server: await QueueServer.open(connection, run),
    announcement: announcementOf(),
    worker: { id: `${Math.random()}`, host: "here", pid: 2 },
    inFlight: 4,
    nameOf: () => "a unit",
    work: async (payload) => ({ records: recordsOf(payload), counts: { completions: 1 } }),
    tell: () => {},
    signal: new AbortController().signal,
    ...changes,
  });
  ended.catch(() => {});
  return { ended, connection };
}

export function sumsOf(written: readonly { result: UnitResult }[]): unknown[] {
  return written.map(({ result }) => result.records?.sums?.[0]);
}

export async function connectToRun(t: Teardown, url: string): Promise<QueueServer> {
  return QueueServer.open(await connectTo(t, url), run);
}

/** Resolves when a writer has announced the run. */
export async function announced(t: Teardown, url: string): Promise<void> {
  const server = await connectToRun(t, url);
  while ((await server.announcement()) === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
}

export interface Acknowledgement {
  /** Of the message that is answered. */
  subject: string;
  /** Times that its unit was handed out by then. */
  numDelivered: number;
  /** `+ACK`, `+WPI` (it is worked on), `-NAK`. */
  kind: string;
}

/** Everything that workers say of the units that they have, from now on. */
export async function acknowledgementsOf(t: Teardown, url: string): Promise<Acknowledgement[]> {
  const said: Acknowledgement[] = [];
  const connection = await connectTo(t, url);
  const stream = queueNames(run).unitStream;
  connection.subscribe(`$JS.ACK.${stream}.>`, {
    callback: (_error, { subject, data }) => {
      const numDelivered = Number(subject.split(".")[4]);
      said.push({ subject, numDelivered, kind: Buffer.from(data).toString() });
    },
  });
  await connection.flush();
  return said;
}

export async function withdraw(t: Teardown, url: string): Promise<void> {
  await (await connectToRun(t, url)).withdraw();
}
