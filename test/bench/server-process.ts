/** A server that a benchmark starts, asks and ends. It says where it is in a first line of JSON, {"url": ...}. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface ServerProcess {
  url: string;
  pid: number;
}

/** Resolves when it is ready; it is killed when this process ends. @throws when it ends before, with what it said */
export async function startServer(name: string, [program, ...args]: string[]): Promise<ServerProcess> {
  const child = spawn(program as string, args, { stdio: ["ignore", "pipe", "pipe"] });
  process.on("exit", () => child.kill("SIGKILL"));
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  const [line] = await Promise.race([
    new Promise<string[]>((resolve) => createInterface(child.stdout).once("line", (first) => resolve([first]))),
    new Promise<never[]>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", () => resolve([]));
    }),
  ]);
  if (line === undefined) throw new Error(`${name} ended before it was ready:\n${errors}`);
  // What it prints later has to go somewhere.
  child.stdout.resume();
  return { url: (JSON.parse(line) as { url: string }).url, pid: child.pid as number };
}
