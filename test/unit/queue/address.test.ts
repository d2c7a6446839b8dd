import test from "ava";
import { parseQueueAddress } from "../../../src/queue/address.js";

test("hosts, ports, users, passwords and tokens are read; what is shown has no secrets", (t) => {
  t.deepEqual(parseQueueAddress("nats://head-node"), {
    servers: ["head-node:4222"],
    tls: false,
    shown: "nats://head-node:4222",
  });
  const full = parseQueueAddress("tls://lab:p%40ss:word@a.example:4443,b.example");
  t.deepEqual(full.servers, ["a.example:4443", "b.example:4222"]);
  t.is(full.user, "lab");
  t.is(full.password, "p@ss:word");
  t.true(full.tls);
  t.is(full.shown, "tls://a.example:4443,b.example:4222");
  const token = parseQueueAddress("nats://s3cr3t@[::1]:4222/");
  t.is(token.token, "s3cr3t");
  t.is(token.shown, "nats://[::1]:4222");
});

test("an address that is none is refused without repeating what may be a password", (t) => {
  for (const text of [
    "http://u:secret@h",
    "secret",
    "nats://",
    "nats://u:secret@h:0",
    "nats://u:secret@h:99999",
    "nats://u:%zzsecret@h",
    "nats://u:secret@h/x",
  ]) {
    const error = t.throws(() => parseQueueAddress(text), { code: "ERPRM_INVALID_ARGUMENT" }, text);
    t.false(error?.message.includes("secret"), text);
    t.false(JSON.stringify((error as { details?: unknown }).details).includes("secret"), text);
  }
});
