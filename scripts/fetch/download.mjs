/** Downloads over HTTP(S) that go on where they stopped, also in a later process. */
import { createWriteStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { megabytes, progressLine } from "../progress.mjs";
import { SetupError } from "../setup-error.mjs";
import { sha256Of } from "./checksum.mjs";

const maxAttempts = 5;

/** The server answered, and not with the file: trying again does not help. */
export class HttpError extends SetupError {
  constructor(url, status) {
    super(`${url} answered with HTTP status ${status}`);
    this.status = status;
  }
}

async function request(url, headers = {}) {
  const response = await fetch(url, { headers, redirect: "follow" });
  if (response.status >= 400 && response.status < 500 && response.status !== 416 && response.status !== 429) {
    throw new HttpError(url, response.status);
  }
  return response;
}

/** The text of a small file, or undefined when the server has none. */
export async function fetchText(url) {
  try {
    const response = await request(url);
    return response.ok ? await response.text() : undefined;
  } catch {
    return undefined;
  }
}

/** Appends what is missing of `url` to `part`; returns when the server says that all of it is there. */
async function continueDownload(url, part, line) {
  const have = existsSync(part) ? statSync(part).size : 0;
  const response = await request(url, have > 0 ? { range: `bytes=${have}-` } : {});
  if (response.status === 416) return;
  if (!response.ok || !response.body) throw new Error(`HTTP status ${response.status}`);
  const resumed = response.status === 206 && response.headers.get("content-range")?.startsWith(`bytes ${have}-`);
  if (response.status === 206 && !resumed) throw new Error("the server sent another range than was asked for");
  let done = resumed ? have : 0;
  const length = Number(response.headers.get("content-length") ?? 0);
  const total = length > 0 ? done + length : 0;
  const out = createWriteStream(part, { flags: resumed ? "a" : "w" });
  const finished = new Promise((resolve, reject) => out.on("finish", resolve).on("error", reject));
  finished.catch(() => {});
  try {
    for await (const chunk of Readable.fromWeb(response.body)) {
      if (!out.write(chunk)) await Promise.race([new Promise((resolve) => out.once("drain", resolve)), finished]);
      done += chunk.length;
      line.update(done, total);
    }
  } finally {
    // What came is kept, whether or not the connection broke.
    out.end();
    await finished;
  }
  if (total > 0 && done !== total) throw new Error(`the connection ended after ${done} of ${total} bytes`);
}

/**
 * Downloads `url` to `target` and checks its SHA-256. What a broken connection or a killed process left
 * (`target`.part) is continued; what is already there is only checked. A wrong checksum removes the file.
 */
export async function download(url, target, sha256) {
  mkdirSync(dirname(target), { recursive: true });
  if (existsSync(target) && (await sha256Of(target)) === sha256) return;
  const part = `${target}.part`;
  const line = progressLine((done, total) => `downloading ${megabytes(done)}${total ? ` of ${megabytes(total)}` : ""}`);
  for (let attempt = 1; ; ++attempt) {
    try {
      await continueDownload(url, part, line);
      break;
    } catch (error) {
      if (error instanceof HttpError || attempt === maxAttempts) {
        if (error instanceof HttpError) throw error;
        const reason = error.cause?.message ?? error.message;
        throw new SetupError(
          `downloading ${url} failed ${maxAttempts} times, last: ${reason}. Run the same command to go on.`,
        );
      }
      await sleep(500 * 2 ** attempt);
    } finally {
      line.end();
    }
  }
  const found = await sha256Of(part);
  if (found !== sha256) {
    rmSync(part);
    throw new SetupError(`${url} has SHA-256 ${found}, expected ${sha256}; the file was removed`);
  }
  renameSync(part, target);
}
