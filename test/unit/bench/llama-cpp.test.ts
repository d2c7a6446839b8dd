import test from "ava";
import { librariesToLink } from "../../bench/llama-cpp.js";

test("libraries are found with a version in their names and without", (t) => {
  const others = ["libllama-common.so", "libggml-cpu-haswell.so", "llama-addon.node", "_nlcBuildMetadata.json"];
  t.deepEqual(librariesToLink([...others, "libggml.v0.5.0.so", "libllama.v0.5.0.so", "libggml-base.so"]), [
    "libllama.v0.5.0.so",
    "libggml.v0.5.0.so",
    "libggml-base.so",
  ]);
  t.deepEqual(librariesToLink([...others, "libggml.so", "libllama.so", "libggml-base.so"]), [
    "libllama.so",
    "libggml.so",
    "libggml-base.so",
  ]);
});

test("a folder without one of them is refused by its name", (t) => {
  t.throws(() => librariesToLink(["libllama.so", "libggml-base.so"]), { message: /Expected libggml among/ });
});
