import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { makeFolder } from "../../../support/folder.js";
import { importScript } from "../../../support/script.js";

interface Given {
  expect(command: string, args: string[]): Promise<string[]>;
  measure(command: string, args: string[]): Promise<unknown[]>;
  keep(result: object): void;
  results: Results;
}
interface Part {
  name: string;
  seconds: number;
  run(given: Given): Promise<object | undefined>;
}
interface Stage {
  name: string;
  seconds: number;
  always?: boolean;
  needed?: boolean;
  needs?: string[];
  parts(given: Given): Part[];
}
interface PartResult {
  status: string;
  reason?: string;
  commit?: string;
  tests?: { passed: number; failed: number };
  facts?: object;
}
interface Results {
  device: string;
  built?: { commit: string };
  stages: Record<string, PartResult & { parts: Record<string, PartResult>; results: Record<string, unknown>[] }>;
}

const { runStages, single } = await importScript<{
  runStages(stages: Stage[], settings: Record<string, unknown>): Promise<Results>;
  single(stage: Omit<Stage, "parts"> & Pick<Part, "run">): Stage;
}>("device-check/run-stages.mjs");
const { StageFailure } = await importScript<{ StageFailure: new (message: string) => Error }>(
  "device-check/command.mjs",
);

const node = process.execPath;
const passes = async (): Promise<undefined> => undefined;

function settings(out: string, more: Record<string, unknown> = {}) {
  return { device: "cuda-emulated", out, root: out, resume: false, say: () => {}, ...more };
}

const read = (out: string): Results => JSON.parse(readFileSync(join(out, "results.json"), "utf8"));

test("a stage that fails or hangs is told with its reason, and the others run", async (t) => {
  const out = makeFolder(t);
  const stages = [
    single({
      name: "throws",
      seconds: 20,
      run: ({ expect }) => expect(node, ["-e", "console.log('a word');process.exit(3)"]),
    }),
    single({ name: "hangs", seconds: 1, run: ({ expect }) => expect(node, ["-e", "setInterval(() => {}, 1000)"]) }),
    single({ name: "absent", seconds: 20, run: ({ expect }) => expect("no-such-program-of-erprm", []) }),
    single({
      name: "counts",
      seconds: 20,
      run: async () => ({ tests: { passed: 1, failed: 2 }, failed: "2 tests failed" }),
    }),
    single({ name: "warns", seconds: 20, run: async () => ({ facts: { a: 1 }, warning: "the card is used" }) }),
  ];
  const { stages: results } = await runStages(stages, settings(out));
  t.regex(results.throws?.reason ?? "", /ended with 3:\na word/);
  t.regex(results.hangs?.reason ?? "", /time was over/);
  t.regex(results.absent?.reason ?? "", /does not start/);
  t.is(results.counts?.reason, "2 tests failed");
  t.deepEqual(results.counts?.tests, { passed: 1, failed: 2 });
  t.like(results.warns, { status: "passed", reason: "the card is used", facts: { a: 1 } });
  t.deepEqual(
    Object.values(results).map(({ status }) => status),
    ["failed", "failed", "failed", "failed", "passed"],
  );
  t.like(read(out).stages.counts, { reason: "2 tests failed" });
  t.regex(readFileSync(join(out, "throws.log"), "utf8"), /a word/);
});

test("what a program printed before it failed is kept, and the other parts of its stage run", async (t) => {
  const out = makeFolder(t);
  const program = `console.log('{"rate": 1}\\nno JSON\\n{"rate": 2}'); process.exit(1)`;
  let seen: unknown;
  const stage: Stage = {
    name: "benches",
    seconds: 60,
    parts: () => [
      { name: "broken", seconds: 20, run: ({ measure }) => measure(node, ["-e", program]) as never },
      {
        name: "whole",
        seconds: 20,
        run: async ({ keep }) => {
          keep({ rate: 3 });
          seen = read(out).stages.benches?.results.map(({ rate, part }) => [part, rate]);
          return undefined;
        },
      },
    ],
  };
  const { stages } = await runStages([stage], settings(out));
  t.deepEqual(seen, [
    ["broken", 1],
    ["broken", 2],
    ["whole", 3],
  ]);
  t.is(stages.benches?.status, "failed");
  t.regex(stages.benches?.reason ?? "", /^broken: .* ended with 1/);
  t.is(stages.benches?.parts.whole?.status, "passed");
});

test("a run that goes on repeats what did not pass: what never ran first, what failed last", async (t) => {
  const out = makeFolder(t);
  const order: string[] = [];
  const stage = (name: string, isBroken: () => boolean, more: Partial<Stage> = {}): Stage => ({
    ...{ name, seconds: 60, ...more },
    parts: () =>
      ["one", "two"].map((part) => ({
        name: part,
        seconds: 20,
        run: async ({ keep }) => {
          order.push(`${name} ${part}`);
          keep({ count: order.length });
          return part === "one" && isBroken() ? { failed: "no" } : undefined;
        },
      })),
  });
  let isBroken = true;
  const environment = stage("environment", () => false, { always: true });
  const broken = stage("broken", () => isBroken);
  const later = stage("later", () => false);
  await runStages([environment, broken], settings(out));
  t.deepEqual(order.splice(0), ["environment one", "environment two", "broken one", "broken two"]);
  await runStages([environment, broken, later], settings(out, { resume: true }));
  t.deepEqual(order.splice(0), ["environment one", "environment two", "later one", "later two", "broken one"]);
  isBroken = false;
  const { stages } = await runStages([environment, broken, later], settings(out, { resume: true }));
  t.deepEqual(order, ["environment one", "environment two", "broken one"]);
  t.is(stages.broken?.status, "passed");
  // One result a part: those of the first calls were replaced.
  t.deepEqual(
    stages.broken?.results.map(({ part, count }) => [part, count]),
    [
      ["two", 4],
      ["one", 3],
    ],
  );
});

test("a stage named in again runs although it passed, the other results stay, and those of before remain in a file", async (t) => {
  const out = makeFolder(t);
  let runs = 0;
  const stage = (name: string) =>
    single({ name, seconds: 20, run: async ({ keep }) => keep({ run: ++runs }) as undefined });
  await runStages([stage("a"), stage("b")], settings(out));
  const { stages } = await runStages([stage("a")], settings(out, { again: ["a"] }));
  t.deepEqual([stages.a?.results[0]?.run, stages.b?.results[0]?.run], [3, 2]);
  const kept = readdirSync(out).filter((name) => /^results-.*\.json$/.test(name));
  t.is(kept.length, 1);
  const before: Results = JSON.parse(readFileSync(join(out, kept[0] as string), "utf8"));
  t.is(before.stages.a?.results[0]?.run, 1);
});

test("results carry the commit that was built, not that of a build which failed", async (t) => {
  const out = makeFolder(t);
  let isBroken = false;
  let commit = "first";
  const build = single({
    ...{ name: "build", seconds: 20, always: true },
    run: async ({ results }) => {
      if (isBroken) throw new StageFailure("a kernel does not compile");
      results.built = { commit };
      return undefined;
    },
  });
  const bench = (name: string) =>
    single({ name, seconds: 20, run: async ({ keep }) => keep({ rate: 1 }) as undefined });
  await runStages([build, bench("a")], settings(out));
  [isBroken, commit] = [true, "second"];
  const failed = await runStages([build, bench("a"), bench("b")], settings(out, { resume: true }));
  t.deepEqual([failed.stages.build?.status, failed.stages.b?.results[0]?.commit], ["failed", "first"]);
  isBroken = false;
  const { stages } = await runStages([build, bench("a"), bench("b")], settings(out, { again: ["b"] }));
  t.deepEqual([stages.a?.commit, stages.b?.commit, stages.b?.results[0]?.commit], ["first", "second", "second"]);
});

test("a part without a third of its time waits for another call, and one cut short by the others' time is unfinished", async (t) => {
  const out = makeFolder(t);
  const hang = ({ expect }: Given) => expect(node, ["-e", "setInterval(() => {}, 1000)"]);
  const stage: Stage = {
    name: "a",
    seconds: 2,
    parts: () => [
      { name: "long", seconds: 3600, run: passes },
      { name: "cut", seconds: 3, run: hang },
    ],
  };
  const { stages } = await runStages([stage], settings(out, { minutes: 1 }));
  t.deepEqual(Object.keys(stages.a?.parts ?? {}), ["cut"]);
  t.is(stages.a?.parts.cut?.status, "unfinished");
  t.like(stages.a, { status: "unfinished", reason: "not run to the end: long, cut" });
  const none = await runStages([single({ name: "b", seconds: 3600, run: passes })], settings(out, { minutes: 1 }));
  t.deepEqual([none.stages, existsSync(join(out, "results.json"))], [{}, true]);
});

test("a part that a killed call left running counts as failed: it runs last", async (t) => {
  const out = makeFolder(t);
  const order: string[] = [];
  const stage = (name: string) => single({ name, seconds: 20, run: async () => void order.push(name) });
  const left = { status: "running", parts: { a: { status: "running" } }, results: [] };
  writeFileSync(join(out, "results.json"), JSON.stringify({ device: "cuda-emulated", stages: { a: left } }));
  const { stages } = await runStages([stage("a"), stage("b")], settings(out, { resume: true }));
  t.deepEqual([order, stages.a?.status], [["b", "a"], "passed"]);
});

test("a signal ends the stages, and what it cut short is unfinished", async (t) => {
  const out = makeFolder(t);
  const interrupt: { by?: string } = {};
  const stage = (name: string) =>
    single({
      ...{ name, seconds: 20 },
      run: async () => {
        interrupt.by = "SIGINT";
        throw new StageFailure("ended with SIGKILL");
      },
    });
  const { stages } = await runStages([stage("a"), stage("b")], settings(out, { interrupt }));
  t.deepEqual(Object.keys(stages), ["a"]);
  t.like(stages.a?.parts.a, { status: "unfinished", reason: "interrupted by SIGINT" });
});

test("without a stage that is needed nothing else runs, and results of another device are refused", async (t) => {
  const out = makeFolder(t);
  const needed = single({ name: "environment", seconds: 5, needed: true, run: async () => ({ failed: "no card" }) });
  const { stages } = await runStages([needed, single({ name: "a", seconds: 5, run: passes })], settings(out));
  t.deepEqual(Object.keys(stages), ["environment"]);
  await t.throwsAsync(runStages([], settings(out, { resume: true, device: "cuda" })), {
    message: /Expected results of cuda in .*, found those of cuda-emulated/,
  });
});

test("a stage whose part of the build failed in the same call is not run and says why; what it found out before stays", async (t) => {
  const out = makeFolder(t);
  let reason: string | undefined = "no compiler";
  const build = single({
    name: "build",
    seconds: 5,
    always: true,
    run: async () => (reason ? { failed: reason } : {}),
  });
  const ran: string[] = [];
  const stage = (name: string, more: { needs?: string[] } = {}) =>
    single({ name, seconds: 5, ...more, run: async () => void ran.push(name) });
  const all = [build, stage("a", { needs: ["build", "build"] }), stage("peer")];
  const first = await runStages(all, settings(out));
  t.deepEqual(ran, ["peer"]);
  t.like(first.stages.a, { status: "not run", reason: "build has no build", parts: {} });
  reason = undefined;
  const second = await runStages(all, settings(out, { resume: true }));
  t.deepEqual(ran, ["peer", "a"]);
  t.is(second.stages.a?.status, "passed");
  t.is(second.stages.a?.reason, undefined);
  reason = "another mistake";
  t.is((await runStages(all, settings(out, { again: ["a"] }))).stages.a?.status, "passed");
  t.deepEqual(ran, ["peer", "a"]);
  // Without the build the binaries are what somebody else built.
  await runStages([stage("a", { needs: ["build", "build"] })], settings(out));
  t.deepEqual(ran, ["peer", "a", "a"]);
});
