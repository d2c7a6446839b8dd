import test from "ava";
import { html, jsonForScript } from "../../../src/report/page/markup.js";

test("what is put into a template is escaped, in text and in attributes", (t) => {
  const hostile = `"><script>alert('x')</script>&`;
  t.is(
    html`<p title="${hostile}">${hostile}</p>`.text,
    `<p title="&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;">&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;</p>`,
  );
});

test("markup of templates is not escaped again; lists are joined; nothing is nothing", (t) => {
  t.is(
    html`<ul>${[1, 2].map((n) => html`<li>${n}</li>`)}${undefined}${false}</ul>`.text,
    "<ul><li>1</li><li>2</li></ul>",
  );
});

test("no text ends the script that holds the JSON, and the JSON is the same", (t) => {
  const value = { text: "</script><!-- <script> &amp; \u2028" };
  const { text } = jsonForScript(value);
  t.notRegex(text, /[<>&]/);
  t.deepEqual(JSON.parse(text), value);
});
