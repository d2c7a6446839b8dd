/** One request over node:http(s), which streams both ways at the same time; `fetch` does not. */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { ErprmError } from "../../errors.js";
import { abortedError } from "../../policy/native-call.js";
import { answeredError } from "./answers.js";

export interface HttpRequest {
  method: "GET" | "POST";
  url: URL;
  headers: Record<string, string>;
  signal?: AbortSignal | undefined;
}

export function unreachable({ url, signal }: Pick<HttpRequest, "url" | "signal">, cause: unknown): ErprmError {
  if (signal?.aborted) return abortedError(signal);
  const why = cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : String(cause);
  return new ErprmError("ERPRM_IO", `Expected an answer from ${url.origin}: ${why}`, { unreached: true }, cause);
}

/** `send` writes the body and ends it. @throws ERPRM_IO when nobody answers, ERPRM_ABORTED */
export function exchange(request: HttpRequest, send: (sending: ClientRequest) => void): Promise<IncomingMessage> {
  const { url, method, headers, signal } = request;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortedError(signal));
    const open = url.protocol === "https:" ? httpsRequest : httpRequest;
    const sending = open(url, { method, headers, ...(signal && { signal }) });
    sending.once("response", resolve);
    // After the answer has begun its reader meets what happens.
    sending.on("error", (error) => reject(unreachable(request, error)));
    send(sending);
  });
}

/** The body of an answer. @throws ERPRM_IO when it breaks off, ERPRM_INVALID_DATA when it is no JSON; the error it tells */
export async function jsonAnswer(response: IncomingMessage, request: HttpRequest): Promise<unknown> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch (error) {
    throw unreachable(request, error);
  }
  const status = response.statusCode as number;
  const text = Buffer.concat(chunks).toString("utf8");
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    if (status < 400) {
      throw new ErprmError(
        "ERPRM_INVALID_DATA",
        `Expected JSON from ${request.url.origin}${request.url.pathname}`,
        { status },
        error,
      );
    }
  }
  if (status < 400) return body;
  const after = Number(response.headers["retry-after"]);
  throw answeredError(body, status, Number.isFinite(after) && after > 0 ? after : undefined);
}
