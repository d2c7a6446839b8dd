/** The options of the queue: where it is, for the writer and its workers, and how the writer runs it. */

import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { parseQueueAddress } from "../../queue/address.js";
import type { QueueAccess } from "../../queue/connect.js";
import type { QueueProcess } from "../../queue/messages.js";
import { refuseIdleFlags } from "../idle-flags.js";
import type { OptionSpec, OptionValues } from "../option.js";
import type { Given } from "../stage-command.js";
import { under } from "../stage-options.js";

const group = "Many machines:";

/** How to get to the server. */
export const queueAccessOptions = under(group, [
  {
    name: "queue",
    kind: { type: "text" },
    argument: "nats://HOST:PORT",
    help: "a NATS server with JetStream, also nats://USER:PASSWORD@HOST, nats://TOKEN@HOST, tls://HOST, several hosts with commas",
  },
  {
    name: "queue-creds",
    kind: { type: "text" },
    argument: "FILE",
    help: "a NATS credentials file (.creds); keeps secrets off the command line",
  },
  {
    name: "queue-ca",
    kind: { type: "text" },
    argument: "FILE.pem",
    help: "certificates that the server's is checked against; turns TLS on",
  },
] as const satisfies readonly OptionSpec[]);

export const queueWriterOptions = under(group, [
  ...queueAccessOptions,
  {
    name: "ack-wait",
    kind: { type: "number", low: 1, high: 86_400 },
    argument: "SECONDS",
    help: "a unit whose worker says nothing for so long goes to another one",
    default: 30,
  },
  {
    name: "max-tries",
    kind: { type: "integer", low: 2, high: 1000 },
    argument: "N",
    help: "a unit that took its worker down so often, the last time alone, is set aside in failed.jsonl",
    default: 3,
  },
] as const satisfies readonly OptionSpec[]);

type AccessValues = OptionValues<typeof queueAccessOptions>;

/** @throws ERPRM_INVALID_ARGUMENT for options of the queue without one */
export function refuseIdleQueueFlags(given: Given, queue: string | undefined): void {
  const names = queueWriterOptions.map(({ name }) => name).filter((name) => name !== "queue");
  refuseIdleFlags(given, [{ names, why: "without --queue", when: queue === undefined }]);
}

/** @throws ERPRM_INVALID_ARGUMENT, without the address that was given */
export function queueAccessOf(values: AccessValues & { queue: string }, name: string): QueueAccess {
  return {
    address: parseQueueAddress(values.queue),
    credentialsFile: values.queueCreds,
    authorityFile: values.queueCa,
    name,
  };
}

/** This process, among all that use a queue. */
export function thisProcess(): QueueProcess {
  return { id: randomUUID(), host: hostname(), pid: process.pid };
}
