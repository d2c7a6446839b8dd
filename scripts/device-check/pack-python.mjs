/** transformers for a machine without a network: its packages, unpacked, in a folder for PYTHONPATH. */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { capture } from "../command.mjs";
import { SetupError } from "../setup-error.mjs";

/** Wheels of these fit every machine with glibc of 2019 or newer; pip wants each name that a wheel may have. */
const platforms = ["_2_28", "_2_27", "_2_24", "_2_17", "2014", "2010", "1"].map((age) => `manylinux${age}`);

/** What a run of `generate` never loads: commands, and the client of a server. */
const isUnused = (name) => /^(bin$|hf_xet)/.test(name);

/** pip's arguments that install `transformers` into `folder` for `pythonVersion`, or for the Python that runs pip. */
export function pipArguments(folder, pythonVersion, architecture = process.arch === "arm64" ? "aarch64" : "x86_64") {
  const tags = platforms.flatMap((name) => ["--platform", `${name}_${architecture}`]);
  return [
    ...["-m", "pip", "install", "--quiet", "--target", folder, "--no-compile", "--only-binary=:all:"],
    ...["--no-warn-conflicts", "--disable-pip-version-check"],
    ...(pythonVersion ? ["--python-version", pythonVersion, "--implementation", "cp", ...tags] : []),
    "transformers",
  ];
}

/** Throws SetupError when pip cannot. @param {{ python: string, pythonVersion?: string }} options */
export function installPythonPackages(folder, { python, pythonVersion }) {
  const { status, stderr, error } = capture(python, pipArguments(folder, pythonVersion), { timeout: 600_000 });
  if (status !== 0) {
    throw new SetupError(`${python} -m pip could not fetch transformers: ${(error?.message ?? stderr).trim()}`);
  }
  for (const name of readdirSync(folder).filter(isUnused)) rmSync(join(folder, name), { recursive: true });
}
