/** A tar archive for a machine that has a card, and neither Node nor a network: unpacked in a checkout, it makes it ready to build. */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { capture } from "../command.mjs";
import { SetupError } from "../setup-error.mjs";

/** Packages that neither the compilation nor a test needs: those of formatting and documentation. */
const leftOut = ["@biomejs", "typedoc", "@shikijs"];

/** Writes node_modules, dist and bin/node into `file`, compressed when its name ends so. */
export function pack(root, file) {
  const extra = mkdtempSync(join(tmpdir(), "erprm-pack-"));
  try {
    copyFileSync(process.execPath, join(extra, "node"));
    const { status, stderr } = capture("tar", [
      ...["--create", "--auto-compress", "--file", file, "--transform", "s,^node$,bin/node,"],
      ...leftOut.map((name) => `--exclude=node_modules/${name}`),
      ...["--directory", root, "node_modules", "dist", "--directory", extra, "node"],
    ]);
    if (status !== 0) throw new SetupError(`tar could not write ${file}: ${stderr.trim()}`, 1);
  } finally {
    rmSync(extra, { recursive: true });
  }
}
