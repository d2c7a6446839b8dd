import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A temporary folder with these files (path inside it -> content), removed when the test ends. */
export function makeFolder(
  t: { teardown(fn: () => void): void },
  files: Record<string, string | Uint8Array> = {},
): string {
  const folder = mkdtempSync(join(tmpdir(), "erprm-test-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}
