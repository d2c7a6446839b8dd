/** npm run bench NAME [options]: runs test/bench/NAME.bench.ts; without a name it lists what there is. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [name, ...options] = process.argv.slice(2);
const names = readdirSync(join(root, "test", "bench"))
  .filter((file) => file.endsWith(".bench.ts"))
  .map((file) => file.replace(".bench.ts", ""));
if (!name || !names.includes(name)) {
  console.error(`Usage: npm run bench NAME -- [options]\nBenchmarks: ${names.join(", ")}`);
  process.exit(2);
}
const setup = spawnSync(process.execPath, [join(root, "scripts", "setup.mjs")], { stdio: "inherit" });
if (setup.status !== 0) process.exit(setup.status ?? 1);
const program = join(root, "dist", "test", "bench", `${name}.bench.js`);
if (!existsSync(program)) throw new Error(`Expected the build to make ${program}`);
process.exit(spawnSync(process.execPath, [program, ...options], { stdio: "inherit" }).status ?? 1);
