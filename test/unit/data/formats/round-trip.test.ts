import { join } from "node:path";
import test from "ava";
import { exportRecords } from "../../../../src/data/formats/export-records.js";
import { Losses } from "../../../../src/data/formats/format.js";
import { importRecords } from "../../../../src/data/formats/import-records.js";
import { formatNames, lossesOf } from "../../../../src/data/formats/registry.js";
import { readRecords } from "../../../../src/data/read-records.js";
import { parseLabelRecord, readLabels } from "../../../../src/data/read-solutions.js";
import { labelSteps } from "../../../../src/data/step-labels.js";
import { writeRecords } from "../../../../src/data/write-records.js";
import type { ErprmError } from "../../../../src/errors.js";
import type { LabelRecord, StepCounts } from "../../../../src/types.js";
import { collect, temporaryDirectory } from "../temporary-directory.js";
import { erPrm, mathShepherd, prm800k, processbench, rlhflow, trl } from "./published-records.js";

const place = { file: "f.jsonl", line: 1 };
const placed = (values: object[]) => values.map((value, i) => ({ value, file: place.file, line: i + 1 }));
const imported = (format: string, values: object[], options = {}) =>
  collect(importRecords(format, placed(values), options));

const question = "Find c.";
const openrConverted = { question, process: "Step 1: a. \n\n\n\n\n Step 2: b. \n\n\n\n\n", label: ["+", "-"] };
const openrTagged = { question, process: "Step 1: a. ки\nStep 2: b. ки", labels: ["+", "-"] };
const openrFlat = {
  question,
  final_answer: "3",
  reasoning_steps: [
    { solution_prefix: "First a.\n\n", mc_value: 0.75 },
    { solution_prefix: "First a.\n\nThen b.", mc_value: 0.25 },
  ],
};
const mathShepherdWithSigns = { ...mathShepherd, value: ["+", "+", "+", "+", "-"] };

for (const [name, format, record, target] of [
  ["Math-Shepherd", "math-shepherd", mathShepherd, "hard"],
  ["Math-Shepherd with a list of signs", "math-shepherd", mathShepherdWithSigns, "hard"],
  ["ER-PRM", "er-prm", erPrm, "er:1"],
  ["PRM800K", "prm800k", prm800k, "hard"],
  ["TRL", "trl", trl, "hard"],
  ["RLHFlow", "rlhflow", rlhflow, "hard"],
  ["ProcessBench", "processbench", processbench, "hard"],
  ["converted openr", "openr", openrConverted, "hard"],
  ["converted openr with step tags", "openr", openrTagged, "hard"],
  ["MATH-APS openr", "openr", openrFlat, "soft"],
] as const) {
  test(`a published ${name} record comes back exactly, through memory, JSON Lines and our reader`, async (t) => {
    const records = await imported(format, [record]);
    for (const one of records) t.deepEqual(parseLabelRecord(JSON.parse(JSON.stringify(one)), place), one);
    t.deepEqual(await collect(exportRecords(format, records, { target })), [record]);
    const path = join(temporaryDirectory(t), "labels.jsonl");
    await writeRecords(path, records);
    t.deepEqual(await collect(exportRecords(format, readLabels(path), { target })), [record]);
  });
}

test("a Math-Shepherd record has a label for each of its five steps, and its outcome from the last", async (t) => {
  const [record] = await imported("math-shepherd", [mathShepherd]);
  t.deepEqual(record?.labels, { hard: [1, 1, 1, 1, 0] });
  t.is(record?.outcome, 0);
  t.regex(record?.question ?? "", /^Janet pays .* in a year\?$/);
  t.is(record?.steps.length, 5);
  t.regex(record?.steps[0]?.text ?? "", /^Step 1: .* lessons\.\n$/);
  t.regex(record?.steps[4]?.text ?? "", /^Step 5: .* The answer is: 13520$/);
  t.true(record?.steps.every(({ numCompletions }) => numCompletions === 0));
});

test("an ER-PRM record whose last step lost its tag is mended, and that is said", async (t) => {
  const losses = new Losses();
  const [record] = await imported("er-prm", [{ ...erPrm, text: erPrm.text.replace(/ ки$/, "") }], { losses });
  t.deepEqual(record?.labels["er:1"], erPrm.value);
  t.deepEqual(losses.entries(), [{ what: "the tag of the last step is missing (mended)", numRecords: 1 }]);
  t.deepEqual(await collect(exportRecords("er-prm", record ? [record] : [], { target: "er:1" })), [erPrm]);
});

test("the caller's name for imported labels is used, and numbers cannot be called hard", async (t) => {
  t.deepEqual(Object.keys((await imported("er-prm", [erPrm], { target: "er:2.0" }))[0]?.labels ?? {}), ["er:2"]);
  const error = await t.throwsAsync<ErprmError>(imported("er-prm", [erPrm], { target: "hard" }));
  t.is(error.code, "ERPRM_INVALID_DATA");
});

test("PRM800K gives the chosen path and one more solution for each alternative", async (t) => {
  const [path, alternative, ...others] = await imported("prm800k", [prm800k]);
  t.is(others.length, 0);
  t.is(path?.answer, "29");
  t.deepEqual(path?.labels, { hard: [1, 1] });
  t.is(path?.steps[1]?.text, "We have $3p+e=1.24$ and $5p+e=1.82$.");
  t.deepEqual(alternative?.labels, { hard: [1, 0] });
  t.deepEqual([path?.index, alternative?.index], [0, 1]);
});

test("PRM800K records that were given up before the first step are left out and counted", async (t) => {
  const losses = new Losses();
  const givenUp = { ...prm800k, label: { steps: [], total_time: 1, finish_reason: "give_up" } };
  t.is((await imported("prm800k", [givenUp, prm800k, givenUp], { losses })).length, 2);
  t.deepEqual(losses.entries()[0], { what: "records without any step (left out)", numRecords: 2 });
});

test("PRM800K ratings change where the label changed, and nowhere else", async (t) => {
  const neutral = structuredClone(prm800k);
  (neutral.label.steps[0]?.completions[0] as { rating: number }).rating = 0;
  const [record] = await imported("prm800k", [neutral]);
  t.deepEqual(record?.labels, { hard: [1, 1] });
  const changed = { ...(record as LabelRecord), labels: { hard: [1, 0] } };
  const [back] = (await collect(exportRecords("prm800k", [changed], { target: "hard" }))) as unknown as [
    typeof prm800k,
  ];
  t.is(back.label.steps[0]?.completions[0]?.rating, 0);
  t.is(back.label.steps[1]?.human_completion?.rating as unknown as number, -1);
  t.is(back.label.steps[1]?.completions[0]?.rating, -1);
});

test("ProcessBench: steps before the first error are right, from it on wrong", async (t) => {
  const record = { ...processbench, steps: ["a", "b", "c"], label: 1 };
  const [one] = await imported("processbench", [record]);
  t.deepEqual(one?.labels.hard, [1, 0, 0]);
  t.is(one?.problemId, processbench.id);
  t.is((await imported("processbench", [{ ...record, label: -1 }]))[0]?.labels.hard?.join(), "1,1,1");
  const error = await t.throwsAsync<ErprmError>(imported("processbench", [{ ...record, label: 3 }]));
  t.is(error.details.field, "label");
});

test("an openr tree gives one solution a path, in order; a list of prefixes the same", async (t) => {
  const leaf = (text: string, mc_value: number) => ({ text, mc_value, children: [] });
  const tree = {
    text: question,
    mc_value: 0.5,
    children: [{ text: "a", mc_value: 0.5, children: [leaf("b", 1), leaf("c", 0)] }, leaf("d", 0.25)],
  };
  const expected = [
    [
      ["a\n", "b"],
      [0.5, 1],
    ],
    [
      ["a\n", "c"],
      [0.5, 0],
    ],
    [["d"], [0.25]],
  ];
  for (const record of [{ question, final_answer: "3", reasoning_steps: tree }, tree]) {
    const paths = await imported("openr", [record]);
    t.deepEqual(
      paths.map(({ steps, labels }) => [steps.map(({ text }) => text), labels.soft]),
      expected as never,
    );
    t.deepEqual(
      paths.map(({ question: own, index }) => [own, index]),
      [
        [question, 0],
        [question, 1],
        [question, 2],
      ],
    );
  }
  const prefixes = [
    ["a\nb", 1],
    ["d", 0.25],
    ["a\n", 0.5],
    ["a\nc", 0],
  ].map(([solution_prefix, mc_value]) => ({ solution_prefix, mc_value }));
  const flat = await imported("openr", [{ question, final_answer: "3", reasoning_steps: prefixes }]);
  const texts = flat.map(({ steps }) => steps.map(({ text }) => text).join("|"));
  t.deepEqual(texts.sort(), ["a\n|b", "a\n|c", "d"]);
});

test("solutions of one question share a problem and are counted", async (t) => {
  const records = await imported("trl", [trl, { ...trl, prompt: "Another?" }, trl]);
  t.is(records[0]?.problemId, records[2]?.problemId);
  t.not(records[0]?.problemId, records[1]?.problemId);
  t.deepEqual(
    records.map(({ index }) => index),
    [0, 0, 1],
  );
});

const steps: StepCounts[] = [
  { text: "Step 1: She has 3 + 4 = 7 eggs.\n", numCompletions: 16, numCorrect: 11 },
  { text: "Step 2: She sells 7 * 2 = 15.\n", numCompletions: 16, numCorrect: 0 },
  { text: "Step 3: The answer is: 15", numCompletions: 1, numCorrect: 0, terminal: true },
];
const own: LabelRecord = {
  problemId: "gsm8k-test-0",
  index: 3,
  question: "She has 3 eggs and gets 4. Each sells at $2. How much?",
  answer: "14",
  outcome: 0,
  steps,
  ...labelSteps(steps, ["hard", "soft", "er:2"]),
};

for (const format of formatNames) {
  test(`our own labels survive ${format}: question, step texts, and a label for every step, the last one too`, async (t) => {
    const losses = new Losses();
    const written = await collect(exportRecords(format, [own], { target: "hard", losses }));
    const [back] = await imported(format, written, { target: "hard" });
    t.is(back?.question, own.question);
    t.deepEqual(
      back?.steps.map(({ text }) => text.trim()),
      steps.map(({ text }) => text.trim()),
    );
    t.deepEqual(back?.labels, { hard: [1, 0, 0] });
    t.deepEqual(
      losses.entries().filter(({ what }) => what !== "white space around steps"),
      [],
    );
    t.true(lossesOf(format).length > 0);
  });
}

for (const format of ["er-prm", "openr"]) {
  test(`${format} holds numbers exactly, also those computed from counts on the way`, async (t) => {
    const target = "er:0.3";
    const [back] = await imported(format, await collect(exportRecords(format, [own], { target })), { target });
    t.deepEqual(back?.labels[target], labelSteps(steps, [target]).labels[target]);
    t.true((back?.labels[target]?.[0] as number) > 0.6875);
  });
}

for (const format of ["math-shepherd", "prm800k", "trl", "rlhflow", "processbench"]) {
  test(`${format} refuses labels that are numbers`, async (t) => {
    const error = await t.throwsAsync<ErprmError>(collect(exportRecords(format, [own], { target: "soft" })));
    t.is(error.code, "ERPRM_INVALID_ARGUMENT");
    t.is(error.details.name, "target");
  });
}

test("what a format cannot hold of a record is counted: numbering, borders, tags, white space", async (t) => {
  const losses = new Losses();
  const plain = {
    ...own,
    question: "Compute 1 + 1. Then stop.",
    steps: [{ text: " two\n\n", numCompletions: 4, numCorrect: 4 }],
    labels: {},
  };
  const tagged = { ...own, index: 4, steps: [{ text: "a ки\nb", numCompletions: 4, numCorrect: 4 }], labels: {} };
  const written = await collect(exportRecords("math-shepherd", [plain, tagged], { target: "hard", losses }));
  t.deepEqual(written, [
    { input: "Compute 1 + 1. Then stop. Step 1: two ки", label: "Compute 1 + 1. Then stop. Step 1: two +" },
  ]);
  t.deepEqual(losses.entries(), [
    { what: "white space around steps", numRecords: 1 },
    { what: 'steps without "Step k:" at their start (it is added)', numRecords: 2 },
    { what: "the whole solution: a text in it holds the step tag", numRecords: 1 },
  ]);
  const chat = new Losses();
  await collect(exportRecords("rlhflow", [plain], { target: "hard", losses: chat }));
  t.true(chat.entries().some(({ what }) => what === "where the question ends"));
});

test("an imported record without counts cannot be given another label", async (t) => {
  const records = await imported("er-prm", [erPrm]);
  const error = await t.throwsAsync<ErprmError>(collect(exportRecords("er-prm", records, { target: "er:2" })));
  t.is(error.code, "ERPRM_INVALID_DATA");
  t.regex(error.message, /er:2 or completion counts.*found er:1, in solution 0/);
});

for (const [format, record, field] of [
  ["math-shepherd", { ...mathShepherd, label: mathShepherd.label.replace("clarinet", "oboe") }, "label"],
  ["math-shepherd", { ...mathShepherd, label: mathShepherd.label.slice(0, -1) }, "label"],
  ["math-shepherd", { input: "no step", label: "no step" }, "input"],
  ["er-prm", { ...erPrm, value: erPrm.value.slice(1) }, "value"],
  ["er-prm", { ...erPrm, value: [1, 1, 1, 1, 1.5] }, "value[4]"],
  ["trl", { ...trl, labels: [true] }, "labels"],
  ["trl", { ...trl, labels: [true, -100] }, "labels"],
  ["trl", { ...trl, completions: [], labels: [] }, "labels"],
  ["rlhflow", { conversations: rlhflow.conversations.slice(1) }, "conversations"],
  ["rlhflow", { conversations: [...rlhflow.conversations].reverse() }, "conversations[0].role"],
  ["processbench", { ...processbench, final_answer_correct: null }, "final_answer_correct"],
  ["prm800k", { ...prm800k, label: { steps: null } }, "label.steps"],
  ["openr", { ...openrConverted, label: ["+", "?"] }, "label"],
  ["openr", { question }, "reasoning_steps"],
] as const) {
  test(`a ${format} record that is wrong at ${field} is refused there: ${JSON.stringify(record).slice(0, 40)} (${JSON.stringify(record).length})`, async (t) => {
    const error = await t.throwsAsync<ErprmError>(imported(format, [trl, record].slice(format === "trl" ? 0 : 1)));
    t.is(error.code, "ERPRM_INVALID_DATA");
    t.is(error.details.field, field);
    t.is(error.details.file, place.file);
  });
}

test("an unknown format is refused with the known ones", async (t) => {
  const error = await t.throwsAsync<ErprmError>(imported("shepherd", []));
  t.is(error.code, "ERPRM_INVALID_ARGUMENT");
  t.regex(error.message, /math-shepherd, er-prm/);
});

test("imported labels go through Parquet as through JSON Lines", async (t) => {
  const path = join(temporaryDirectory(t), "trl.parquet");
  await writeRecords(path, [trl, { ...trl, prompt: "b" }]);
  const records = await collect(importRecords("trl", readRecords(path)));
  t.deepEqual(
    records.map(({ labels }) => labels.hard),
    [
      [1, 0],
      [1, 0],
    ],
  );
});
