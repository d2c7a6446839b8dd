import test from "ava";
import * as erprm from "../../src/index.js";

test("the library exports what its contract names", (t) => {
  const functions = [
    ...["Policy", "Grader", "ErprmError", "logMeanExp", "labelsFromCounts", "extractAnswer", "gradeAnswer"],
    ...["aggregate", "bestOfN", "majorityVote", "weightedVote", "passAtK"],
    ...["readProblems", "readSolutions", "readLabels", "readScores", "importRecords", "exportRecords"],
    ...[
      "rolloutStage",
      "labelStage",
      "labelStageWithCompletions",
      "relabelStage",
      "trainStage",
      "scoreStage",
      "evaluateStage",
      "finetuneStage",
      "searchStage",
    ],
    ...["RewardModel", "resolveConvention", "Trainer", "openTrainingBase", "saveModel", "Checkpoints"],
    ...[
      "policyExamplesFromProblems",
      "policyExamplesFromSolutions",
      "processExamples",
      "outcomeExamples",
      "stepEncoder",
    ],
    ...["beamSearch", "diverseTreeSearch", "bestOfNSearch", "readSearches"],
    ...["ExampleStore", "splitExamples", "measure", "measureWithIntervals", "calibrationTable"],
    ...["writeReport"],
  ];
  const exported = new Map<string, unknown>(Object.entries(erprm));
  for (const name of functions) t.is(typeof exported.get(name), "function", name);
});

test("log-mean-exp runs from the library and agrees with the closed form from counts", async (t) => {
  const labels = await erprm.logMeanExp(Float32Array.of(1, 0, 0, 0, 1, 1), Int32Array.of(0, 4, 6), [1, 5]);
  const closed = erprm.labelsFromCounts([4, 2], [1, 2], ["er:1", "er:5"]);
  const expected = [...(closed["er:1"] ?? []), ...(closed["er:5"] ?? [])];
  for (const [i, label] of labels.entries()) t.true(Math.abs(label - (expected[i] as number)) < 1e-6);
  await t.throwsAsync(erprm.logMeanExp(Float32Array.of(1), Int32Array.of(0, 1), [Number.NaN]), {
    instanceOf: erprm.ErprmError,
    message: /etas\[0\] to be a number/,
  });
});
