/** The codes of native code and of TypeScript are one list with one meaning. */
import test from "ava";
import { errorCategories } from "../../src/errors.js";
import { loadNative } from "../../src/native/loader.js";

test("native code and TypeScript know the same error codes, in the same categories", (t) => {
  t.deepEqual({ ...loadNative().errorCodes }, { ...errorCategories });
});

test("the addon tells what it was built with", (t) => {
  const { libtorch, compiler, cuda, kernels } = loadNative().buildInfo;
  t.regex(libtorch, /^2\.1[1-4]\.\d+$/);
  t.regex(compiler, /^\d+\.\d+/);
  t.is(typeof cuda, "boolean");
  t.true(["amx", "avx512", "avx2", "generic"].includes(kernels));
});
