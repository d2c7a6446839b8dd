import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import test, { type ExecutionContext } from "ava";
import { collectReport } from "../../../src/report/collect.js";
import { formatNumber, type NumberFormat } from "../../../src/report/number-format.js";
import { page } from "../../../src/report/page/page.js";
import type { ReportData } from "../../../src/report/report-data.js";
import { makeEvaluation, makeFinetuning, makeStudy, manifestOf } from "../../support/report-study.js";

const figures = /<span data-path="([^"]*)" data-format="([^"]*)">([^<]*)<\/span>/g;

/** Every figure stands in the JSON, as it is written in the page; how many there are. */
function expectFigures(t: ExecutionContext, data: ReportData): number {
  const json = JSON.parse(JSON.stringify(data));
  const found = [...page({ data, script: "", typesetter: undefined }).matchAll(figures)];
  for (const [, path = "", format, text] of found) {
    const value = path.split(".").reduce((inner, name) => inner?.[name], json) as number | null | undefined;
    t.true(value === null || typeof value === "number", `${path} is ${value}`);
    t.is(text?.replace("&lt;", "<"), formatNumber(value, format as NumberFormat), path);
  }
  return found.length;
}

/** A complete fine-tuning whose greedy solutions had these outcomes: at the start, and after its last round. */
function addFinetuning(
  folder: string,
  name: string,
  outcomes: readonly string[],
  more: { seed: number; target: string },
) {
  const { rewardModel, ...rest } = makeFinetuning();
  const finetuning = { ...rest, seed: more.seed, rewardModel: { ...rewardModel, target: more.target } };
  const files: Record<string, string> = {
    "manifest.json": manifestOf("finetune", { seed: more.seed }),
    "finetune.json": JSON.stringify(finetuning),
  };
  for (const [k, place] of ["start", "round-1", "round-2", "round-3"].entries()) {
    const own = outcomes[Math.min(1, k)] as string;
    const lines = [...own].map((outcome, p) => {
      const texts = { question: "q", answer: "1", steps: ["1"] };
      return JSON.stringify({ problemId: `p${p}`, index: 0, ...texts, outcome: Number(outcome) });
    });
    files[`${place}/greedy.jsonl`] = lines.join("\n");
  }
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(`${folder}/${name}/${file}`), { recursive: true });
    writeFileSync(`${folder}/${name}/${file}`, text);
  }
  return `${folder}/${name}`;
}

test("every number of the page stands in its JSON, also where trainings have no measures and methods no such N", async (t) => {
  const { folder, runs } = makeStudy(t);
  const whole = await collectReport({ runs });
  t.true(expectFigures(t, whole) > 200);
  const lines = readFileSync(`${folder}/prm/training.jsonl`, "utf8").split("\n").filter(Boolean);
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const bare = records.map(({ measures: _, ...record }) => record);
  const updates = bare.filter(({ kind }) => kind === "update");
  for (const [name, some] of Object.entries({ policy: bare, short: updates })) {
    mkdirSync(`${folder}/${name}`);
    writeFileSync(`${folder}/${name}/manifest.json`, manifestOf("train policy"));
    writeFileSync(`${folder}/${name}/training.jsonl`, some.map((record) => `${JSON.stringify(record)}\n`).join(""));
  }
  const evaluation = makeEvaluation();
  evaluation.methods[0]?.points.pop();
  writeFileSync(`${folder}/evaluation/evaluation.json`, JSON.stringify(evaluation));
  const data = await collectReport({ runs: [...runs, `${folder}/policy`, `${folder}/short`] });
  t.is(data.trainings.length, 3);
  t.true(expectFigures(t, data) > 200);
});

test("several fine-tunings are compared on the page: start, ways with their seeds, and every two of them", async (t) => {
  const { folder } = makeStudy(t);
  const start = "11000000";
  const runs = [
    addFinetuning(folder, "hard", [start, "11100000"], { seed: 0, target: "hard" }),
    addFinetuning(folder, "er-0", [start, "11111100"], { seed: 0, target: "er:2" }),
    addFinetuning(folder, "er-1", [start, "11111000"], { seed: 1, target: "er:2" }),
  ];
  const data = await collectReport({ runs });
  t.deepEqual(data.notes, []);
  t.deepEqual(
    data.finetuningComparison?.ways.map(({ name, seeds, accuracy }) => [name, seeds, accuracy.value]),
    [
      ["start", [], 2 / 8],
      ["top hard", [0], 3 / 8],
      ["top er:2", [0, 1], 5.5 / 8],
    ],
  );
  expectFigures(t, data);
  const html = page({ data, script: "", typesetter: undefined });
  t.regex(html, /Fine-tunings compared/);
  t.regex(html, /data-path="finetuningComparison\.ways\.2\.gain\.value" data-format="points">\+43\.8</);
  t.regex(html, /data-path="finetuningComparison\.differences\.2\.correctedPValue"/);
});

test("fine-tunings that cannot be compared have their own tables, and the page says why there is no other", async (t) => {
  const { folder } = makeStudy(t);
  const start = "11000000";
  const runs = [
    addFinetuning(folder, "a", [start, "11100000"], { seed: 0, target: "hard" }),
    addFinetuning(folder, "b", [start, "11111100"], { seed: 0, target: "hard" }),
  ];
  const data = await collectReport({ runs });
  t.is(data.finetuningComparison, undefined);
  t.is(data.finetunings.length, 2);
  t.regex(
    data.notes.join(),
    /the fine-tunings are not compared: .*"top hard" to have a seed of its own, received seed 0/,
  );
  t.regex(page({ data, script: "", typesetter: undefined }), /the fine-tunings are not compared/);
});

test("a calibration says on which solutions it was computed, and whether the reward model learned from them", async (t) => {
  const { folder, runs } = makeStudy(t);
  const text = (data: ReportData) =>
    page({ data, script: "", typesetter: undefined })
      .replace(/<[^>]*>/g, "")
      .replace(/\s+/g, " ");
  const computed = await collectReport({ runs: runs.slice(0, 2) });
  expectFigures(t, computed);
  t.regex(
    text(computed),
    /Computed on the solutions of run labels \(24 solutions\), reward model prm, 95 % intervals\./,
  );
  t.notRegex(text(computed), /In-sample/);
  const [own] = computed.calibration;
  const inSample = { ...computed, calibration: own ? [{ ...own, isInSample: true as const }] : [] };
  t.regex(text(inSample), /In-sample: the reward model was trained on most of these solutions/);
  const evaluated = await collectReport({ runs: [`${folder}/evaluation`] });
  t.regex(text(evaluated), /By the evaluation evaluation, 95 % intervals\./);
});

test("every picture's numbers stand in a table: bins with their intervals, counts of bars, groups of steps, curves", async (t) => {
  const { runs } = makeStudy(t);
  const data = await collectReport({ runs });
  const html = page({ data, script: "", typesetter: undefined });
  const shows = (path: string) => t.true(html.includes(`data-path="${path}"`), path);
  const calibration = "evaluations.0.evaluation.calibration.0.bins.4";
  for (const name of ["meanScore", "meanSuccessRate"]) {
    shows(`${calibration}.${name}`);
    shows(`${calibration}.${name}Interval.low`);
    shows(`${calibration}.${name}Interval.high`);
  }
  for (const name of ["meanScore", "meanScoreInterval.low", "accuracy", "accuracyInterval.high", "n"]) {
    shows(`evaluations.0.evaluation.lengths.0.groups.3.${name}`);
  }
  for (const kind of ["labelDistributions", "scoreDistributions"] as const) {
    for (const [i, { histogram }] of data[kind].entries()) {
      for (const group of ["right", "wrong"] as const) {
        for (const [bin, count] of histogram[group].entries()) {
          if (count > 0) shows(`${kind}.${i}.histogram.${group}.${bin}`);
        }
      }
    }
  }
  for (const [k] of data.trainings[0]?.heldOut.entries() ?? [])
    shows(`trainings.0.heldOut.${k}.measures.calibrationError`);
  for (const [k] of data.trainings[0]?.updates.entries() ?? []) shows(`trainings.0.updates.${k}.gradientNorm`);
});

test("the start's divergence is 0 and no measurement: it has no interval", async (t) => {
  const { runs } = makeStudy(t);
  const html = page({ data: await collectReport({ runs }), script: "", typesetter: undefined });
  t.true(html.includes('data-path="finetunings.0.finetuning.start.divergence.value"'));
  t.false(html.includes("start.divergence.low"));
  t.true(html.includes('data-path="finetunings.0.finetuning.rounds.0.policy.divergence.low"'));
});

test("beside calibration errors stands that they are biased upwards", async (t) => {
  const { folder } = makeStudy(t);
  const data = await collectReport({ runs: [`${folder}/evaluation`] });
  t.regex(page({ data, script: "", typesetter: undefined }), /The calibration error is biased upwards by noise/);
});
