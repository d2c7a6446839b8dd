import test from "ava";
import { ErprmError } from "../../../src/errors.js";
import { ApiKeys, readApiKeys } from "../../../src/service/api-keys.js";
import { makeFolder } from "../../support/folder.js";

const [first, second] = ["first-key-0123456789", "second-key-0123456789"];

test("keys come from a file, one a line, and from the environment, separated by commas", async (t) => {
  const folder = makeFolder(t, { "keys.txt": `# of the lab\n${first}\r\n\n  ${second}\n` });
  const keys = await readApiKeys(`${folder}/keys.txt`, "third-key-0123456789,fourth-key-0123456789");
  t.is(keys.count, 4);
  t.deepEqual([keys.find(first), keys.find("fourth-key-0123456789")], [2, 1]);
  t.is(keys.find("# of the lab"), undefined);
  t.is(keys.find(`${first} `), undefined);
  t.is(keys.find(""), undefined);
});

test("no file and no environment is no key", async (t) => {
  t.is((await readApiKeys(undefined, undefined)).count, 0);
});

test("a key that is too short to be one is refused by file and line, and not shown", async (t) => {
  const folder = makeFolder(t, { "keys.txt": `${first}\nhunter2\n`, "empty.txt": "# none\n" });
  const short = await t.throwsAsync(readApiKeys(`${folder}/keys.txt`, undefined), { instanceOf: ErprmError });
  t.regex(short.message, /keys\.txt:2 Expected an API key of 16 to 512/);
  t.notRegex(short.message + JSON.stringify(short.details), /hunter2/);
  t.is((await t.throwsAsync<ErprmError>(readApiKeys(`${folder}/empty.txt`, undefined))).code, "ERPRM_INVALID_DATA");
  t.is((await t.throwsAsync<ErprmError>(readApiKeys(`${folder}/none.txt`, undefined))).code, "ERPRM_NOT_FOUND");
  t.throws(() => new ApiKeys().add("with a space in it all", "k"), { message: /visible ASCII/ });
});
