import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { makeFolder } from "../../support/folder.js";
import { importScript } from "../../support/script.js";

const { fillFolder } = await importScript<{
  fillFolder(target: string, fill: (folder: string) => Promise<void>): Promise<void>;
}>("fetch/staging.mjs");
const { areDependenciesInstalled } = await importScript<{ areDependenciesInstalled(root: string): boolean }>(
  "setup/dependencies.mjs",
);
const { unlessUnchanged } = await importScript<{
  unlessUnchanged(
    step: { file: string; inputs: string[]; facts: object; products: string[] },
    work: () => Promise<void>,
  ): Promise<void>;
}>("setup/stamp.mjs");
const { pruneOutput } = await importScript<{ pruneOutput(root: string): void }>("setup/typescript.mjs");
const { isAtLeast, expectTools, cmakeTool, compilerTool, nodeTool } = await importScript<{
  isAtLeast(version: string, least: number[]): boolean;
  expectTools(tools: object[]): void;
  cmakeTool(env: object): { problem?: string };
  compilerTool(env: object): { problem?: string };
  nodeTool(version: string): { problem?: string };
}>("setup/toolchain.mjs");
const { chooseArchitectures, chooseCuda } = await importScript<{
  chooseArchitectures(root: string, options: { cudaArchitectures?: string }): string | undefined;
  chooseCuda(root: string, options: { cuda?: boolean; cpu?: boolean }): boolean;
}>("setup/choice.mjs");
const { readSetupOptions } = await importScript<{ readSetupOptions(args: string[]): object }>("setup/options.mjs");

test("CUDA, once asked for, stays chosen until it is taken back", (t) => {
  const root = makeFolder(t);
  const asked = [{}, { cuda: true }, {}, { cpu: true }, {}].map((options) => chooseCuda(root, options));
  t.deepEqual(asked, [false, true, true, false, false]);
});

test("cards that kernels are compiled for, once chosen, stay chosen until all are; what is no number is refused", (t) => {
  const root = makeFolder(t);
  const asked = ["90", undefined, "80,100", undefined, "all", undefined].map((cudaArchitectures) =>
    chooseArchitectures(root, cudaArchitectures === undefined ? {} : { cudaArchitectures }),
  );
  t.deepEqual(asked, ["90", "90", "80;100", "80;100", undefined, undefined]);
  for (const cudaArchitectures of ["9.0", "sm_90", "90,", ""]) {
    t.throws(() => chooseArchitectures(root, { cudaArchitectures }), { message: /numbers such as 90 or 80,90/ });
  }
  t.like(readSetupOptions(["--cuda", "--cuda-architectures", "90"]), { cuda: true, cudaArchitectures: "90" });
  t.false("cudaArchitectures" in readSetupOptions(["--cuda"]));
});

test("a folder that could not be filled leaves nothing behind", async (t) => {
  const folder = makeFolder(t);
  const target = join(folder, "2.13.0");
  const fill = async (staging: string): Promise<void> => {
    writeFileSync(join(staging, "half"), "");
    throw new Error("disk full");
  };
  await t.throwsAsync(fillFolder(target, fill), { message: "disk full" });
  t.deepEqual(readdirSync(folder), []);
});

test("a folder appears whole, and what a killed process left is removed", async (t) => {
  const folder = makeFolder(t);
  const target = join(folder, "2.13.0");
  // No process has this id: it is above the largest the kernel gives.
  mkdirSync(`${target}.partial-99999999`);
  await fillFolder(target, async (staging) => {
    t.false(existsSync(target));
    writeFileSync(join(staging, "file"), "");
  });
  t.deepEqual(readdirSync(folder), ["2.13.0"]);
  t.deepEqual(readdirSync(target), ["file"]);
});

test("npm packages are installed again when they differ from the lock file, not when its time is newer", (t) => {
  const lock = (version: string): string =>
    JSON.stringify({
      packages: { "": {}, "node_modules/a": { version }, "node_modules/b": { version: "1", optional: true } },
    });
  const installed = JSON.stringify({ packages: { "node_modules/a": { version: "1.0.0" } } });
  const same = makeFolder(t, { "node_modules/.package-lock.json": installed, "package-lock.json": lock("1.0.0") });
  const other = makeFolder(t, { "node_modules/.package-lock.json": installed, "package-lock.json": lock("1.0.1") });
  const none = makeFolder(t, { "package-lock.json": lock("1.0.0") });
  t.true(areDependenciesInstalled(same));
  t.false(areDependenciesInstalled(other));
  t.false(areDependenciesInstalled(none));
});

test("a step runs once, and again when an input changed, a product is gone or it failed", async (t) => {
  const folder = makeFolder(t, { "src/a.ts": "1" });
  const product = join(folder, "product");
  const step = { file: join(folder, ".stamp"), inputs: [join(folder, "src")], facts: {}, products: [product] };
  let runs = 0;
  const work = async (): Promise<void> => {
    runs += 1;
    writeFileSync(product, "");
  };
  const fail = async (): Promise<void> => {
    throw new Error("compiler");
  };
  await unlessUnchanged(step, work);
  await unlessUnchanged(step, work);
  t.is(runs, 1);

  writeFileSync(join(folder, "src/b.ts"), "2");
  await t.throwsAsync(unlessUnchanged(step, fail));
  await unlessUnchanged(step, work);
  t.is(runs, 2);

  await unlessUnchanged({ ...step, facts: { libtorch: "2.14.1" } }, work);
  t.is(runs, 3);
  await unlessUnchanged({ ...step, products: [join(folder, "gone")] }, work);
  t.is(runs, 4);
});

test("what was compiled from a deleted source is removed", (t) => {
  const folder = makeFolder(t, {
    "src/kept.ts": "",
    "dist/src/kept.js": "",
    "dist/test/gone.test.js": "",
    "dist/test/gone.test.js.map": "",
    "dist/.tsbuildinfo": "",
  });
  pruneOutput(folder);
  t.deepEqual(readdirSync(join(folder, "dist/test")), []);
  t.deepEqual(readdirSync(join(folder, "dist")).sort(), [".tsbuildinfo", "src", "test"]);
  t.true(existsSync(join(folder, "dist/src/kept.js")));
});

test("versions are compared by number", (t) => {
  t.true(isAtLeast("3.25.1", [3, 22]));
  t.true(isAtLeast("4.0", [3, 22]));
  t.true(isAtLeast("20.19.0", [20, 19]));
  t.false(isAtLeast("20.9.0", [20, 19]));
  t.false(isAtLeast("3.9", [3, 22]));
});

test("missing tools are named together, each with the way to get it", (t) => {
  const nowhere = { PATH: makeFolder(t) };
  const error = t.throws(() => expectTools([nodeTool("18.20.0"), cmakeTool(nowhere), compilerTool(nowhere)]));
  t.regex(error.message, /Node 18\.20\.0 is too old/);
  t.regex(error.message, /cmake is missing.*\n.*pip install cmake/);
  t.regex(error.message, /no C\+\+ compiler\n.*apt-get install g\+\+/);
});
