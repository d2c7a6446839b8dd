/** `npm run demo`: set up, then the demo command. Arguments go to the command. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { packageRoot, setUp } from "./setup.mjs";
import { runScript } from "./setup-error.mjs";

await runScript(async () => {
  await setUp();
  const program = join(packageRoot, "dist/src/cli/main.js");
  const { status, error } = spawnSync(process.execPath, [program, "demo", ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  if (error) throw error;
  // What the message advises is an option, and npm keeps options to itself.
  if (status === 4) console.error("npm run demo -- --out DIR: npm hands on what stands behind the two dashes");
  return status ?? 130;
});
