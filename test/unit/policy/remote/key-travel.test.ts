import test from "ava";
import { expectSafeTravel } from "../../../../src/policy/remote/key-travel.js";
import { openRemotePolicy } from "../../../../src/policy/remote/open-remote.js";
import { parseRemoteName } from "../../../../src/policy/remote/remote-name.js";

const key = { apiKey: "tell-nobody", apiKeyOverHttp: false };
const travel = (urls: string, how = key) => expectSafeTravel(parseRemoteName(`openai:${urls}#m`), how);

test("a key travels over TLS or within this machine", (t) => {
  for (const urls of [
    "https://api.example.com/v1",
    "http://localhost:8000/v1",
    "http://127.0.0.1:8000/v1,https://[2001:db8::1]/v1",
    "http://[::1]:8000/v1",
  ]) {
    t.notThrows(() => travel(urls), urls);
  }
});

test("a key that others could read on its way is refused, with the server, both ways out, and without the key", (t) => {
  for (const url of ["http://10.0.0.1:8000/v1", "http://localhost.example.com/v1", "http://[2001:db8::1]/v1"]) {
    const error = t.throws(() => travel(`https://good/v1,${url}`), { code: "ERPRM_INVALID_ARGUMENT" }, url);
    t.true(error?.message.includes(`received ${url}, `));
    t.regex(error?.message ?? "", /--api-key-over-http.*ERPRM_OPENAI_API_KEY= \(empty\)/);
    t.false(JSON.stringify([error?.message, error]).includes(key.apiKey));
  }
});

test("no key, and a key that is allowed to, go anywhere", (t) => {
  t.notThrows(() => expectSafeTravel(parseRemoteName("openai:http://10.0.0.1/v1#m"), { ...key, apiKeyOverHttp: true }));
  const none = { apiKey: undefined, apiKeyOverHttp: false };
  t.notThrows(() => expectSafeTravel(parseRemoteName("openai:http://10.0.0.1/v1#m"), none));
});

test("the servers are not asked before", async (t) => {
  const asked = openRemotePolicy("openai:http://192.0.2.1:9/v1#m", { apiKey: key.apiKey });
  await t.throwsAsync(asked, { code: "ERPRM_INVALID_ARGUMENT", message: /--api-key-over-http/ });
});
