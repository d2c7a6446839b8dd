/** Whether the peers in Python can run here. */
import { spawnSync } from "node:child_process";

/** The interpreter, or undefined: then standard error says what is missing, and the benchmark runs without the peer. */
export function findPython(
  python: string | undefined,
  packages: readonly string[] = ["torch", "transformers"],
): string | undefined {
  const names = packages.join(", ");
  if (!python) {
    console.error(`The rows of peers in Python are missing: give --python PYTHON, one with ${names}.`);
    return undefined;
  }
  const { status, stderr, error } = spawnSync(python, ["-c", `import ${names}`], { encoding: "utf8" });
  if (status === 0) return python;
  const reason = error?.message ?? stderr.trim().split("\n").at(-1);
  console.error(`The rows of peers in Python are missing: ${python} cannot import ${names} (${reason}).`);
  return undefined;
}
