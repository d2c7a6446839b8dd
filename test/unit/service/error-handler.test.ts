import { once } from "node:events";
import { connect } from "node:net";
import { Readable } from "node:stream";
import test, { type ExecutionContext } from "ava";
import fastify, { type FastifyReply } from "fastify";
import { ErprmError } from "../../../src/errors.js";
import type { ServiceContext } from "../../../src/service/context.js";
import { answerErrors } from "../../../src/service/error-handler.js";
import { until } from "../../support/until.js";

/** A server whose only route answers so. */
async function serve(t: ExecutionContext, answer: (reply: FastifyReply) => unknown) {
  const log: string[] = [];
  const app = fastify();
  t.teardown(() => app.close());
  answerErrors(app, { log: (line: string) => log.push(line) } as unknown as ServiceContext);
  let sent = 0;
  app.addHook("onSend", async () => {
    sent += 1;
  });
  app.post("/", async (_request, reply) => answer(reply));
  const address = await app.listen({ host: "127.0.0.1", port: 0 });
  return { app, log, port: Number(new URL(address).port), numSent: () => sent };
}

test("a stream whose client left before it was sent is no failure of ours", async (t) => {
  const { log, port, numSent } = await serve(t, async (reply) => {
    reply.raw.destroy();
    await once(reply.raw, "close");
    return reply.send(Readable.from(["never read"]));
  });
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}");
  // The stream, and what the error handler made of it.
  await until(() => numSent() === 2);
  t.deepEqual(log, []);
});

test("the log names the file that a failure is about, and nothing that its message says", async (t) => {
  const { app, log } = await serve(t, () => {
    throw new ErprmError("ERPRM_INVALID_CHECKPOINT", "a word of the request", { path: "/models/m/model.safetensors" });
  });
  const { statusCode, body } = await app.inject({ method: "POST", url: "/" });
  t.is(statusCode, 500);
  t.notRegex(body, /models|word/);
  t.regex(log.join("\n"), /POST \/: ERPRM_INVALID_CHECKPOINT \(ErprmError\) \/models\/m\/model\.safetensors\n {4}at /);
  t.notRegex(log.join("\n"), /word/);
});
