/** A signal that fires when nobody waits for the answer any more, or the service ends. */
import { setMaxListeners } from "node:events";
import type { FastifyReply } from "fastify";
import type { ServiceContext } from "./context.js";
import { clientGone } from "./http-status.js";

export function answerSignal(reply: FastifyReply, { ending }: Pick<ServiceContext, "ending">): AbortSignal {
  const controller = new AbortController();
  // Every solution of a stream listens.
  setMaxListeners(0, controller.signal);
  // By hand: AbortSignal.any would keep something of every request for as long as the service lives.
  const end = () => controller.abort(ending.reason);
  const closed = () => {
    ending.removeEventListener("abort", end);
    if (!reply.raw.writableFinished) controller.abort(clientGone());
  };
  ending.addEventListener("abort", end, { once: true });
  reply.raw.once("close", closed);
  if (ending.aborted) end();
  if (reply.raw.destroyed) closed();
  return controller.signal;
}
