import test from "ava";
import { isRemoteName, parseRemoteName } from "../../../../src/policy/remote/remote-name.js";

test("a name holds one or several base URLs and the model, which may hold anything", (t) => {
  t.deepEqual(parseRemoteName("openai:http://127.0.0.1:8000/v1#Qwen/Qwen2.5-7B#1"), {
    baseUrls: ["http://127.0.0.1:8000/v1"],
    model: "Qwen/Qwen2.5-7B#1",
  });
  t.deepEqual(parseRemoteName("openai:http://a:1/v1/,https://b/x/v1#m").baseUrls, ["http://a:1/v1", "https://b/x/v1"]);
  t.true(isRemoteName("openai:http://a/v1#m"));
  t.false(isRemoteName("models/openai"));
});

test("another form is refused, and the message shows the right one", (t) => {
  for (const name of [
    "openai:http://a/v1",
    "openai:http://a/v1#",
    "openai:#m",
    "openai:a:8000#m",
    "openai:ftp://a/v1#m",
  ]) {
    t.throws(() => parseRemoteName(name), { code: "ERPRM_INVALID_ARGUMENT", message: /openai:URL#MODEL/ }, name);
  }
  t.throws(() => parseRemoteName("openai:http://a/v1,http://a/v1/#m"), { message: /every URL once/ });
});

test("a password in the URL is refused, and not shown", (t) => {
  t.throws(() => parseRemoteName("openai:http://me:secret@a/v1#m"), { message: /ERPRM_OPENAI_API_KEY/ });
  for (const name of [
    "openai:http://me:secret@a/v1#m",
    "openai:http://me:secret@a/v1",
    "openai:http://me:secret@a:99999/v1#m",
    "openai:http://b/v1,https://me:sec/ret@a/v1?x=1#m",
    "openai:http://a/v1?key=secret#m",
    "openai:http://a/v1?key=secret",
  ]) {
    const error = t.throws(() => parseRemoteName(name), { code: "ERPRM_INVALID_ARGUMENT" }, name);
    t.notRegex(JSON.stringify([error?.message, error]), /sec|me:/, name);
  }
});
