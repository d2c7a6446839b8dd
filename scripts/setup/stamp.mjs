/** Remembers what a step was made from, so that a second run can see that nothing changed. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

function filesUnder(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

/** A digest of `facts` and of name, size and time of every file under `paths`. */
export function stampOf(paths, facts) {
  const hash = createHash("sha256").update(JSON.stringify(facts));
  for (const file of paths.flatMap(filesUnder)) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`\n${file} ${size} ${mtimeMs}`);
  }
  return hash.digest("hex");
}

/**
 * Runs `work` unless the stamp in `file` still holds and every product exists. The stamp is written after success, so
 * a failed or killed step runs again.
 */
export async function unlessUnchanged({ file, inputs, facts, products }, work) {
  const stamp = stampOf(inputs, facts);
  const isSame = existsSync(file) && readFileSync(file, "utf8") === stamp;
  if (isSame && products.every((path) => existsSync(path))) return;
  await work();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, stamp);
}
