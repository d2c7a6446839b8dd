import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import test, { type ExecutionContext } from "ava";
import { sha256OfFile } from "../../../src/data/file-hash.js";
import { collectReport } from "../../../src/report/collect.js";
import { labelingText } from "../../../src/report/labeling.js";
import { makeFolder } from "../../support/folder.js";
import {
  completionRecords,
  labelRecords,
  makeEvaluation,
  makeFinetuning,
  makeStudy,
  manifestOf,
  scoreRecords,
} from "../../support/report-study.js";

const jsonl = (records: readonly unknown[]) => records.map((record) => `${JSON.stringify(record)}\n`).join("");

/** A run directory beside others. */
function addRun(folder: string, name: string, stage: string, files: Record<string, string>, more = {}): string {
  mkdirSync(`${folder}/${name}`, { recursive: true });
  writeFileSync(`${folder}/${name}/manifest.json`, manifestOf(stage, more));
  for (const [file, content] of Object.entries(files)) writeFileSync(`${folder}/${name}/${file}`, content);
  return `${folder}/${name}`;
}

const labelsRun = (t: ExecutionContext) =>
  addRun(makeFolder(t), "labels", "label", { "labels.jsonl": jsonl(labelRecords) });

test("the runs of a study are joined: every part is what its file says", async (t) => {
  const { runs } = makeStudy(t);
  const data = await collectReport({ runs });
  t.is(data.title, "labels, scores, prm, evaluation, raft");
  t.deepEqual(data.evaluations, [{ run: 3, evaluation: makeEvaluation() }]);
  t.deepEqual(data.finetunings, [{ run: 4, finetuning: makeFinetuning() }]);
  t.is(data.trainings[0]?.numUpdates, 20);
  t.is(data.trainings[0]?.heldOut.length, 6);
  t.deepEqual(data.models, [{ name: "prm", numSolutions: 24 }]);
  t.deepEqual(data.calibration, [], "the evaluation says it");
  const { solutions, numProblems, numSolutions, hasCompletions } = data.inspection;
  t.deepEqual([numProblems, numSolutions, solutions.length, hasCompletions], [6, 24, 24, true]);
  t.deepEqual(solutions[5]?.labels, labelRecords[5]?.labels);
  t.deepEqual(solutions[5]?.scores, [
    { model: 0, stepScores: scoreRecords[5]?.stepScores, scores: scoreRecords[5]?.scores },
  ]);
  const first = completionRecords.filter(({ index, stepIndex }) => index === 0 && stepIndex === 0);
  t.deepEqual(
    solutions[0]?.steps[0]?.completions?.shown.map(({ text }) => text),
    first.map(({ text }) => text),
  );
});

test("distributions count all steps but the last, by the outcome of their solutions", async (t) => {
  const { runs } = makeStudy(t);
  const { labelDistributions, scoreDistributions } = await collectReport({ runs, maxSolutions: 1 });
  const sum = (counts: readonly number[] | undefined) => (counts ?? []).reduce((a, b) => a + b, 0);
  const steps = (outcome: number) =>
    labelRecords
      .filter((record) => record.outcome === outcome)
      .reduce((all, record) => all + record.steps.length - 1, 0);
  t.deepEqual(
    labelDistributions.map(({ name }) => name),
    ["hard", "soft", "er:1"],
  );
  for (const { histogram } of labelDistributions) {
    t.deepEqual([sum(histogram.right), sum(histogram.wrong)], [steps(1), steps(0)]);
  }
  t.deepEqual(
    scoreDistributions.map(({ name }) => name),
    ["step", "min", "last", "mean", "product"],
  );
  t.is(scoreDistributions[1]?.histogram.n, 24);
});

test("calibration is computed where no evaluation says it", async (t) => {
  const { runs } = makeStudy(t);
  const { calibration } = await collectReport({ runs: runs.slice(0, 2) });
  t.is(calibration.length, 1);
  t.is(calibration[0]?.model, "prm");
  t.is(
    calibration[0]?.n,
    labelRecords.reduce((all, { steps }) => all + steps.length - 1, 0),
  );
  t.is(calibration[0]?.numProblems, 6);
  t.deepEqual(calibration[0]?.runs, [0], "the run with the labels");
  t.deepEqual([calibration[0]?.numSolutions, calibration[0]?.level], [24, 0.95]);
  t.is(calibration[0]?.isInSample, undefined, "nobody knows what it was trained on");
});

test("a calibration on the very file that the reward model was trained on is in-sample", async (t) => {
  const { folder, runs } = makeStudy(t);
  const labels = await sha256OfFile(`${folder}/labels/labels.jsonl`);
  writeFileSync(`${folder}/labels/solutions.jsonl`, "");
  const solutions = await sha256OfFile(`${folder}/labels/solutions.jsonl`);
  const scoredBy = async (model: string, run: string) => {
    const scores = jsonl(scoreRecords.map((record) => ({ ...record, model })));
    const scored = addRun(folder, run, "score", { "scores.jsonl": scores });
    return [runs[0] as string, scored];
  };
  const trained = (name: string, inputs: Record<string, string>) => addRun(folder, name, "train prm", {}, { inputs });
  const isInSample = async (some: readonly string[]) => {
    const [found] = (await collectReport({ runs: some })).calibration;
    t.is(found?.numSolutions, 24);
    return found?.isInSample;
  };
  t.true(await isInSample(await scoredBy(trained("own", { labels }), "by-own")));
  t.is(await isInSample(await scoredBy(trained("other", { labels: "0".repeat(64) }), "by-other")), undefined);
  t.is(await isInSample(await scoredBy(`${folder}/labels/labels.jsonl`, "by-file")), undefined);
  t.is(
    await isInSample(await scoredBy(trained("orm", { solutions }), "by-orm")),
    undefined,
    "an empty file is none of the run's",
  );
  writeFileSync(
    `${folder}/labels/solutions.jsonl`,
    jsonl(labelRecords.map(({ labels: _, ...rest }) => ({ ...rest, steps: rest.steps.map(({ text }) => text) }))),
  );
  const again = trained("orm", { solutions: await sha256OfFile(`${folder}/labels/solutions.jsonl`) });
  t.true(await isInSample(await scoredBy(again, "by-orm")), "the solutions beside the labels");

  const moved = await scoredBy("../elsewhere/own", "by-moved");
  t.is(await isInSample([...moved, `${folder}/own`]), undefined, "another directory of that name");
  const relative = await scoredBy("own", "by-relative");
  t.is(await isInSample(relative), undefined);
  t.true(await isInSample([...relative, `${folder}/own`]), "the training is among the runs");
});

test("of many solutions whole problems are shown, spread over the file", async (t) => {
  const run = labelsRun(t);
  const { inspection } = await collectReport({ runs: [run], maxSolutions: 9 });
  t.is(inspection.numSolutions, 24);
  t.deepEqual([...new Set(inspection.solutions.map(({ problemId }) => problemId))], ["word-test-0", "word-test-3"]);
  t.is(inspection.solutions.length, 8);
  const few = await collectReport({ runs: [run], maxSolutions: 3 });
  t.deepEqual(
    few.inspection.solutions.map(({ index }) => index),
    [0, 1, 2],
  );
});

test("the report of a score run has the texts that were scored, as long as they are what they were", async (t) => {
  const { folder, runs } = makeStudy(t);
  const labels = `${folder}/labels/labels.jsonl`;
  const inputs = { inputs: { solutions: await sha256OfFile(labels) }, inputPaths: { solutions: labels } };
  const scored = addRun(folder, "scored", "score", { "scores.jsonl": jsonl(scoreRecords) }, inputs);
  const found = await collectReport({ runs: [scored] });
  t.is(found.inspection.solutions.length, 24);
  t.true(found.inspection.hasCompletions, "those that lie beside the labels");
  t.deepEqual(found.notes, []);
  const both = await collectReport({ runs: [scored, runs[0] as string] });
  t.is(both.inspection.numSolutions, 24, "a file is read once");

  writeFileSync(labels, readFileSync(labels, "utf8").split("\n").slice(1).join("\n"));
  const changed = await collectReport({ runs: [scored] });
  t.is(changed.inspection.solutions.length, 0);
  t.regex(changed.notes.join("\n"), /scored: the solutions at .* are not those that the run read/);
  t.regex(changed.notes.join("\n"), /24 scores fit none of the solutions of the runs, or several/);
});

test("labels of another run over the same solutions are added", async (t) => {
  const folder = makeFolder(t);
  const first = addRun(folder, "first", "label", { "labels.jsonl": jsonl(labelRecords) });
  const more = labelRecords.map((record) => ({
    ...record,
    labels: { "er:8": record.labels.soft, soft: record.steps.map(() => 0) },
  }));
  const second = addRun(folder, "second", "label", { "labels.jsonl": jsonl(more) });
  const { inspection, labelDistributions, notes } = await collectReport({ runs: [first, second] });
  t.is(notes.length, 1);
  t.regex(
    notes[0] ?? "",
    /the label soft of 24 solutions is another one in .*second.* than in .*first.*: that of .*first.* is shown/,
  );
  t.deepEqual(Object.keys(inspection.solutions[0]?.labels ?? {}).sort(), ["er:1", "er:8", "hard", "soft"]);
  t.deepEqual(inspection.solutions[0]?.labels.soft, labelRecords[0]?.labels.soft);
  t.deepEqual(
    labelDistributions.map(({ name }) => name),
    ["hard", "soft", "er:1", "er:8"],
  );
});

test("every label says how it was come by, and files that say the same of a label are not in conflict", async (t) => {
  const folder = makeFolder(t);
  const first = addRun(folder, "first", "label", { "labels.jsonl": jsonl(labelRecords) });
  const posterior = { kind: "posterior", prior: [0.5, 0.5] };
  const allocation = { kind: "adaptive", label: "soft", tolerance: 0.1, minCompletions: 4, maxCompletions: 64 };
  const more = labelRecords.map(({ labels: { hard, soft }, standardErrors: _, ...record }) => {
    return { ...record, labels: { hard, "er:8": soft }, estimator: posterior, allocation };
  });
  const second = addRun(folder, "second", "label", { "labels.jsonl": jsonl(more) });
  const { inspection, labelings, notes } = await collectReport({ runs: [first, second] });
  t.deepEqual(notes, []);
  t.deepEqual(labelings, [{}, { allocation, estimator: posterior }] as never);
  t.deepEqual(inspection.solutions[0]?.labelings, { hard: 0, soft: 0, "er:1": 0, "er:8": 1 });
  t.deepEqual(labelings.map(labelingText), [
    "plug-in; the same number of completions of every prefix",
    "posterior mean, prior Beta(0.5, 0.5); 4 to 64 completions, until soft is known to 0.1",
  ]);
  t.is(labelingText({ importedFrom: "prm800k" }), "imported from prm800k");
});

test("runs of two policies over the same problems share a report: scores and completions go to the solutions of their run", async (t) => {
  const { folder, runs } = makeStudy(t);
  const others = labelRecords.map((record) => ({
    ...record,
    steps: record.steps.map((step) => ({ ...step, text: `Or ${step.text}` })),
  }));
  const other = addRun(folder, "other", "label", { "labels.jsonl": jsonl(others) });
  const inputs = {
    inputs: { solutions: await sha256OfFile(`${other}/labels.jsonl`) },
    inputPaths: { solutions: `${other}/labels.jsonl` },
  };
  const scored = addRun(folder, "scored", "score", { "scores.jsonl": jsonl(scoreRecords) }, inputs);
  const { inspection, models, notes } = await collectReport({ runs: [runs[0] as string, other, scored] });
  t.deepEqual([inspection.numProblems, inspection.numSolutions], [6, 48]);
  t.deepEqual(models, [{ name: "prm", numSolutions: 24 }]);
  t.deepEqual(notes, []);
  for (const { run, scores, steps } of inspection.solutions) {
    t.is(scores.length, run, "only the other policy's were scored");
    if (run === 1) t.true(steps.every(({ text, completions }) => text.startsWith("Or ") && completions === undefined));
  }
  t.true(inspection.hasCompletions);

  const stray = addRun(folder, "stray", "score", { "scores.jsonl": jsonl(scoreRecords) });
  const ambiguous = await collectReport({ runs: [runs[0] as string, other, stray] });
  t.deepEqual(ambiguous.models, []);
  t.regex(ambiguous.notes.join(), /24 scores fit none of the solutions of the runs, or several/);
});

test("scores with another number of steps are no scores of the solution", async (t) => {
  const { folder, runs } = makeStudy(t);
  const shorter = scoreRecords.map((record) => ({ ...record, stepScores: record.stepScores.slice(1) }));
  const scores = addRun(folder, "shorter", "score", { "scores.jsonl": jsonl(shorter) });
  const { models, notes } = await collectReport({ runs: [runs[0] as string, scores] });
  t.deepEqual(models, []);
  t.regex(notes.join(), /24 scores fit none/);
});

test("other scores of the same solutions by the same name are another model's", async (t) => {
  const { folder, runs } = makeStudy(t);
  const others = scoreRecords.map((record) => ({ ...record, scores: { ...record.scores, mean: 0.5 } }));
  const again = addRun(folder, "again", "score", {
    "scores.jsonl": jsonl([...others.slice(0, 2), ...scoreRecords.slice(2)]),
  });
  const { models, inspection } = await collectReport({ runs: [...runs.slice(0, 2), again] });
  t.deepEqual(
    models.map(({ name }) => name),
    ["prm", "prm (2)"],
  );
  t.is(inspection.solutions[0]?.scores.length, 2);
  t.is(inspection.solutions[2]?.scores.length, 1, "the same score again");
  t.deepEqual(
    models.map(({ numSolutions }) => numSolutions),
    [24, 2],
  );
});

test("scores of one model in several files are one model's, under the name that an evaluation gave it", async (t) => {
  const { folder, runs } = makeStudy(t);
  const half = (which: number) => jsonl(scoreRecords.filter((_, i) => i % 2 === which));
  const own = {
    ...makeEvaluation(),
    models: [{ name: "mine", source: "model", path: "runs/prm", fingerprint: "ab".repeat(32) }],
  };
  const files = {
    "evaluation.json": JSON.stringify(own),
    "scores-mine.jsonl": half(0),
    "scores-mine@bench.jsonl": half(0),
  };
  const evaluated = addRun(folder, "evaluated", "evaluate", files, { options: { names: ["mine"] } });
  const scored = addRun(folder, "scored", "score", { "scores.jsonl": half(1) });
  const { models, inspection } = await collectReport({ runs: [runs[0] as string, evaluated, scored] });
  t.deepEqual(models, [{ name: "mine", numSolutions: 24 }]);
  t.true(inspection.solutions.every(({ scores }) => scores.length === 1));
});

test("what the last round of a fine-tuning sampled is shown where the report has no other solutions", async (t) => {
  const { folder, runs } = makeStudy(t);
  const solutions = labelRecords.map(({ labels, standardErrors, steps, ...rest }) => {
    return { ...rest, question: "Another policy's", steps: steps.map(({ text }) => text) };
  });
  const raft = runs[4] as string;
  for (const round of [1, 2, 10]) {
    addRun(raft, `round-${round}`, "", {
      "solutions.jsonl": jsonl(solutions.slice(0, round)),
      "scores.jsonl": jsonl(scoreRecords.slice(0, round)),
      "training.jsonl": readFileSync(`${folder}/prm/training.jsonl`, "utf8"),
    });
  }
  const alone = await collectReport({ runs: [raft] });
  t.is(alone.inspection.numSolutions, 10);
  t.is(alone.models[0]?.numSolutions, 10);
  t.deepEqual(
    alone.trainings.map(({ name }) => name),
    ["raft round 1", "raft round 2", "raft round 10"],
  );
  const joined = await collectReport({ runs: [runs[0] as string, raft] });
  t.is(joined.inspection.numSolutions, 24);
  t.is(joined.inspection.solutions[0]?.question, labelRecords[0]?.question);
});

test("a directory that is no run is refused, and so are results of another version", async (t) => {
  const folder = makeFolder(t, { "empty/x": "" });
  await t.throwsAsync(collectReport({ runs: [`${folder}/empty`] }), {
    code: "ERPRM_NOT_FOUND",
    message: /no manifest\.json/,
  });
  await t.throwsAsync(collectReport({ runs: [] }), { code: "ERPRM_INVALID_ARGUMENT" });
  const newer = addRun(folder, "newer", "evaluate", { "evaluation.json": `{"version": 2}` });
  await t.throwsAsync(collectReport({ runs: [newer] }), {
    code: "ERPRM_INVALID_DATA",
    message: /version 1 of the evaluation/,
  });
});

test("an unfinished run is reported as such", async (t) => {
  const folder = makeFolder(t);
  const run = addRun(
    folder,
    "r",
    "label",
    { "labels.jsonl": jsonl(labelRecords.slice(0, 2)) },
    { status: "unfinished" },
  );
  t.false((await collectReport({ runs: [run] })).runs[0]?.isComplete);
});

test("a run that has only begun makes a report too", async (t) => {
  const run = addRun(makeFolder(t), "r", "label", { "labels.jsonl": "" }, { status: "unfinished" });
  const { inspection } = await collectReport({ runs: [run] });
  t.is(inspection.numSolutions, 0);
});

test("of many updates every k-th is kept, and all evaluations", async (t) => {
  const update = { kind: "update", epoch: 0, loss: 0.5, learningRate: 1e-4, gradientNorm: 1, tokens: 9, positions: 3 };
  const updates = Array.from({ length: 2500 }, (_, i) => ({ ...update, updateIndex: i + 1 }));
  const heldOut = { kind: "held-out", updateIndex: 2500, loss: 0.4, solutions: 2, positions: 5 };
  const run = addRun(makeFolder(t), "r", "train policy", { "training.jsonl": jsonl([...updates, heldOut]) });
  const [training] = (await collectReport({ runs: [run] })).trainings;
  t.deepEqual([training?.numUpdates, training?.every, training?.updates.length], [2500, 3, 834]);
  t.is(training?.updates.at(-1)?.updateIndex, 2500);
  t.is(training?.heldOut.length, 1);
});

test("results of another version say which version came", async (t) => {
  const { folder } = makeStudy(t);
  for (const [run, file, what, version, shown] of [
    ["evaluation", "evaluation.json", "evaluation", 2, "2 (number)"],
    ["raft", "finetune.json", "fine-tuning", undefined, "nothing"],
  ] as const) {
    const path = `${folder}/${run}/${file}`;
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), version }));
    const error = await t.throwsAsync(collectReport({ runs: [`${folder}/${run}`] }));
    t.is(error.message, `Expected version 1 of the ${what}, received ${shown}, in ${path} line 1`);
  }
});
