/** `--queue`: where the NATS server is and how to get in, from one text. What is secret in it is never shown. */
import { ErprmError } from "../errors.js";

export interface QueueAddress {
  /** `host:port`, at least one. */
  servers: string[];
  user?: string;
  password?: string;
  token?: string;
  /** The scheme asked for it. */
  tls: boolean;
  /** The address without what is secret: for messages, logs and the manifest. */
  shown: string;
}

const defaultPort = "4222";

function fail(why: string): never {
  // The text itself may hold a password, so it is not repeated.
  throw new ErprmError(
    "ERPRM_INVALID_ARGUMENT",
    `Expected --queue to be nats://[USER:PASSWORD@ or TOKEN@]HOST[:PORT][,HOST:PORT ...] or tls://..., ${why}`,
    { name: "queue" },
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return fail("received user, password or token with a % that is no escape (write %25)");
  }
}

/** @throws ERPRM_INVALID_ARGUMENT, without the text that was given */
export function parseQueueAddress(text: string): QueueAddress {
  const [, scheme, rest = ""] = /^(nats|tls):\/\/(.+?)\/?$/.exec(text.trim()) ?? [];
  if (scheme === undefined) fail("received another form");
  const at = rest.lastIndexOf("@");
  const secret = at === -1 ? "" : rest.slice(0, at);
  const servers = rest
    .slice(at + 1)
    .split(",")
    .map((one) => withPort(one.trim()));
  const colon = secret.indexOf(":");
  const access =
    secret === ""
      ? {}
      : colon === -1
        ? { token: decoded(secret) }
        : { user: decoded(secret.slice(0, colon)), password: decoded(secret.slice(colon + 1)) };
  return { servers, tls: scheme === "tls", ...access, shown: `${scheme}://${servers.join(",")}` };
}

function withPort(server: string): string {
  const [, host, port = defaultPort] = /^(\[[0-9a-fA-F:.]+\]|[^\s:/@[\]?#]+)(?::(\d{1,5}))?$/.exec(server) ?? [];
  if (host === undefined || Number(port) < 1 || Number(port) > 65535) fail("received a host or port that is none");
  return `${host}:${port}`;
}
