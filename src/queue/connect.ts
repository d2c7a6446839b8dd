/** The connection to NATS: kept through restarts of the server, closed when its owner is done. */
import { readFile } from "node:fs/promises";
import type { NatsConnection } from "@nats-io/transport-node";
import { ioError } from "../data/io-error.js";
import { ErprmError } from "../errors.js";
import type { QueueAddress } from "./address.js";
import { pause } from "./patiently.js";
import { reconnectPace } from "./reconnect-pace.js";

export interface QueueAccess {
  address: QueueAddress;
  /** A NATS credentials file (JWT and key). */
  credentialsFile?: string | undefined;
  /** Certificates that the server's is checked against, where the system's do not do. */
  authorityFile?: string | undefined;
  /** Of this process, as the server shows it. */
  name: string;
}

const connectTimeoutMs = 10_000;
/** Between two attempts to connect again, whatever their number. */
const reconnectMs = 500;
const drainTimeoutMs = 2_000;

/**
 * @param changed is told in words when the connection is lost and when it is back
 * @throws ERPRM_IO {server} when there is no such server, it refuses, or it has no JetStream; ERPRM_NOT_FOUND for a file
 */
export async function connectQueue(
  { address, credentialsFile, authorityFile, name }: QueueAccess,
  changed: (text: string) => void,
): Promise<NatsConnection> {
  const { connect, credsAuthenticator } = await import("@nats-io/transport-node");
  const credentials = credentialsFile === undefined ? undefined : await bytesOf(credentialsFile);
  const authority = authorityFile === undefined ? undefined : (await bytesOf(authorityFile)).toString("utf8");
  const { servers, user, password, token, tls, shown } = address;
  let connection: NatsConnection;
  try {
    connection = await connect({
      servers,
      name,
      timeout: connectTimeoutMs,
      maxReconnectAttempts: -1,
      reconnectDelayHandler: reconnectPace(reconnectMs),
      // A server that is gone without a word is noticed within a minute.
      pingInterval: 20_000,
      ...(user !== undefined && { user, pass: password ?? "" }),
      ...(token !== undefined && { token }),
      ...(credentials && { authenticator: credsAuthenticator(credentials) }),
      ...((tls || authority !== undefined) && { tls: authority === undefined ? {} : { ca: authority } }),
    });
  } catch (error) {
    throw queueError(`Expected a NATS server at ${shown}`, shown, error);
  }
  void tellChanges(connection, shown, changed);
  return connection;
}

/** Closes the connection when what was published last has left; a server that is away is not waited for. */
export async function leaveQueue(connection: NatsConnection): Promise<void> {
  const left = new AbortController();
  // While it connects again, a drain waits for as long as that takes.
  const drained = connection.drain().catch(() => {});
  await Promise.race([drained, pause(drainTimeoutMs, left.signal)]);
  left.abort();
  await connection.close();
}

/** Everything that NATS throws, as one error of the product. */
export function queueError(what: string, server: string, error: unknown): ErprmError {
  if (error instanceof ErprmError) return error;
  const why = error instanceof Error ? error.message || error.name : String(error);
  return new ErprmError("ERPRM_IO", `${what}, received: ${why}`, { server }, error);
}

async function tellChanges(connection: NatsConnection, shown: string, changed: (text: string) => void): Promise<void> {
  for await (const { type } of connection.status()) {
    if (type === "disconnect") changed(`lost the connection to ${shown}; waiting for it`);
    if (type === "reconnect") changed(`connected to ${shown} again`);
  }
}

async function bytesOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw ioError(error, path, "read");
  }
}
