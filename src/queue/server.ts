/**
 * A run on the server: the stream of its units, of which a message is gone when its unit is acknowledged, the stream of its
 * results, of which it is gone when it is written, and the announcement that workers look for. A subject of a unit holds
 * one message at most, so a unit cannot be there twice, however often it is published.
 */
import {
  AckPolicy,
  DiscardPolicy,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import { type NatsConnection, nanos } from "@nats-io/transport-node";
import { type Announcement, checkAnnouncement } from "./messages.js";
import { placeOf, type QueueNames, queueNames, runsBucket, workersConsumer } from "./names.js";
import { apiErrorOf, isMissing } from "./patiently.js";

/** Bytes of a message that headers may take. */
const headerBytes = 1024;

/** A publish that was tried again within this time is recognised by its id. */
const duplicateWindowMs = 120_000;

/** Units that workers may hold together. */
const maxHeld = 1 << 20;

export class QueueServer {
  readonly names: QueueNames;
  readonly js: JetStreamClient;
  readonly #manager: JetStreamManager;
  readonly #connection: NatsConnection;

  private constructor(connection: NatsConnection, manager: JetStreamManager, names: QueueNames) {
    this.#connection = connection;
    this.#manager = manager;
    this.names = names;
    this.js = jetstream(connection);
  }

  /** @throws as NATS does, for a server without JetStream too */
  static async open(connection: NatsConnection, run: string): Promise<QueueServer> {
    return new QueueServer(connection, await jetstreamManager(connection), queueNames(run));
  }

  /** Bytes that fit into one message. */
  get maxMessageBytes(): number {
    return (this.#connection.info?.max_payload ?? 1 << 20) - headerBytes;
  }

  /** Calls `action` whenever the connection is back, as long as it is not closed. */
  async onReconnect(action: () => void): Promise<void> {
    for await (const { type } of this.#connection.status()) if (type === "reconnect") action();
  }

  /** Announces the run, and makes its streams where they are missing. */
  async announce(announcement: Announcement): Promise<void> {
    const { unitStream, resultStream, run } = this.names;
    const common = { storage: StorageType.File, duplicate_window: nanos(duplicateWindowMs) };
    await this.#manager.streams.add({
      ...common,
      name: unitStream,
      subjects: [`erprm.${run}.unit.*`],
      retention: RetentionPolicy.Workqueue,
      discard: DiscardPolicy.New,
      discard_new_per_subject: true,
      max_msgs_per_subject: 1,
    });
    await this.#manager.streams.add({ ...common, name: resultStream, subjects: [`erprm.${run}.result.>`] });
    await this.#addWorkers(announcement.ackWaitSeconds);
    const runs = await runsOf(this.#connection);
    await runs.put(run, JSON.stringify(announcement));
  }

  async #addWorkers(ackWaitSeconds: number): Promise<void> {
    const config = {
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(1000 * ackWaitSeconds),
      max_deliver: -1,
      max_ack_pending: maxHeld,
      // A pull of each worker.
      max_waiting: 1 << 14,
    };
    const { consumers } = this.#manager;
    try {
      await consumers.add(this.names.unitStream, { ...config, durable_name: workersConsumer });
    } catch (error) {
      if (!apiErrorOf(error)) throw error;
      // It is there, with another wait.
      const { max_waiting: _, ...changeable } = config;
      await consumers.update(this.names.unitStream, workersConsumer, changeable);
    }
  }

  /**
   * The announcement as it stands. `over`: it was taken back, the run is complete. Undefined: the server knows nothing of it,
   * because it was never made or the server lost what it had.
   * @throws ERPRM_INVALID_DATA
   */
  async announcement(): Promise<Announcement | "over" | undefined> {
    return announcementIn(await runsOf(this.#connection), this.names.run);
  }

  /** Units that nobody has acknowledged, by place. */
  units(): Promise<Set<number>> {
    return this.#placesIn(this.names.unitStream);
  }

  /** Units with something among the results. */
  results(): Promise<Set<number>> {
    return this.#placesIn(this.names.resultStream);
  }

  async #placesIn(stream: string): Promise<Set<number>> {
    const { state } = await this.#manager.streams.info(stream, { subjects_filter: ">" });
    return new Set(Object.keys(state.subjects ?? {}).map(placeOf));
  }

  /** Removes the results before one, by its number in the stream: quick, whatever their number. */
  async forgetResultsBefore(seq: number): Promise<void> {
    await this.#manager.streams.purge(this.names.resultStream, { seq });
  }

  /** Removes all results of a unit: slow, for single ones. */
  async forgetResults(place: number): Promise<void> {
    await this.#manager.streams.purge(this.names.resultStream, { filter: this.names.resultsOf(place) });
  }

  /** Removes what is left of an earlier beginning of the run: units, results, failures among them, and tries. Its workers stay. */
  async startOver(): Promise<void> {
    const { unitStream, resultStream, tries } = this.names;
    for (const stream of [unitStream, resultStream, `KV_${tries}`]) {
      await this.#manager.streams.purge(stream).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
    }
  }

  /** What is remembered of units that came back. */
  async tries(): Promise<KV> {
    return new Kvm(this.#connection).create(this.names.tries, { history: 1 });
  }

  /** Removes the run and everything of it. */
  async withdraw(): Promise<void> {
    const { unitStream, resultStream, tries, run } = this.names;
    for (const stream of [unitStream, resultStream, `KV_${tries}`]) {
      await this.#manager.streams.delete(stream).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
    }
    await (await runsOf(this.#connection)).purge(run);
  }
}

function runsOf(connection: NatsConnection): Promise<KV> {
  return new Kvm(connection).create(runsBucket, { history: 1 });
}

async function announcementIn(runs: KV, run: string): Promise<Announcement | "over" | undefined> {
  const entry = await runs.get(run);
  if (!entry) return undefined;
  return entry.operation === "PUT" ? checkAnnouncement(entry.json()) : "over";
}

/** The runs that a server has, in the order of their names. @throws ERPRM_INVALID_DATA, as NATS does */
export async function announcedRuns(connection: NatsConnection): Promise<Announcement[]> {
  const runs = await runsOf(connection);
  const names: string[] = [];
  for await (const name of await runs.keys()) names.push(name);
  const found = await Promise.all(names.sort().map((name) => announcementIn(runs, name)));
  return found.filter((one) => typeof one === "object");
}
