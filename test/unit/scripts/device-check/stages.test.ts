/** The stages themselves: what they start, and what they make of what it prints. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { packageRoot } from "../../../../src/native/loader.js";
import { makeFolder } from "../../../support/folder.js";
import { importScript } from "../../../support/script.js";

interface Ended {
  status: number;
  signal?: string;
  lines: string[];
}
interface Part {
  name: string;
  seconds: number;
  run(
    given: object,
  ): Promise<{ tests?: { passed: number; failed: number }; failed?: string; facts?: object } | undefined>;
}
interface Stage {
  seconds: number;
  parts(given: object): Part[] | Promise<Part[]>;
}
type Tests = { passed: number; failed: number; failures: string[] };

const { countNative, kernelTests, nativeTestFiles, nativeTests, toldTests } = await importScript<{
  countNative(ended: Ended): Tests;
  kernelTests: Stage;
  nativeTestFiles(root: string): { device: string[]; host: string[] };
  nativeTests: Stage;
  toldTests(tests: Tests): { failed?: string };
}>("device-check/native-tests.mjs");
const { sanitizers, toldSanitizer } = await importScript<{
  sanitizers: (Stage & { name: string })[];
  toldSanitizer(tool: string, ended: Ended): { failed?: string; facts: { summary: string } };
}>("device-check/sanitizers.mjs");
const { countLibrary, libraryTests, movedTests } = await importScript<{
  countLibrary(ended: Ended): Tests;
  libraryTests: Stage;
  movedTests: Stage;
}>("device-check/library-tests.mjs");
const { kernels, rates } = await importScript<{ kernels: Stage; rates: Stage }>("device-check/kernel-benches.mjs");
const runs =
  await importScript<Record<"decode8b" | "decode1b" | "score" | "train", Stage>>("device-check/whole-runs.mjs");
const { peer } = await importScript<{ peer: Stage }>("device-check/peer.mjs");
const { setupCommand } = await importScript<{
  setupCommand(device: string, facts: object, env: object): { args: string[]; env: Record<string, string> };
}>("device-check/build.mjs");
const { deviceFault, wrongInFault } = await importScript<{
  deviceFault: Stage;
  wrongInFault(told: { what: string; code?: string; message?: string }[]): string | undefined;
}>("device-check/device-fault.mjs");
const { environment } = await importScript<{ environment: Stage }>("device-check/facts.mjs");

const h200 = {
  card: { capability: "90", memoryBytes: 150e9 },
  python: { folder: "/py/torch", transformers: "5.17.0" },
};
const results = { stages: { environment: { facts: h200 } } };

test("the tests that launch kernels have a process each, the others one for all; every file is in one of the two", async (t) => {
  const { device, host } = nativeTestFiles(packageRoot);
  t.true(device.includes("kernels/cuda_attention_test.cc") && device.includes("train/accelerated_trainer_test.cc"));
  t.true(host.includes("core/philox_test.cc") && !host.some((file) => device.includes(file)));
  const started: [string, string[], string | undefined][] = [];
  const run = async (command: string, args: string[], { env }: { env: Record<string, string> }) => {
    started.push([command, args, env.ERPRM_TEST_DEVICE]);
    return { status: 0, lines: ["native: 2 passed, 0 failed"] };
  };
  const given = { root: packageRoot, device: "cuda", run };
  for (const part of [...(await kernelTests.parts(given)), ...(await nativeTests.parts(given))]) {
    t.like(await part.run(given), { tests: { passed: 2, failed: 0 } });
  }
  const program = "build/erprm_native_test";
  t.deepEqual(started, [
    ...device.map((file): [string, string[], string] => [program, ["--titles", file], "cuda"]),
    [program, ["--titles", ...host], "cuda"],
  ]);
});

test("native tests without totals are told with the test that ran last, failed ones with the first", (t) => {
  const lines = ["run: one", "run: two holds"];
  t.throws(() => countNative({ status: 1, signal: "SIGSEGV", lines }), {
    message: /ended with SIGSEGV and no totals in the test "two holds"/,
  });
  const counted = countNative({
    status: 1,
    lines: [...lines, "not ok: two holds", "  x is false", "native: 1 passed, 1 failed"],
  });
  t.like(toldTests(counted), { failed: "1 of 2 tests failed: not ok: two holds   x is false" });
  t.is(toldTests({ passed: 0, failed: 0, failures: [] }).failed, "no test ran");
});

test("a sanitizer sees all tests of the device but the one that takes the card's memory", async (t) => {
  const memory = "engine/accelerator_free_memory_test.cc";
  const { device } = nativeTestFiles(packageRoot);
  t.true(device.includes(memory));
  for (const sanitizer of sanitizers) {
    const names = (await sanitizer.parts({ root: packageRoot, device: "cuda-emulated" })).map(({ name }) => name);
    t.deepEqual([...names, memory].sort(), device);
  }
});

test("a sanitizer passes when the tests pass and it finds nothing", async (t) => {
  const totals = "native: 3 passed, 0 failed";
  const summary = (errors: number) => `========= ERROR SUMMARY: ${errors} errors`;
  t.deepEqual(toldSanitizer("memcheck", { status: 0, lines: [totals, summary(0)] }).facts, {
    summary: "ERROR SUMMARY: 0 errors",
  });
  t.is(toldSanitizer("memcheck", { status: 0, lines: [totals, summary(0)] }).failed, undefined);
  t.is(
    toldSanitizer("racecheck", { status: 1, lines: [totals, summary(2)] }).failed,
    "racecheck: ERROR SUMMARY: 2 errors",
  );
  const failed = toldSanitizer("memcheck", { status: 1, lines: ["not ok: a", "  b", "native: 0 passed, 1 failed"] });
  t.regex(failed.failed ?? "", /1 of 1 tests failed: not ok: a/);
  t.deepEqual(
    sanitizers.map(({ name }) => name),
    ["memcheck", "racecheck", "synccheck", "initcheck"],
  );
});

test("library tests are counted from TAP, with the title of the first failure", (t) => {
  const lines = ["TAP version 13", "ok 1 - a", "not ok 2 - b", "1..2"];
  const counted = countLibrary({ status: 1, lines });
  t.like(counted, { passed: 1, failed: 1 });
  t.regex(toldTests(counted).failed ?? "", /1 of 2 tests failed: not ok 2 - b/);
  t.is(countLibrary({ status: 1, lines: ["ok 1 - a"] }).failed, 1);
});

test("the library's tests of the accelerator have a process each", async (t) => {
  const files = (await libraryTests.parts({ root: packageRoot })).map(({ name }) => name);
  t.true(files.includes("dist/test/stages/accelerator.test.js"));
  t.true(files.every((file) => existsSync(join(packageRoot, file))));
  t.throws(() => libraryTests.parts({ root: makeFolder(t, { "dist/test/a.test.js": "" }) }), {
    message: /no test of dist\/test/,
  });
});

test("other tests run with a module that moves their models, all of them on a card and one on emulated kernels", async (t) => {
  const parts = await movedTests.parts({ root: packageRoot, device: "cuda" });
  t.true(parts.length > 10 && parts.every(({ name }) => existsSync(join(packageRoot, name))));
  t.is((await movedTests.parts({ root: packageRoot, device: "cuda-emulated" })).length, 1);
  const seen: { ERPRM_TEST_DEVICE?: string; NODE_OPTIONS?: string }[] = [];
  const run = async (_: string, _args: string[], { env }: { env: object }) => {
    seen.push(env);
    return { status: 0, lines: ["ok 1 - a", "1..1"] };
  };
  await parts[0]?.run({ device: "cuda", run });
  t.is(seen[0]?.ERPRM_TEST_DEVICE, "cuda");
  const [, preload = ""] = /--import (\S+)$/.exec(seen[0]?.NODE_OPTIONS ?? "") ?? [];
  t.true(existsSync(new URL(preload)), preload);
});

test("each benchmark of kernels that the program names has a process, the card's rates first, the processor's own left out", async (t) => {
  const run = async () => ({
    status: 2,
    lines: ["Usage: ...", "Benchmarks: sampling copy linear matrix-rate pointwise"],
  });
  const parts = [...(await rates.parts({})), ...(await kernels.parts({ run }))];
  t.deepEqual(
    parts.map(({ name }) => name),
    ["copy", "matrix-rate", "sampling", "pointwise"],
  );
  const started: string[][] = [];
  const measure = async (_: string, args: string[]) => {
    started.push(args);
    return started.length === 1 ? [{}] : [];
  };
  await parts[0]?.run({ device: "cuda", measure });
  await t.throwsAsync(async () => parts[2]?.run({ device: "cuda-emulated", measure }), {
    message: /sampling printed no result/,
  });
  t.deepEqual(started, [
    ["cuda", "copy"],
    ["cuda-emulated", "--toy", "sampling"],
  ]);
});

test("whole runs have a program for each configuration, whose pool of keys and values is what the card has free", async (t) => {
  const started: { batches?: number[]; kvMemoryBytes?: number; sequences?: number }[] = [];
  const out = makeFolder(t);
  const collect = async (stage: Stage, facts: object) => {
    started.length = 0;
    const given = { device: "cuda", threads: 2, out, results: { stages: { environment: { facts } } } };
    const measure = async (_: string, args: string[], { env }: { env: { TMPDIR: string } }) => {
      t.true(existsSync(env.TMPDIR));
      started.push(JSON.parse(args[1] as string));
      return [{}];
    };
    for (const part of await stage.parts(given)) await part.run({ ...given, measure });
    return [...started];
  };
  const decodings = await collect(runs.decode8b, h200);
  t.deepEqual(
    decodings.map(({ batches, kvMemoryBytes }) => [batches, kvMemoryBytes]),
    [
      [[256], 0],
      [[512], 0],
      [[1024], 0],
      [[512], 0],
    ],
  );
  t.is((await collect(runs.decode1b, h200)).length, 3);
  const large = (await collect(runs.train, h200)).map(({ sequences }) => sequences as number);
  const small = (await collect(runs.train, { card: { memoryBytes: 80e9 } })).map(
    ({ sequences }) => sequences as number,
  );
  t.true(small.every((count, i) => count < (large[i] as number)));
  // What a killed program left there is gone too.
  t.false(existsSync(join(out, "temporary")));
});

test("transformers is measured with the packages that were found, and refused with the reason where there are none", async (t) => {
  const started: [string, object | undefined][] = [];
  const facts = { python: { transformers: "5.17.0", env: { PYTHONPATH: "site" } } };
  const given = { device: "cuda", root: packageRoot, python: "py", results: { stages: { environment: { facts } } } };
  const measure = async (command: string, _: string[], options: { env: object; label: { shape: string } }) => {
    started.push([`${command} ${options.label.shape}`, options.env]);
    return [{}];
  };
  for (const part of await peer.parts(given)) await part.run({ ...given, measure });
  t.deepEqual(started[0], ["py llama-3.1-8b", { PYTHONPATH: "site" }]);
  t.is(started.length, 3);
  const none = { stages: { environment: { facts: { python: { transformersError: "No module named 'regex'" } } } } };
  t.throws(() => peer.parts({ ...given, results: none }), {
    message: /no transformers that works: No module named 'regex'/,
  });
});

test("the build is for the card that was found and its torch; without a card it is the usual one", (t) => {
  t.deepEqual(setupCommand("cuda", h200, {}), {
    args: ["--cuda", "--cuda-architectures", "90"],
    env: { ERPRM_LIBTORCH: "/py/torch" },
  });
  t.deepEqual(setupCommand("cuda", h200, { ERPRM_LIBTORCH: "/mine" }).env, {});
  t.deepEqual(setupCommand("cuda-emulated", h200, {}), { args: [], env: {} });
});

test("the environment fails where torch sees no card, and takes packed packages only where Python has none", async (t) => {
  const seen: object[] = [];
  const facts = (more: object) =>
    JSON.stringify({ torch: "2.11.0", available: true, card: { capability: "90" }, ...more });
  const given = (root: string, answer: (env: { PYTHONPATH?: string }) => string) => ({
    ...{ device: "cuda", root, python: "py", results },
    expect: async (_: string, _args: string[], { env }: { env: object }) => {
      seen.push(env);
      return [answer(env)];
    },
  });
  const [part] = await environment.parts({});
  const none = await part?.run(given("/", () => facts({ available: false })));
  t.regex(none?.failed ?? "", /that the torch 2.11.0 of py can use, found none/);
  const root = makeFolder(t, { "python-packages/transformers/__init__.py": "" });
  seen.length = 0;
  const own = await part?.run(given(root, () => facts({ transformers: "5.0.0" })));
  t.deepEqual(seen, [{}]);
  t.like(own?.facts, { python: { transformers: "5.0.0", env: {} } });
  const packed = await part?.run(
    given(root, ({ PYTHONPATH }) => facts({ transformers: PYTHONPATH ? "5.17.0" : null })),
  );
  t.like(packed?.facts, { card: { capability: "90" }, python: { transformers: "5.17.0" } });
  t.deepEqual(seen.slice(1), [
    {},
    { PYTHONPATH: [join(root, "python-packages"), process.env.PYTHONPATH].filter(Boolean).join(":") },
  ]);
});

test("a device's failure is right when all works fail by their code, then in the words of the first, and all is freed", async (t) => {
  const works = ["rollout", "score", "train"];
  const fault = { code: "ERPRM_DEVICE_FAULT", message: "CUDA error: an illegal memory access was encountered" };
  const later = { ...fault, message: "failed before; only a new process can use it again. The failure: CUDA error" };
  const told = [
    ...works.map((work) => ({ what: `${work} before` })),
    { what: "rollout meanwhile", ...fault },
    ...works.map((work) => ({ what: `${work} after`, ...fault })),
    ...works.map((work) => ({ what: `${work} again`, ...later })),
    { what: "load again", ...fault },
    { what: "dispose" },
  ];
  t.is(wrongInFault(told), undefined);
  t.is(wrongInFault(told.map((one) => (one.what === "rollout meanwhile" ? { what: one.what } : one))), undefined);
  for (const [i, { what }] of told.entries()) {
    t.regex(wrongInFault(told.filter((_, other) => other !== i)) ?? "", new RegExp(what));
    const otherwise = told.map((one, other) => (other === i ? { what, code: "ERPRM_INTERNAL", message: "m" } : one));
    t.regex(wrongInFault(otherwise) ?? "", /ERPRM_INTERNAL/);
  }
  t.regex(wrongInFault(told.map(({ what }) => ({ what }))) ?? "", /Expected ERPRM_DEVICE_FAULT of "rollout after"/);

  const lines = told.map((one) => JSON.stringify(one));
  const out = makeFolder(t);
  const started: string[] = [];
  const given = {
    device: "cuda",
    out,
    expect: async (command: string, args: string[]) => {
      started.push(`${command} ${args.at(-2)}`);
    },
    run: async (_: string, args: string[]) => {
      started.push(args.slice(1).join(" "));
      return { status: 0, lines };
    },
  };
  const [part] = await deviceFault.parts(given);
  t.like(await part?.run(given), { facts: { deviceFault: fault.message } });
  t.deepEqual(started, ["c++ scripts/device-check/fail-device.cc", `cuda ${join(out, "fail-device.so")}`]);
  const killed = { ...given, run: async () => ({ status: 1, signal: "SIGABRT", lines }) };
  await t.throwsAsync(async () => part?.run(killed), { message: /ended with SIGABRT, and not by itself/ });
  const emulated = {
    ...given,
    device: "cuda-emulated",
    run: async () => ({ status: 0, lines: ["native: 4 passed, 0 failed"] }),
  };
  t.like(await part?.run(emulated), {
    tests: { passed: 4 },
    warning: "no card can fail here: devices of the tests did",
  });
});
