import test from "ava";
import type { Convention } from "../../../src/reward/convention.js";
import { type StepEncoder, stepEncoder } from "../../../src/reward/encode-steps.js";
import { loadText, type TextModel } from "../../../src/text/text-model.js";
import type { RewardExample } from "../../../src/training/example.js";
import { ExampleStore } from "../../../src/training/example-store.js";
import { outcomeExamples } from "../../../src/training/outcome-examples.js";
import { expectLabelled, processExamples, type StepExampleOptions } from "../../../src/training/step-examples.js";
import type { LabelRecord, Solution, StepCounts } from "../../../src/types.js";
import { byteLevelMetadata } from "../text/fixtures.js";
import { rewardExample } from "./examples.js";

const newText = () => loadText({ kind: "gguf", ggufMetadata: byteLevelMetadata("smollm") });

function tokensOf(text: TextModel, words: string) {
  return { text: words, tokenIds: [...text.tokenizer.encode(words, { addSpecialTokens: false })] };
}

function tagged(text: TextModel): Convention {
  return {
    kind: "step-tag",
    tag: tokensOf(text, " ки"),
    candidates: { positive: tokensOf(text, " +"), negative: tokensOf(text, " -") },
    prompt: {},
  };
}

function optionsFor(text: TextModel, more: Partial<StepExampleOptions> = {}): StepExampleOptions {
  const convention = tagged(text);
  return {
    encoder: stepEncoder(text, convention, { kind: "newline" }),
    convention,
    target: "soft",
    vocabularySize: text.tokenizer.vocabularySize,
    maxLength: 500,
    ...more,
  };
}

function record(
  more: Partial<LabelRecord> = {},
  counts: [number, number][] = [
    [16, 11],
    [16, 4],
    [1, 1],
  ],
): LabelRecord {
  const steps = counts.map(([numCompletions, numCorrect], t): StepCounts => {
    const isLast = t === counts.length - 1;
    return { text: `Step ${t} here\n`, numCompletions, numCorrect, ...(isLast && { terminal: true as const }) };
  });
  return { problemId: "p", index: 0, question: "What is 2 + 3?", answer: "5", outcome: 1, steps, labels: {}, ...more };
}

const imported = (labels: LabelRecord["labels"], more: Partial<LabelRecord> = {}): LabelRecord =>
  record({ labels, origin: { format: "math-shepherd", fields: {} }, ...more }, [
    [0, 0],
    [0, 0],
  ]);

const oneOf = async (value: LabelRecord, options: StepExampleOptions): Promise<RewardExample> =>
  (await processExamples([value], options)).store.get(0);

const near = (values: ArrayLike<number>, expected: number[]) =>
  values.length === expected.length && expected.every((value, i) => Math.abs((values[i] as number) - value) < 1e-6);

test("every step has one position, at its tag, and the label of its counts, whether the record stores it or not", async (t) => {
  const text = await newText();
  const { tokenIds: tag } = tokensOf(text, " ки");
  const value = record({ labels: { soft: [0.688, 0.25, 1] } });
  const expected: [string, number[]][] = [
    ["soft", [11 / 16, 4 / 16, 1]],
    ["hard", [1, 1, 1]],
    ["er:2", [Math.log(1 + (11 / 16) * Math.expm1(2)) / 2, Math.log(1 + 0.25 * Math.expm1(2)) / 2, 1]],
  ];
  for (const [target, labels] of expected) {
    const example = await oneOf(value, optionsFor(text, { target }));
    t.true(near(example.labels, labels), target);
    t.true(near(example.successRates, [11 / 16, 4 / 16, 1]));
    t.deepEqual([...example.numCompletions], [16, 16, 1]);
    t.deepEqual([...example.weights], [1, 1, 1]);
    t.is(example.positions.length, 3);
    for (const position of example.positions) {
      t.deepEqual([...example.tokenIds.slice(position + 1 - tag.length, position + 1)], tag);
    }
  }
  await t.throwsAsync(processExamples([value], optionsFor(text, { target: "mean" })), {
    message: /hard, soft or er:ETA/,
  });
});

test("imported records without counts are trained on with the labels they bring, found by their meaning", async (t) => {
  const text = await newText();
  const example = await oneOf(
    imported({ "er:1.0": [0.25, 0.75], soft: [0.2, 0.7] }),
    optionsFor(text, { target: "er:1" }),
  );
  t.true(near(example.labels, [0.25, 0.75]));
  t.true(near(example.successRates, [0.2, 0.7]));
  t.deepEqual([...example.numCompletions], [1, 1]);
  const alone = await oneOf(imported({ hard: [1, 0] }), optionsFor(text, { target: "hard" }));
  t.true(near(alone.successRates, [1, 0]));
  await t.throwsAsync(processExamples([imported({ hard: [1, 0] })], optionsFor(text, { target: "soft" })), {
    message: /no-labels.*record 1 \(problem "p" solution 0: hard\)/,
  });
});

test("weights by completions have mean 1 and favour the steps with more of them; a known outcome weighs as the best", async (t) => {
  const text = await newText();
  const records = [
    record(),
    record({ index: 1 }, [
      [4, 2],
      [2, 1],
      [1, 0],
    ]),
  ];
  const { store } = await processExamples(records, optionsFor(text, { weightBy: "completions" }));
  const [a, b] = [store.get(0), store.get(1)];
  t.true(
    near(
      [...a.weights, ...b.weights],
      [16, 16, 16, 4, 2, 4].map((weight) => (weight * 6) / 58),
    ),
  );
  t.deepEqual([...b.numCompletions], [4, 2, 1]);
});

test("a record that loses a tag, a label or its range is named with its reason", async (t) => {
  const text = await newText();
  const options = optionsFor(text);
  const long = record({ index: 9, question: "word ".repeat(600) });
  const short: StepEncoder = {
    encode: (solution) => {
      const { tokenIds, positions } = options.encoder.encode(solution);
      return { tokenIds, positions: positions.slice(1) };
    },
  };
  const shifted: StepEncoder = {
    encode: (solution) => {
      const { tokenIds, positions } = options.encoder.encode(solution);
      return { tokenIds, positions: positions.map((position) => position - 1) };
    },
  };
  const cases: [LabelRecord, Partial<StepExampleOptions>, RegExp][] = [
    [long, {}, /tag-cut-off\), record 1 \(problem "p" solution 9: \d+ tokens, the limit is 500\)/],
    [record(), { encoder: short }, /labels-and-tags-differ.*3 steps, 2 places/],
    [record(), { encoder: shifted }, /wrong-tag.*step 0 ends with the tokens/],
    [record(), { vocabularySize: 10 }, /unknown-token.*of 10/],
    [record({ steps: [] }), {}, /no-steps/],
    [record({}, [[4, 5]]), {}, /label-out-of-range.*step 0: 5 of 4 correct/],
    [record({}, [[4, Number.NaN]]), {}, /label-out-of-range.*NaN of 4/],
    [imported({ soft: [0.5] }), {}, /labels-and-tags-differ.*2 steps, 1 labels/],
    [imported({ soft: [0.5, 1.5] }), {}, /label-out-of-range.*step 1: 1.5/],
    [imported({ soft: [0.5, Number.NaN] }), {}, /label-out-of-range.*step 1: NaN/],
  ];
  for (const [value, more, message] of cases) {
    const error = await t.throwsAsync(processExamples([value], { ...options, ...more, file: "labels.jsonl" }), {
      message,
    });
    t.like(error, { code: "ERPRM_INVALID_DATA", details: { file: "labels.jsonl", numFaulty: 1 } });
  }
});

test("one bad record in a hundred is left out with a note, two are an error", async (t) => {
  const text = await newText();
  const bad = (index: number) => record({ index, steps: [] });
  const good = Array.from({ length: 99 }, (_, index) => record({ index }));
  const { store, faults, notes } = await processExamples([...good, bad(99)], optionsFor(text));
  t.is(store.size, 99);
  t.is(store.numPositions, 297);
  t.deepEqual(faults.reasons["no-steps"], { count: 1, first: [{ problemId: "p", index: 99, record: 100 }] });
  t.regex(notes.join(), /left out: 1 have no steps \(no-steps\), record 100/);
  await t.throwsAsync(processExamples([...good, bad(99), bad(100)], optionsFor(text)), {
    message: /at most 1 % of the records to be unfit for training, received 2 of 101 \(2 %\)/,
  });
});

test("no records at all are an error, and labels lost on the way too", async (t) => {
  const text = await newText();
  const error = await t.throwsAsync(processExamples([], optionsFor(text, { file: "empty.jsonl" })), {
    message: /at least one record to train on, received none among 0 in empty.jsonl/,
  });
  t.like(error, { code: "ERPRM_INVALID_DATA" });
  const store = new ExampleStore<RewardExample>("reward");
  store.add(rewardExample("p", 0, 5, [0, 1]));
  t.notThrows(() => expectLabelled(store, 2));
  t.throws(() => expectLabelled(store, 3), { message: /3 labels at as many positions, received 2 at 2/ });
});

test("labels that are all the same, or soft ones that are all whole numbers, are noted", async (t) => {
  const text = await newText();
  const notesOf = async (counts: [number, number][], target: string) =>
    (await processExamples([record({}, counts)], optionsFor(text, { target }))).notes;
  t.deepEqual(
    await notesOf(
      [
        [4, 4],
        [4, 4],
      ],
      "soft",
    ),
    ["all 2 labels (soft) are 1"],
  );
  t.regex(
    (
      await notesOf(
        [
          [4, 4],
          [4, 0],
        ],
        "er:1",
      )
    ).join(),
    /all 2 labels \(er:1\) are 0 or 1/,
  );
  t.deepEqual(
    await notesOf(
      [
        [4, 4],
        [4, 0],
      ],
      "hard",
    ),
    [],
  );
  t.deepEqual(
    await notesOf(
      [
        [4, 4],
        [4, 1],
      ],
      "soft",
    ),
    [],
  );
});

test("a chat's labels stand in front of its answers", async (t) => {
  const chatml =
    "{% for m in messages %}{{'<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>' + '\\n'}}{% endfor %}";
  const text = await loadText({
    kind: "gguf",
    ggufMetadata: byteLevelMetadata("smollm", { "tokenizer.chat_template": chatml }),
  });
  const convention: Convention = {
    kind: "chat",
    candidates: { positive: tokensOf(text, "+"), negative: tokensOf(text, "-") },
    prompt: {},
  };
  const encoder = stepEncoder(text, convention, { kind: "newline" });
  const example = await oneOf(record(), optionsFor(text, { encoder, convention }));
  const plus = text.tokenizer.tokenToId("+");
  t.deepEqual(
    [...example.positions].map((position) => example.tokenIds[position + 1]),
    [plus, plus, plus],
  );
});

test("an outcome is trained towards at the last tag alone, for right and wrong solutions", async (t) => {
  const text = await newText();
  const { encoder, convention, vocabularySize, maxLength } = optionsFor(text);
  const options = { encoder, convention, vocabularySize, maxLength };
  const steps = ["Two\n", "Five."];
  const solution: Solution = { problemId: "p", index: 0, question: "2 + 3?", answer: "5", steps, outcome: 0 };
  const { store } = await outcomeExamples([solution, record({ index: 1 })], options);
  const { positions } = encoder.encode({ question: "2 + 3?", steps });
  const wrong = store.get(0);
  t.deepEqual([...wrong.positions], [positions.at(-1)]);
  t.deepEqual([wrong.labels[0], wrong.successRates[0], wrong.weights[0]], [0, 0, 1]);
  t.is(store.get(1).labels[0], 1);

  const { outcome: _, ...unknown } = record({ index: 2 });
  t.is((await outcomeExamples([unknown], options)).store.get(0).labels[0], 1);
  const { outcome: __, ...without } = imported({ soft: [1, 1] });
  await t.throwsAsync(outcomeExamples([without], options), { message: /no-labels.*no outcome/ });
  await t.throwsAsync(outcomeExamples([{ ...solution, outcome: 2 as never }], options), { message: /outcome 2/ });
  await t.throwsAsync(outcomeExamples([{ ...solution, steps: [] }], options), { message: /no-steps/ });
});

test("labels are those of the record's estimator, the terminal one its outcome", async (t) => {
  const text = await newText();
  const estimator = { kind: "posterior", prior: [0.5, 0.5] } as const;
  const { store } = await processExamples([record({ estimator })], optionsFor(text));
  t.deepEqual([...store.labels()], [...Float32Array.of(11.5 / 17, 4.5 / 17, 1)]);
});

test("inferred steps have the label of the step they stand on, or are left out while their text stays", async (t) => {
  const text = await newText();
  const counts: [number, number][] = [
    [0, 0],
    [16, 4],
    [1, 0],
  ];
  const searched = record({}, counts);
  (searched.steps[0] as StepCounts).inferredFrom = 1;
  const used = (await processExamples([searched], optionsFor(text))).store.get(0);
  t.deepEqual([...used.labels], [0.25, 0.25, 0]);
  t.deepEqual([...used.successRates], [0.25, 0.25, 0]);
  t.deepEqual([...used.numCompletions], [1, 16, 1]);
  const left = (await processExamples([searched], optionsFor(text, { inferredSteps: "leave-out" }))).store.get(0);
  t.deepEqual([...left.labels], [0.25, 0]);
  t.deepEqual([...left.positions], [...used.positions].slice(1));
  t.deepEqual(left.tokenIds, used.tokenIds);
});

const fault = async (value: Parameters<typeof processExamples>[0], options: StepExampleOptions) => {
  const { faults } = await processExamples(value, { ...options, maxFaultShare: 0.9 });
  return faults.reasons;
};

test("labels that contradict their counts are a fault that says how edited labels are trained on, rounded ones are none", async (t) => {
  const text = await newText();
  const options = optionsFor(text);
  const edited = record({ index: 1, labels: { soft: [0.9, 0.25, 1], hard: [0, 1, 1] } });
  const reasons = await fault([record({ labels: { soft: [0.688, 0.25, 1] } }), edited], options);
  t.like(reasons["labels-contradict-counts"]?.first[0], {
    index: 1,
    found: "step 0: soft 0.9, its counts give 0.6875",
  });
  // Another label's name is another matter.
  t.like((await fault([record(), edited], optionsFor(text, { target: "hard" })))["labels-contradict-counts"], {
    count: 1,
  });
  t.deepEqual(await fault([record(), edited], optionsFor(text, { target: "er:2" })), {});
  // The advice holds: without counts the stored labels are the target.
  const dropped = record({
    ...edited,
    steps: edited.steps.map((step) => ({ ...step, numCompletions: 0, numCorrect: 0 })),
  });
  t.true(near((await oneOf(dropped, options)).labels, [0.9, 0.25, 1]));
  await t.throwsAsync(processExamples([edited], options), { message: /set numCompletions and numCorrect .* to 0/ });
});

test("labels of the posterior estimator are held against its own values", async (t) => {
  const options = optionsFor(await newText());
  const posterior = { estimator: { kind: "posterior", prior: [0.5, 0.5] } } as const;
  const soft = [11.5 / 17, 4.5 / 17, 1];
  t.deepEqual(await fault([record({ ...posterior, labels: { soft } })], options), {});
  const [kept, plain] = [record(), record({ index: 1, labels: { soft } })];
  t.like((await fault([kept, plain], options))["labels-contradict-counts"], { count: 1 });
});

test("the step tag inside a text, or a step without text, is a fault of its own kind", async (t) => {
  const options = optionsFor(await newText());
  const withText = (index: number, text: string) => {
    const value = record({ index });
    return { ...value, steps: value.steps.map((step, t) => (t === 1 ? { ...step, text } : step)) };
  };
  const values = [record(), withText(1, "a ки b\n"), withText(2, "a ки ки\n"), withText(3, " \n"), withText(4, "")];
  const reasons = await fault(values, options);
  t.deepEqual(
    reasons["tag-in-text"]?.first.map(({ index, found }) => [index, found]),
    [
      [1, '4 step tags " ки" for 3 steps'],
      [2, '4 step tags " ки" for 3 steps'],
    ],
  );
  t.deepEqual(
    reasons["empty-step"]?.first.map(({ index, found }) => [index, found]),
    [
      [3, 'step 1 of 3 is " \\n"'],
      [4, 'step 1 of 3 is ""'],
    ],
  );
  // One tag at the end of a step, as some policies write it, is the step's own.
  t.deepEqual(await fault([withText(5, "a ки\n")], options), {});
});

test("a record that a lenient reader could not use is counted under its reason, with its line", async (t) => {
  const options = { ...optionsFor(await newText()), file: "labels.jsonl" };
  const unfit = { problemId: "p", index: 7, unfit: "label-out-of-range", found: "soft[1] 1.5" } as const;
  const placed = { ...unfit, place: { file: "labels.jsonl", line: 12 } };
  const message = /labels\.jsonl:12 \(problem "p" solution 7: soft\[1\] 1\.5\)/;
  await t.throwsAsync(processExamples([record(), placed], options), { message });
  await t.throwsAsync(outcomeExamples([record(), placed], options), { message });
});
