/** A server of its own for a fault, and what the faults ask of it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { packageRoot } from "../../setup.mjs";

const program = join(packageRoot, "dist", "src", "cli", "main.js");

export const solution = {
  question: "Tom has 3 pens and buys 4. How many?",
  steps: ["3 + 4 = 7.\n", "The answer is 7."],
};

export function expect(isTrue, what) {
  if (!isTrue) throw new Error(`expected ${what}`);
}

/** Bytes of the process that are in memory. */
function residentBytes(pid) {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(kilobytes) * 1024;
}

async function launch(args) {
  const child = spawn(process.execPath, [program, "serve", "--json", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const lines = [];
  child.stderr.setEncoding("utf8").on("data", (text) => {
    lines.push(text);
    lines.splice(0, lines.length - 20);
  });
  const exited = once(child, "exit");
  let printed = "";
  const ready = new Promise((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text) => {
      printed += text;
      if (printed.includes("\n")) resolve();
    });
  });
  await Promise.race([ready, exited]);
  if (!printed.includes("\n")) throw new Error(`the server did not start: ${lines.join("")}`);
  return { child, lines, exited, ...JSON.parse(printed) };
}

export async function startServer(args) {
  let running = await launch(["--port", "0", ...args]);
  const server = {
    get port() {
      return running.port;
    },
    get url() {
      return running.url;
    },
    residentBytes: () => residentBytes(running.child.pid),
    lastLines: () => running.lines.join(""),
    kill: async (signal) => {
      running.child.kill(signal);
      return (await running.exited)[0];
    },
    /** On the same port. */
    restart: async () => {
      running = await launch(["--port", String(running.port), ...args]);
    },
    stop: async () => {
      running.child.kill("SIGKILL");
      await running.exited;
    },
    probe: async () => (await server.post(solution)).body.stepScores,
    post: async (body) => {
      const response = await fetch(`${running.url}/v1/score`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: typeof body === "object" && !(body instanceof Uint8Array) ? JSON.stringify(body) : body,
      });
      return { status: response.status, body: await response.json() };
    },
    metric: async (name) => {
      const text = await (await fetch(`${running.url}/metrics`)).text();
      return Number(new RegExp(`^${name}\\S* (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN);
    },
    /** A request that the caller writes to. */
    open: (type = "application/json", headers = {}) => {
      const sending = request({
        port: running.port,
        method: "POST",
        path: "/v1/score",
        headers: { "content-type": type, ...headers },
        agent: false,
      });
      sending.on("error", () => {});
      return sending;
    },
  };
  return server;
}

/** Sends chunks until they end or the answer comes; status and text of the answer. */
export async function sendAll(sending, chunks) {
  let response;
  const answered = new Promise((resolve, reject) => {
    sending.once("response", (got) => {
      response = got;
      resolve();
    });
    sending.once("close", () => (response ? resolve() : reject(new Error("closed without an answer"))));
  });
  for (const chunk of chunks) {
    if ((response && response.statusCode !== 200) || sending.destroyed) break;
    if (sending.write(chunk)) continue;
    await Promise.race([
      new Promise((resolve) => sending.once("drain", resolve)),
      answered.then(() => pause(response)),
    ]);
  }
  sending.end();
  await answered;
  let text = "";
  for await (const part of response.setEncoding("utf8")) text += part;
  return { status: response.statusCode, text };
}

/** A stream that is being answered goes on being sent. */
function pause({ statusCode }) {
  return statusCode === 200 ? new Promise((resolve) => setTimeout(resolve, 5)) : undefined;
}
