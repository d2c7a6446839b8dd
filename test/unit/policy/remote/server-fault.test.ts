import test from "ava";
import { exitCodeOf } from "../../../../src/errors.js";
import {
  canRetryStatus,
  parseRetryAfter,
  ServerFault,
  serverError,
  shownBody,
} from "../../../../src/policy/remote/server-fault.js";

test("Retry-After is seconds or a date; anything else says nothing", (t) => {
  t.is(parseRetryAfter("3"), 3000);
  t.is(parseRetryAfter("0.5"), 500);
  const now = Date.parse("2026-01-01T00:00:00Z");
  t.is(parseRetryAfter("Thu, 01 Jan 2026 00:00:07 GMT", now), 7000);
  t.is(parseRetryAfter("Thu, 01 Jan 2025 00:00:07 GMT", now), 0);
  for (const value of [undefined, "", "soon", "-"]) t.is(parseRetryAfter(value, now), undefined, String(value));
});

test("statuses of the moment are asked again, statuses of the request are not", (t) => {
  for (const status of [408, 429, 500, 502, 503, 504, 529]) t.true(canRetryStatus(status), String(status));
  for (const status of [301, 400, 401, 403, 404, 413, 422, 501]) t.false(canRetryStatus(status), String(status));
});

test("of an answer's body the message is shown, in one line and not for ever", (t) => {
  t.is(shownBody('{"error": {"message": "too\\n long"}}'), "too long");
  t.is(shownBody('{"error": "busy"}'), "busy");
  t.is(shownBody('{"detail": [{"loc": ["n"]}]}'), '[{"loc":["n"]}]');
  t.is(shownBody("<html>\n busy </html>"), "<html> busy </html>");
  t.is(shownBody("null"), "null");
  t.true(shownBody("x".repeat(5000)).length < 500);
});

test("a fault that lasts ends with exit 3 and what the server said; a refused request with exit 2", (t) => {
  const busy = serverError(new ServerFault("503: loading", { canRetry: true, status: 503 }), "http://a/v1", 4);
  t.is(exitCodeOf(busy), 3);
  t.regex(
    busy.message,
    /http:\/\/a\/v1, asked for it 4 times, received at last: 503: loading; what was finished is kept/,
  );
  const refused = serverError(new ServerFault("401: no key", { canRetry: false, status: 401 }), "http://a/v1", 1);
  t.is(exitCodeOf(refused), 2);
  t.regex(refused.message, /401: no key.*ERPRM_OPENAI_API_KEY/);
});
