import { join } from "node:path";
import test from "ava";
import { builtinDirectory, builtinModels } from "../../../src/model/builtin.js";
import { openModel } from "../../../src/model/open-model.js";
import { packageRoot } from "../../../src/native/loader.js";

test("a built-in model is a directory of the package, whatever the working directory", async (t) => {
  t.is(builtinDirectory("builtin:tiny"), join(packageRoot, "models", "tiny"));
  for (const model of builtinModels) {
    const opened = await openModel(`builtin:${model}`);
    t.is(opened.path, join(packageRoot, "models", model));
    t.deepEqual(opened.notes, []);
    t.is(opened.fingerprint, (await openModel(opened.path)).fingerprint);
  }
});

test("other names are no built-in models: with the scheme an error that names those there are", (t) => {
  t.is(builtinDirectory("models/tiny"), undefined);
  t.is(builtinDirectory("tiny"), undefined);
  for (const name of ["builtin:", "builtin:huge", "builtin:../tiny", "builtin:tiny/"]) {
    t.throws(() => builtinDirectory(name), {
      code: "ERPRM_INVALID_ARGUMENT",
      message: /builtin:tiny\), received builtin:/,
    });
  }
});

test("the tiny policy takes no more than 8 MB of the package and holds between 2 and 4 million weights", async (t) => {
  const { checkpoint } = await openModel("builtin:tiny");
  const numWeights = checkpoint.tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  t.true(numWeights > 2e6 && numWeights < 4e6, `${numWeights}`);
  t.true(checkpoint.tensors.every(({ type }) => type === "BF16"));
  t.is(checkpoint.config.headSize % 16, 0);
});
