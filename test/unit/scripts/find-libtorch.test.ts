import { mkdirSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { makeFolder } from "../../support/folder.js";
import { makeLibtorch } from "../../support/libtorch.js";
import { importScript } from "../../support/script.js";

interface Found {
  libtorch?: { root: string; version: string; source: string; cuda: boolean };
  attempts: { source: string; problem?: string }[];
}
interface FindOptions {
  env: Record<string, string>;
  wantCuda?: boolean;
  python?: () => string | undefined;
}
const { findLibtorch, pythonTorch } = await importScript<{
  findLibtorch(options: FindOptions): Found;
  pythonTorch(env: Record<string, string>): string | undefined;
}>("libtorch/find.mjs");

/** A machine with a libtorch in every place. */
function makeMachine(t: ExecutionContext) {
  const folder = makeFolder(t);
  const first = makeLibtorch(join(folder, "first"), "2.11.0");
  const second = makeLibtorch(join(folder, "second"), "2.12.0");
  const python = makeLibtorch(join(folder, "site-packages/torch"), "2.14.1");
  const cached = makeLibtorch(join(folder, "cache/erprm/libtorch/2.13.0"), "2.13.0");
  return { folder, first, second, python, cached, env: { XDG_CACHE_HOME: join(folder, "cache") } };
}

test("ERPRM_LIBTORCH goes before LIBTORCH, that before python3, that before the cache", (t) => {
  const { first, second, python, cached, env } = makeMachine(t);
  const search = (more: Record<string, string>, torch?: string) =>
    findLibtorch({ env: { ...env, ...more }, python: () => torch }).libtorch;

  t.like(search({ ERPRM_LIBTORCH: first, LIBTORCH: second }, python), { source: "ERPRM_LIBTORCH", version: "2.11.0" });
  t.like(search({ LIBTORCH: second }, python), { source: "LIBTORCH", root: second });
  t.like(search({}, python), { source: "python3", root: python, version: "2.14.1" });
  t.like(search({}), { source: "cache", root: cached, version: "2.13.0" });
});

test("a variable that names no libtorch is an error, even when another place has one", (t) => {
  const { folder, second, env } = makeMachine(t);
  const error = t.throws(() =>
    findLibtorch({
      env: { ...env, ERPRM_LIBTORCH: join(folder, "nothing"), LIBTORCH: second },
      python: () => undefined,
    }),
  );
  t.regex(error.message, /ERPRM_LIBTORCH is set to .*nothing, but .* does not exist/);
});

test("an empty variable counts as not set", (t) => {
  const { env } = makeMachine(t);
  const { libtorch } = findLibtorch({ env: { ...env, ERPRM_LIBTORCH: "" }, python: () => undefined });
  t.is(libtorch?.source, "cache");
});

test("an unsupported torch of python3 is passed over, and the attempts say why", (t) => {
  const { folder, env } = makeMachine(t);
  for (const version of ["2.10.1", "2.15.0", "1.13.1", "3.12.0"]) {
    const old = makeLibtorch(join(folder, version), version);
    const { libtorch, attempts } = findLibtorch({ env, python: () => old });
    t.is(libtorch?.source, "cache");
    t.regex(attempts[0]?.problem ?? "", new RegExp(`version ${version}, expected 2.11 to 2.14`));
  }
});

test("libtorch without its headers is not taken", (t) => {
  const folder = makeFolder(t, { "torch/lib/libtorch_cpu.so": "" });
  const { libtorch, attempts } = findLibtorch({ env: { HOME: folder }, python: () => join(folder, "torch") });
  t.is(libtorch, undefined);
  t.regex(attempts[0]?.problem ?? "", /headers are missing/);
});

test("a CPU build is passed over when CUDA is asked for", (t) => {
  const { folder, python, env } = makeMachine(t);
  const cuda = makeLibtorch(join(folder, "cache/erprm/libtorch/2.13.0-cuda"), "2.13.0", { cuda: true });
  const { libtorch } = findLibtorch({ env, wantCuda: true, python: () => python });
  t.like(libtorch, { source: "cache", root: cuda, cuda: true });
});

test("the folder above an unpacked archive or a wheel's torch folder will do", (t) => {
  const { folder, env } = makeMachine(t);
  const archive = makeLibtorch(join(folder, "unpacked/libtorch"), "2.13.0");
  const named = { ...env, ERPRM_LIBTORCH: join(folder, "unpacked") };
  t.is(findLibtorch({ env: named, python: () => undefined }).libtorch?.root, archive);
});

test("nothing anywhere is no error: the attempts list what was looked at", (t) => {
  const folder = makeFolder(t);
  const { libtorch, attempts } = findLibtorch({ env: { HOME: folder }, python: () => undefined });
  t.is(libtorch, undefined);
  t.deepEqual(
    attempts.map(({ source }) => source),
    ["python3", "cache"],
  );
});

test("the torch of the python3 on the path is located without importing it", (t) => {
  const folder = makeFolder(t, { "torch/__init__.py": "raise SystemExit('imported')" });
  mkdirSync(join(folder, "home"));
  t.is(pythonTorch({ ...(process.env as Record<string, string>), PYTHONPATH: folder }), join(folder, "torch"));
  t.is(pythonTorch({ PATH: join(folder, "home") }), undefined);
});
