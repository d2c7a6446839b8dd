import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { makeFolder } from "../../support/folder.js";
import { importScript } from "../../support/script.js";

const { download } = await importScript<{
  download(url: string, target: string, sha256: string): Promise<void>;
}>("fetch/download.mjs");

const content = Buffer.alloc(300_000, "0123456789");
const sha256 = createHash("sha256").update(content).digest("hex");

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on this machine; resolves to its address. */
async function serve(t: ExecutionContext, handler: Handler): Promise<string> {
  const server = createServer(handler).listen(0, "127.0.0.1");
  t.teardown(() => server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
}

/** Answers range requests as a file server does. */
const fileServer: Handler = ({ headers }, response) => {
  const start = Number(/bytes=(\d+)-/.exec(headers.range ?? "")?.[1] ?? 0);
  if (start >= content.length) return response.writeHead(416).end();
  const range = `bytes ${start}-${content.length - 1}/${content.length}`;
  response.writeHead(headers.range ? 206 : 200, {
    "content-length": content.length - start,
    ...(headers.range ? { "content-range": range } : {}),
  });
  return response.end(content.subarray(start));
};

test("a download that broke off goes on where it stopped", async (t) => {
  const ranges: (string | undefined)[] = [];
  const url = await serve(t, (request, response) => {
    ranges.push(request.headers.range);
    if (ranges.length > 1) return fileServer(request, response);
    response.writeHead(200, { "content-length": content.length });
    return response.write(content.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 50));
  });
  const target = join(makeFolder(t), "file");
  await download(url, target, sha256);
  t.deepEqual(readFileSync(target), content);
  t.deepEqual(ranges, [undefined, "bytes=100000-"]);
});

test("what an earlier process left is continued", async (t) => {
  const folder = makeFolder(t, { "file.part": content.subarray(0, 12_345) });
  let range: string | undefined;
  const url = await serve(t, (request, response) => {
    range = request.headers.range;
    fileServer(request, response);
  });
  await download(url, join(folder, "file"), sha256);
  t.is(range, "bytes=12345-");
  t.deepEqual(readFileSync(join(folder, "file")), content);
});

test("a server without ranges is read from the start again", async (t) => {
  const folder = makeFolder(t, { "file.part": "something else" });
  const url = await serve(t, (_request, response) => response.end(content));
  await download(url, join(folder, "file"), sha256);
  t.deepEqual(readFileSync(join(folder, "file")), content);
});

test("a part that is already whole is only checked", async (t) => {
  const folder = makeFolder(t, { "file.part": content });
  await download(await serve(t, fileServer), join(folder, "file"), sha256);
  t.deepEqual(readFileSync(join(folder, "file")), content);
});

test("a file that is already there is not downloaded again", async (t) => {
  const folder = makeFolder(t, { file: content });
  await t.notThrowsAsync(download("http://127.0.0.1:1/file", join(folder, "file"), sha256));
});

test("a wrong checksum removes what came and says both digests", async (t) => {
  const target = join(makeFolder(t), "file");
  const url = await serve(t, (_request, response) => response.end("another file"));
  const error = await t.throwsAsync(download(url, target, sha256));
  t.regex(error.message, new RegExp(`has SHA-256 [0-9a-f]{64}, expected ${sha256}`));
  t.false(existsSync(target) || existsSync(`${target}.part`));
});

test("a file that the server does not have is an error at once", async (t) => {
  let requests = 0;
  const url = await serve(t, (_request, response) => {
    requests += 1;
    response.writeHead(404).end();
  });
  await t.throwsAsync(download(url, join(makeFolder(t), "file"), sha256), { message: /HTTP status 404/ });
  t.is(requests, 1);
});
