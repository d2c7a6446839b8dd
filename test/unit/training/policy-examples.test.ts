import test from "ava";
import { loadText, type TextModel } from "../../../src/text/text-model.js";
import type { PolicyExample } from "../../../src/training/example.js";
import {
  endTokenOf,
  type PolicyExampleOptions,
  policyExamplesFromProblems,
  policyExamplesFromSolutions,
} from "../../../src/training/policy-examples.js";
import type { Solution } from "../../../src/types.js";
import { byteLevelMetadata, sentencepieceMetadata } from "../text/fixtures.js";

const chatml =
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

const chatText = () =>
  loadText({ kind: "gguf", ggufMetadata: byteLevelMetadata("smollm", { "tokenizer.chat_template": chatml }) });
const plainText = () => loadText({ kind: "gguf", ggufMetadata: byteLevelMetadata("smollm") });
const sentencepieceText = () => loadText({ kind: "gguf", ggufMetadata: sentencepieceMetadata() });

const optionsFor = (text: TextModel, more: Partial<PolicyExampleOptions> = {}): PolicyExampleOptions => ({
  text,
  vocabularySize: text.tokenizer.vocabularySize,
  maxLength: 1000,
  ...more,
});

function solution(more: Partial<Solution> = {}): Solution {
  return {
    problemId: "p",
    index: 0,
    question: "What is 2 + 3?",
    answer: "5",
    steps: ["Two and three\n", "make 5."],
    outcome: 1,
    ...more,
  };
}

const first = async (solutions: Solution[], options: PolicyExampleOptions): Promise<PolicyExample> =>
  (await policyExamplesFromSolutions(solutions, options)).store.get(0);

test("the loss covers the solution and one end token, never the prompt", async (t) => {
  for (const text of [await chatText(), await plainText(), await sentencepieceText()]) {
    const { tokenizer } = text;
    const example = await first([solution()], optionsFor(text));
    const prompt = text.encodePrompt(text.renderPrompt({ question: "What is 2 + 3?" }));
    t.deepEqual(example.tokenIds.slice(0, prompt.length), prompt);
    t.is(example.positions[0], prompt.length - 1);
    t.is(example.positions.at(-1), example.tokenIds.length - 1);
    t.is(example.positions.length, example.tokenIds.length - prompt.length + 1);
    for (const [p, position] of example.positions.entries()) {
      if (p + 1 < example.positions.length) t.is(example.tokens[p], example.tokenIds[position + 1]);
    }
    const end = endTokenOf(text);
    t.deepEqual(
      [...example.tokens].filter((id) => id === end),
      [end],
    );
    t.is(example.tokens.at(-1), end);
    t.is(tokenizer.decode(example.tokens.slice(0, -1)).trimStart(), "Two and three\nmake 5.");
    t.true(example.weights.every((weight) => weight === 1));
  }
});

test("where a token would reach over the end of the prompt, the prompt keeps the tokens that a rollout gets", async (t) => {
  const text = await plainText();
  const prompt = { template: "{question}:\n" };
  const question = "What";
  const example = await first([solution({ question, steps: ["\n\nFive."] })], optionsFor(text, { prompt }));
  const rendered = `${question}:\n`;
  const promptIds = text.encodePrompt(rendered);
  // Encoded as one text, the line ends would share a token.
  const joined = text.encodePrompt(`${rendered}\n\nFive.`);
  t.notDeepEqual(joined.slice(0, promptIds.length), promptIds);
  t.deepEqual(example.tokenIds.slice(0, promptIds.length), promptIds);
  t.is(text.tokenizer.decode(example.tokens.slice(0, -1)), "\n\nFive.");
});

test("a prompt that ends with a space takes no word of the solution with it, in SentencePiece neither", async (t) => {
  const prompt = { template: "{question}: " };
  for (const text of [await plainText(), await sentencepieceText()]) {
    const example = await first([solution({ question: "What", steps: ["the end."] })], optionsFor(text, { prompt }));
    const promptIds = text.encodePrompt("What: ");
    t.deepEqual(example.tokenIds.slice(0, promptIds.length), promptIds);
    t.is(text.tokenizer.decode(example.tokens.slice(0, -1)), "the end.");
    if (text.tokenizer.addsSpace) t.notDeepEqual(example.tokenIds, text.encodePrompt("What: the end."));
  }
});

test("a rollout keeps the tokens it was sampled with, however unusual, and its end token once", async (t) => {
  const text = await chatText();
  const steps = ["Two and three\n", "make 5."];
  const letters = [...steps.join("")].flatMap((letter) => [
    ...text.tokenizer.encode(letter, { addSpecialTokens: false }),
  ]);
  t.is(text.tokenizer.decode(letters), steps.join(""));
  const end = endTokenOf(text);
  for (const tokenIds of [letters, [...letters, end], [...letters, text.stopTokenIds[0] as number]]) {
    const example = await first([solution({ steps, tokenIds })], optionsFor(text));
    t.deepEqual([...example.tokens], [...letters, end]);
  }
});

test("tokens that do not spell the solution are not used: its text is", async (t) => {
  const text = await chatText();
  const expected = await first([solution()], optionsFor(text));
  const other = [...text.tokenizer.encode("Something else", { addSpecialTokens: false })];
  const spelled = [...text.tokenizer.encode("Two and three\nmake 5.", { addSpecialTokens: false })];
  const hidden = [...spelled.slice(0, 1), text.tokenizer.tokenToId("<|im_start|>") as number, ...spelled.slice(1)];
  for (const tokenIds of [other, [10_000_000], [], hidden]) {
    t.deepEqual(await first([solution({ tokenIds })], optionsFor(text)), expected);
  }
});

test("wrong solutions and those that were cut off are left out and counted", async (t) => {
  const text = await chatText();
  const solutions = [
    solution(),
    solution({ index: 1, outcome: 0 }),
    solution({ index: 2, finishReason: "length" }),
    solution({ index: 3, outcome: 0, finishReason: "length" }),
  ];
  const correct = await policyExamplesFromSolutions(solutions, optionsFor(text));
  t.is(correct.store.size, 1);
  t.deepEqual(correct.leftOut, { "wrong-answer": 2, "cut-off": 1 });
  const all = await policyExamplesFromSolutions(solutions, optionsFor(text, { onlyCorrect: false }));
  t.deepEqual(
    [all.store.name(0), all.store.name(1)],
    [
      { problemId: "p", index: 0 },
      { problemId: "p", index: 1 },
    ],
  );
  t.deepEqual(all.leftOut, { "cut-off": 2 });
  const error = await t.throwsAsync(policyExamplesFromSolutions(solutions.slice(1), optionsFor(text)), {
    message: /at least one record to train on, received none among 3: 2 wrong-answer; 1 cut-off/,
  });
  t.like(error, { code: "ERPRM_INVALID_DATA" });
});

test("a worked solution is trained on without the white space around it, one example a problem", async (t) => {
  const text = await chatText();
  const problems = ["A", "B"].map((id) => ({ id, question: `${id}?`, answer: "1", solution: `\n It is ${id}.\n\n` }));
  const { store } = await policyExamplesFromProblems(problems, optionsFor(text));
  t.is(store.size, 2);
  const { problemId, index, tokens } = store.get(1);
  t.deepEqual({ problemId, index }, { problemId: "B", index: 0 });
  t.is(text.tokenizer.decode(tokens.slice(0, -1)), "It is B.");
});

test("what a policy cannot be trained on is named with its reason and its place", async (t) => {
  const text = await chatText();
  const good = solution();
  const cases: [Solution, RegExp][] = [
    [
      solution({ index: 7, steps: ["word ".repeat(400)] }),
      /too-long.*record 2 \(problem "p" solution 7: \d+ tokens, the limit is 120\)/,
    ],
    [solution({ index: 7, steps: [" "] }), /no-steps.*record 2/],
    [solution({ index: 7, steps: ["It <|im_end|> ends"] }), /end-token-inside.*<\|im_end\|>/],
  ];
  for (const [bad, message] of cases) {
    await t.throwsAsync(
      policyExamplesFromSolutions([good, bad], optionsFor(text, { maxLength: 120, file: "s.jsonl" })),
      {
        message,
      },
    );
    const { store, faults, notes } = await policyExamplesFromSolutions([good, bad], {
      ...optionsFor(text, { maxLength: 120 }),
      maxFaultShare: 0.5,
    });
    t.is(store.size, 1);
    t.like(faults, { numRecords: 2, numFaulty: 1 });
    t.is(notes.length, 1);
  }
  await t.throwsAsync(policyExamplesFromSolutions([good], { ...optionsFor(text), vocabularySize: 300 }), {
    message: /unknown-token.*of 300/,
  });
  await t.throwsAsync(policyExamplesFromProblems([{ id: "x", question: "?", answer: "1" }], optionsFor(text)), {
    message: /no-solution.*record 1 \(problem "x"\)/,
  });
});

test("a model that names no single end token is refused", (t) => {
  const error = t.throws(() => endTokenOf({ stopTokenIds: [3, 4] } as unknown as TextModel), {
    message: /eos_token.*the stop tokens 3, 4/,
  });
  t.like(error, { code: "ERPRM_INVALID_DATA" });
});

test("encoding lets other work run, tells its progress and can be aborted", async (t) => {
  const text = await chatText();
  const solutions = Array.from({ length: 3000 }, (_, index) => solution({ index, question: `What is ${index}?` }));
  const counts: number[] = [];
  const started = performance.now();
  let longest = 0;
  let last = started;
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  t.teardown(() => clearInterval(timer));
  await policyExamplesFromSolutions(solutions, { ...optionsFor(text), onProgress: (count) => counts.push(count) });
  t.is(counts.at(-1), 3000);
  t.deepEqual(
    counts,
    [...counts].sort((a, b) => a - b),
  );
  t.true(counts.length > 3);
  t.true(longest < (performance.now() - started) / 2);

  const controller = new AbortController();
  const aborted = policyExamplesFromSolutions(solutions, {
    ...optionsFor(text),
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  t.like(await t.throwsAsync(aborted), { code: "ERPRM_ABORTED" });
});
