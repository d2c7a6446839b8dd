/** A signal that fires when nobody waits for the answer any more, or the service ends. */
import type { FastifyReply } from "fastify";
import { ErprmError } from "../errors.js";
import type { ServiceContext } from "./context.js";

export function answerSignal(reply: FastifyReply, { ending }: Pick<ServiceContext, "ending">): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) gone.abort(new ErprmError("ERPRM_ABORTED", "The client went away"));
  });
  if (reply.raw.destroyed) gone.abort(new ErprmError("ERPRM_ABORTED", "The client went away"));
  return AbortSignal.any([gone.signal, ending]);
}
