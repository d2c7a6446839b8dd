import { chmodSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { isShellOfNpx } from "../../../src/cli/npx-parent.js";
import { makeFolder } from "../../support/folder.js";
import { cliProgram, type RunningCli, startCli } from "../../support/run-cli.js";

/** A server that a real npx started from the packages of a folder, once it is ready. */
async function serveByNpx(t: ExecutionContext): Promise<{ npx: RunningCli; url: string }> {
  // As npm installs a program; the compiled file of a clone is not executable by itself.
  const program = "node_modules/.bin/erprm";
  const cwd = makeFolder(t, { "package.json": "{}", [program]: `#!/bin/sh\nexec node '${cliProgram}' "$@"\n` });
  chmodSync(join(cwd, program), 0o755);
  // What npm told the process of these tests is about them.
  const ours = Object.keys(process.env).filter((name) => name.startsWith("npm_"));
  const env = {
    ...Object.fromEntries(ours.map((name) => [name, undefined])),
    ...{ npm_config_cache: join(cwd, "cache"), npm_config_offline: "true" },
  };
  const args = ["serve", "--policy", "builtin:tiny", "--threads", "1", "--port", "0", "--json"];
  const npx = startCli(args, { launcher: ["npx", "--no", "erprm"], cwd, env });
  t.teardown(() => npx.kill("SIGTERM"));
  return { npx, url: JSON.parse(await npx.prints("\n")).url };
}

for (const signal of ["SIGTERM", "SIGKILL"] as const) {
  test(`a server whose npx is sent ${signal} drains and ends, though the signal never reaches it`, async (t) => {
    const { npx, url } = await serveByNpx(t);
    t.is((await fetch(`${url}/readyz`)).status, 200);
    npx.kill(signal);
    await npx.says("shutting down");
    await npx.result;
    await t.throwsAsync(fetch(`${url}/healthz`));
  });
}

test("only the shell in which npx runs erprm alone is watched", (t) => {
  const env = { npm_command: "exec", npm_lifecycle_script: "'erprm'" };
  const shell = ["sh", "-c", "'erprm' serve --port 0", ""];
  t.true(isShellOfNpx(shell, env));
  t.true(isShellOfNpx(["sh", "-c", "erprm label", ""], { ...env, npm_lifecycle_script: "erprm" }));
  t.false(isShellOfNpx(shell, {}), "without npm");
  t.false(isShellOfNpx(shell, { ...env, npm_command: "run-script" }), "a script may leave it running on purpose");
  t.false(isShellOfNpx(["node", "supervisor.js", ""], env), "started by what npx started");
  const kept = "nohup erprm serve &";
  t.false(isShellOfNpx(["sh", "-c", kept, ""], { ...env, npm_lifecycle_script: kept }), "npx -c runs any line");
  t.false(isShellOfNpx([], env), "a parent that is gone");
});
