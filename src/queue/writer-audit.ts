/**
 * What is on the server, compared with what should be, again and again: a unit that is neither waiting, nor held, nor among
 * the results is lost, whatever was killed or forgot; streams that are gone are made anew.
 */
import { ErprmError } from "../errors.js";
import type { Announcement } from "./messages.js";
import { apiErrorOf, isMissing, patiently, pause } from "./patiently.js";
import type { QueueServer } from "./server.js";

/** A unit of which the server should know. */
export interface PublishedUnit {
  place: number;
  hasResult: boolean;
  /** Comparisons in a row that found a result on the server which did not arrive. */
  numUnread: number;
}

export interface WriterAuditOptions<U extends PublishedUnit> {
  server: QueueServer;
  announcement: Announcement;
  /** Between two comparisons. */
  auditMs: number;
  signal: AbortSignal;
  tell(text: string): void;
  /** Those that are published now. */
  published(): U[];
  lost(unit: U): void;
  /** Results are there and do not arrive. */
  deaf(): void;
}

export class WriterAudit<U extends PublishedUnit> {
  readonly #options: WriterAuditOptions<U>;
  #round = 0;

  constructor(options: WriterAuditOptions<U>) {
    this.#options = options;
  }

  /** Comparisons so far. */
  get round(): number {
    return this.#round;
  }

  /** Until the signal fires. @throws ERPRM_RUN_CONFLICT when another writer took over the run; what NATS throws, where trying again cannot help */
  async run(): Promise<void> {
    const { server, announcement, auditMs, signal, tell } = this.#options;
    for (;;) {
      await pause(auditMs, signal);
      if (signal.aborted) return;
      try {
        await this.#compare();
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof ErprmError || (apiErrorOf(error) && !isMissing(error))) throw error;
        // The server is away, or it lost its streams: they are made again when it answers.
        const waiting = ({ message }: Error) => tell(`waiting for the queue: ${message}`);
        await patiently(signal, () => server.announce(announcement), waiting).catch((failure: unknown) => {
          if (!signal.aborted) throw failure;
        });
      }
    }
  }

  async #compare(): Promise<void> {
    const { server, announcement, published, lost, deaf } = this.#options;
    const there = await server.announcement();
    if (typeof there !== "object") await server.announce(announcement);
    else if (there.writer.id !== announcement.writer.id) throw otherWriter(there);
    // A unit that is published from now on may miss in the first list and be done before the second.
    const known = published();
    const units = await server.units();
    const results = await server.results();
    this.#round += 1;
    let isDeaf = false;
    for (const unit of known) {
      if (unit.hasResult || units.has(unit.place)) {
        unit.numUnread = 0;
      } else if (results.has(unit.place)) {
        unit.numUnread += 1;
        isDeaf ||= unit.numUnread > 2;
      } else {
        lost(unit);
      }
    }
    if (isDeaf) deaf();
  }
}

function otherWriter({ writer: { host, pid }, run }: Announcement): ErprmError {
  const message = `Expected to be the only writer of run ${run}, found process ${pid} on ${host}, which began later`;
  return new ErprmError("ERPRM_RUN_CONFLICT", message, { host, pid });
}
