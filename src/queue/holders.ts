/**
 * Whether a unit that came back is still in somebody's hands. The server hands out anew what it heard nothing of for the
 * acknowledgement wait, and does not know why: its worker is gone, or it was itself away for that long. A worker that is
 * there says every few seconds what it holds.
 */
import type { NatsConnection } from "@nats-io/transport-node";
import { checkWorkerState, decode, type QueueProcess, type WorkerState } from "./messages.js";
import { patiently } from "./patiently.js";

/** Between two states of a worker. */
export const stateMs = 2_000;

/** Longer than between two states, with what connecting again and a busy worker take. */
const listenMs = stateMs + 1_500;

export interface HeldQuestion {
  place: number;
  /** Who asks: what it holds itself does not count. */
  worker: QueueProcess;
  /** What workers say of themselves. */
  subject: string;
  signal: AbortSignal;
}

/** True as soon as another worker says that it has the unit; false when none did for a while. */
export async function isHeldElsewhere(
  connection: NatsConnection,
  { place, worker, subject, signal }: HeldQuestion,
): Promise<boolean> {
  const states = connection.subscribe(subject);
  const end = () => states.unsubscribe();
  signal.addEventListener("abort", end, { once: true });
  let timer: NodeJS.Timeout | undefined;
  try {
    // From here on nothing that is said is missed.
    await patiently(signal, () => connection.flush());
    timer = setTimeout(end, listenMs);
    for await (const { data } of states) {
      const state = await stateOf(data);
      if (state && !state.left && state.worker.id !== worker.id && state.holds.some((held) => held.place === place)) {
        return true;
      }
    }
    return false;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    end();
  }
}

async function stateOf(data: Uint8Array): Promise<WorkerState | undefined> {
  try {
    return checkWorkerState(await decode(data, "the state of a worker"));
  } catch {
    // The writer, which hears it too, tells of it.
    return undefined;
  }
}
