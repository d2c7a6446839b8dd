/** Scripts in a Node of their own: for what must be seen from outside, such as exit codes and thread counts. */
import { spawn } from "node:child_process";
import { nativeAddonPath } from "../../src/native/loader.js";

export interface ChildResult {
  /** The exit code, or null when a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  seconds: number;
}

const prelude = `import { createRequire } from "node:module";
const addonPath = ${JSON.stringify(nativeAddonPath)};
const loadAddon = () => createRequire("file:///")(addonPath);
`;

/** Runs an ES module that may use \`loadAddon()\` and \`addonPath\`; killed after a minute. */
export function runChildScript(source: string, env: Record<string, string> = {}): Promise<ChildResult> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", prelude + source], {
      env: { ...process.env, ...env },
      timeout: 60_000,
      killSignal: "SIGKILL",
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      resolve({ code, signal, stdout, stderr, seconds: (performance.now() - start) / 1000 });
    });
  });
}
