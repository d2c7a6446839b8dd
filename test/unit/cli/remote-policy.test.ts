import { join } from "node:path";
import test from "ava";
import { remoteOptionsOf } from "../../../src/cli/remote-policy.js";
import { makeFolder } from "../../support/folder.js";

const values = { concurrency: 1, retries: 1, requestTimeout: 1 } as Parameters<typeof remoteOptionsOf>[1];

test("a key is read from a file that holds nothing else; another file is named, and nothing of it shown", async (t) => {
  const folder = makeFolder(t, { good: "tell-nobody\n", empty: "\n", two: "tell-nobody\ntell-nobody-either\n" });
  const read = (file: string) => remoteOptionsOf("openai:http://a/v1#m", { ...values, apiKeyFile: join(folder, file) });
  t.is((await read("good")).apiKey, "tell-nobody");
  await t.throwsAsync(read("empty"), { code: "ERPRM_INVALID_DATA", message: /\/empty .*received an empty file/ });
  const error = await t.throwsAsync(read("two"), { code: "ERPRM_INVALID_DATA", message: /\/two .*received 2 words/ });
  t.false(JSON.stringify([error?.message, error]).includes("tell"));
  await t.throwsAsync(read("none"), { message: /\/none/ });
});

test.serial("our own variable goes before the common one; empty, it means that no key is sent", async (t) => {
  const before = { ...process.env };
  t.teardown(() => {
    process.env = before;
  });
  const read = async (ours: string | undefined, common: string) => {
    process.env = { ...before, OPENAI_API_KEY: common, ...(ours !== undefined && { ERPRM_OPENAI_API_KEY: ours }) };
    if (ours === undefined) delete process.env.ERPRM_OPENAI_API_KEY;
    return (await remoteOptionsOf("openai:http://a/v1#m", values)).apiKey;
  };
  t.is(await read("ours", "common"), "ours");
  t.is(await read(undefined, "common"), "common");
  t.is(await read("", "common"), undefined);
});
