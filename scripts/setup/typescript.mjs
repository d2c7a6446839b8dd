/** Compiles src and test to dist. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { runLoud } from "../command.mjs";
import { say } from "../progress.mjs";
import { SetupError } from "../setup-error.mjs";
import { unlessUnchanged } from "./stamp.mjs";

/** Removes what was compiled from sources that are gone: a deleted test must not go on passing. */
export function pruneOutput(root) {
  const dist = join(root, "dist");
  if (!existsSync(dist)) return;
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(js|js\.map|d\.ts)$/.test(entry.name)) continue;
    const output = join(entry.parentPath ?? entry.path, entry.name);
    const source = join(root, relative(dist, output).replace(/\.(js|js\.map|d\.ts)$/, ".ts"));
    if (!existsSync(source)) rmSync(output);
  }
}

export async function compileTypeScript(root) {
  // An installed package comes compiled.
  if (!existsSync(join(root, "tsconfig.json"))) return;
  const stamp = {
    file: join(root, "dist/.stamp"),
    inputs: ["tsconfig.json", "package-lock.json", "src", "test"].map((name) => join(root, name)),
    facts: {},
    products: [join(root, "dist/src/errors.js")],
  };
  await unlessUnchanged(stamp, async () => {
    say("compiling TypeScript");
    pruneOutput(root);
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    // The script of the report's page has a project of its own: it alone may use what a browser has.
    for (const project of ["tsconfig.json", "src/report/client"]) {
      const status = await runLoud(process.execPath, [compiler, "-p", join(root, project)], { cwd: root });
      if (status !== 0) throw new SetupError("TypeScript found errors; they are listed above");
    }
  });
}
