/** A NATS server with JetStream of a test's own, as the system has it; it can be killed and started again. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { makeFolder } from "./folder.js";

// Debian has it among the programs of the administrator.
const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/bin"];

/** Undefined where there is none: tests that need it are then skipped, and say so. */
export const natsServerPath: string | undefined = folders
  .map((folder) => join(folder, "nats-server"))
  .find((path) => existsSync(path));

export const withoutNatsServer = "needs nats-server, which is not on the path (Debian: apt-get install nats-server)";

/** Where the tests are cut short there is no teardown. */
const running = new Set<() => void>();
process.once("exit", () => {
  for (const stop of running) stop();
});

export interface NatsServer {
  /** `nats://127.0.0.1:PORT`, the same after every start. */
  url: string;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** On the same port, with what it had on disk, or, `wiped`, with nothing. */
  start(options?: { wiped?: boolean }): Promise<void>;
}

export async function startNatsServer(
  t: { teardown(fn: () => void): void },
  more: readonly string[] = [],
): Promise<NatsServer> {
  if (natsServerPath === undefined) throw new Error(withoutNatsServer);
  const folder = makeFolder(t);
  let child: ChildProcess | undefined;
  let numWiped = 0;
  let port = "-1";
  const start = async ({ wiped = false }: { wiped?: boolean } = {}) => {
    if (wiped) numWiped += 1;
    const args = ["-js", "-sd", join(folder, `store-${numWiped}`), "-a", "127.0.0.1", "-p", port, ...more];
    child = spawn(natsServerPath as string, args, { stdio: ["ignore", "ignore", "pipe"] });
    port = await listeningPort(child);
  };
  const kill = async () => {
    const running = child;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => running.once("exit", () => resolve()));
    running.kill("SIGKILL");
    await gone;
  };
  const stop = () => child?.kill("SIGKILL");
  running.add(stop);
  t.teardown(() => {
    stop();
    running.delete(stop);
  });
  await start();
  return { url: `nats://127.0.0.1:${port}`, kill, start };
}

function listeningPort(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let log = "";
    let port: string | undefined;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      log += text;
      port ??= /Listening for client connections on [\d.]+:(\d+)/.exec(log)?.[1];
      if (port !== undefined && log.includes("Server is ready")) resolve(port);
    });
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`nats-server ended: ${log}`)));
  });
}
