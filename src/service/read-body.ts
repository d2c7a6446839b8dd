/** The body of a request, within a number of bytes and seconds, as JSON in UTF-8. */
import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { ErprmError } from "../errors.js";
import { clientGone, requestError } from "./http-status.js";
import { isDeeper } from "./nesting.js";

export interface BodyLimits {
  maxBodyBytes: number;
  clientTimeoutSeconds: number;
}

function tooLarge(maxBytes: number): ErprmError {
  return requestError(413, `Expected a body of at most ${maxBytes} bytes, received more`, { maxBytes });
}

/**
 * What comes after an error is dropped unread.
 * @throws 413, 408 where the client takes longer than its time, ERPRM_ABORTED where it went away
 */
export function readBody(body: IncomingMessage, { maxBodyBytes, clientTimeoutSeconds }: BodyLimits): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(body.headers["content-length"]) > maxBodyBytes) throw tooLarge(maxBodyBytes);
    const chunks: Buffer[] = [];
    let numBytes = 0;
    const stop = () => {
      clearTimeout(timer);
      body.off("data", read).off("end", complete).off("close", gone).off("error", gone);
    };
    const fail = (error: ErprmError) => {
      stop();
      // The error of a connection that breaks later has nobody left to tell.
      body.on("error", () => {}).resume();
      reject(error);
    };
    const read = (chunk: Buffer) => {
      numBytes += chunk.length;
      if (numBytes > maxBodyBytes) fail(tooLarge(maxBodyBytes));
      else chunks.push(chunk);
    };
    const complete = () => {
      stop();
      resolve(Buffer.concat(chunks));
    };
    const gone = () => fail(clientGone());
    const late = () => fail(requestError(408, `Expected the body within ${clientTimeoutSeconds} seconds`));
    const timer = setTimeout(late, clientTimeoutSeconds * 1000);
    body.on("data", read).on("end", complete).on("close", gone).on("error", gone);
  });
}

/** Deeper than any request is. */
const maxDepth = 64;
/** Shorter texts are parsed in a moment, whatever they are. */
const longText = 2 ** 16;

/** @throws 400 for bytes that are no UTF-8, for what is no JSON, and for what is nested too deep to be a request */
export function parseJson(body: Buffer | string): unknown {
  if (typeof body !== "string" && !isUtf8(body))
    throw requestError(400, "Expected UTF-8, received bytes that are not", {}, "ERPRM_INVALID_DATA");
  const text = body.toString();
  if (text.length > longText && isDeeper(text, maxDepth))
    throw requestError(400, `Expected JSON of at most ${maxDepth} levels`, {}, "ERPRM_INVALID_DATA");
  try {
    return JSON.parse(text);
  } catch (error) {
    // Some of the parser's messages repeat the text around the place.
    const why = (error as Error).message.replace(/".*" is not valid JSON$/s, "where none can be").slice(0, 200);
    throw requestError(400, `Expected JSON: ${why}`, {}, "ERPRM_INVALID_DATA");
  }
}
