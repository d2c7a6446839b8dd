import test, { type ExecutionContext } from "ava";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { ReportData } from "../../src/report/report-data.js";
import { writeReport } from "../../src/report/write-report.js";
import { chromiumPath, launchChromium, withoutChromium } from "../support/chromium.js";
import {
  hostile,
  labelRecords,
  makeEvaluation,
  makeFinetuning,
  makeStudy,
  scoreRecords,
} from "../support/report-study.js";
import { collisions, figures, readability, visibility } from "./in-page.js";

let browser: Browser;
let url: string;
const cleaning: (() => void)[] = [];

test.before(async () => {
  if (chromiumPath === undefined) return;
  const { folder, runs } = makeStudy({ teardown: (fn) => cleaning.push(fn) });
  const out = `${folder}/report.html`;
  await writeReport({ runs, out, version: "0.1.0", title: `A study ${hostile}` });
  url = `file://${out}`;
  browser = await launchChromium();
});

test.after.always(async () => {
  await browser?.close();
  for (const clean of cleaning) clean();
});

interface Opened {
  page: Page;
  /** What the console and the page complained of. */
  complaints: string[];
  requests: string[];
}

async function open(t: ExecutionContext, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  t.teardown(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(url);
  return { page, complaints, requests };
}

// The reason stands among the results: a row of skipped tests alone would not say it.
if (chromiumPath === undefined) test.skip(`all of this ${withoutChromium}`, (t) => t.pass());

const browserTest = chromiumPath === undefined ? test.skip : test;

const current = (page: Page) => page.locator('#solution-list [aria-selected="true"]').getAttribute("id");
const openStep = (page: Page) =>
  page.evaluate("[...document.querySelectorAll('.step')].findIndex((one) => one.ariaExpanded === 'true')");
const listed = (page: Page) => page.locator("#solution-list .row:visible").count();

browserTest("the page comes up without a complaint and asks for nothing but itself", async (t) => {
  const { page, complaints, requests } = await open(t);
  for (const key of ["j", "l", "j", "t", "?", "Escape", "/"]) await page.keyboard.press(key);
  t.deepEqual(complaints, []);
  t.deepEqual(requests, [url]);
  const sections = await page.evaluate("[...document.querySelectorAll('main > section')].map((one) => one.id)");
  const expected = [
    "accuracy",
    "comparisons",
    "discriminations",
    "calibration",
    "first-errors",
    "lengths",
    "labels",
    "scores",
    "training",
  ];
  t.deepEqual(sections, [...expected, "rounds", "inspector", "runs"]);
});

browserTest("the JSON in the page is that of the runs", async (t) => {
  const { page } = await open(t);
  const data = JSON.parse(await page.locator("#report-data").innerText()) as ReportData;
  t.deepEqual(data.evaluations[0]?.evaluation, makeEvaluation());
  t.deepEqual(data.finetunings[0]?.finetuning, makeFinetuning());
  t.is(data.inspection.solutions.length, labelRecords.length);
  for (const [i, solution] of data.inspection.solutions.entries()) {
    t.deepEqual(solution.labels, labelRecords[i]?.labels);
    t.deepEqual(solution.scores[0]?.stepScores, scoreRecords[i]?.stepScores);
  }
});

/** Written anew here, so that a fault in the page's own formats shows. */
function expectedText(value: unknown, format: string): string {
  if (value === null || value === undefined) return "–";
  const number = value as number;
  const sign = number < 0 ? "−" : "";
  const size = Math.abs(number);
  if (format === "percent") return `${sign}${(size * 100).toFixed(1)} %`;
  if (format === "share") return `${Number((size * 100).toFixed(1))} %`;
  if (format === "points") return `${number > 0 ? "+" : sign}${(size * 100).toFixed(1)}`;
  if (format === "fixed1") return `${sign}${size.toFixed(1)}`;
  if (format === "fixed3") return `${sign}${size.toFixed(3)}`;
  if (format === "pValue") return size < 0.001 ? "< 0.001" : size.toFixed(3);
  if (format === "count") return new Intl.NumberFormat("en-US").format(number);
  if (size > 0 && size < 1e-4) return sign + Number(size.toPrecision(3)).toExponential();
  return String(Number(number.toPrecision(4))).replace("-", "−");
}

browserTest("every number on the page is the number of the JSON", async (t) => {
  const { page } = await open(t);
  const data: unknown = JSON.parse(await page.locator("#report-data").innerText());
  const shown = await page.evaluate<{ path: string; format: string; text: string }[]>(figures);
  t.true(shown.length > 250, `${shown.length} numbers`);
  for (const { path, format, text } of shown) {
    const value = path
      .split(".")
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], data);
    t.is(text, expectedText(value, format), path);
  }
});

browserTest("the numbers are there without a script too", async (t) => {
  const { page } = await open(t, { javaScriptEnabled: false });
  t.true(await page.getByText("Paired comparisons of methods").isVisible());
  t.true(await page.locator("#accuracy svg.chart").isVisible());
});

browserTest("text of a model's is text: it neither runs nor becomes part of the page", async (t) => {
  const { page } = await open(t);
  await page.keyboard.press("j");
  t.is(await page.evaluate("globalThis.broken"), undefined);
  t.is(await page.locator("img").count(), 0);
  t.true((await page.locator(".question").innerText()).includes(hostile));
  t.true((await page.locator("h1").innerText()).includes(hostile));
  t.true((await page.locator(".completions").innerText()).includes(hostile));
});

browserTest("the content security policy stops a script that gets into the page all the same", async (t) => {
  const { page } = await open(t);
  await page.evaluate(
    `document.body.insertAdjacentHTML("beforeend", '<img src="x:" onerror="globalThis.broken = 3">')`,
  );
  await page.evaluate(
    `document.body.append(Object.assign(document.createElement("script"), { textContent: "globalThis.broken = 4" }))`,
  );
  t.is(await page.evaluate("globalThis.broken"), undefined);
});

browserTest("keys step through solutions and steps, search, and show help", async (t) => {
  const { page } = await open(t);
  t.is(await current(page), "solution-0");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  t.is(await current(page), "solution-1");
  t.is(await openStep(page), 0);
  await page.keyboard.press("ArrowRight");
  t.is(await openStep(page), 1);
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  t.is(await openStep(page), 0);
  await page.keyboard.press("/");
  await page.keyboard.type("jk test-3");
  t.is(await page.locator("#search").inputValue(), "jk test-3");
  await page.locator("#search").fill("test-3");
  await page.keyboard.press("Enter");
  t.is(await page.evaluate("document.activeElement.id"), "solution-list");
  await page.keyboard.press("ArrowDown");
  t.is(await current(page), "solution-13");
  t.is(await page.locator("#solution-list").getAttribute("aria-activedescendant"), "solution-13");
  await page.keyboard.press("End");
  t.is(await current(page), "solution-15");
  await page.keyboard.press("?");
  t.true(await page.locator("#help").isVisible());
  await page.keyboard.press("Escape");
  t.false(await page.locator("#help").isVisible());
});

browserTest("solutions are filtered by outcome and words, and ordered by score and label", async (t) => {
  const { page } = await open(t);
  const right = labelRecords.filter(({ outcome }) => outcome === 1).length;
  t.is(await listed(page), labelRecords.length);
  await page.getByRole("radio", { name: "right" }).check();
  t.is(await listed(page), right);
  t.is(await page.locator("#list-count").innerText(), `${right} of ${labelRecords.length} solutions`);
  await page.locator("#search").fill("WORD-test-2 pens");
  t.is(
    await listed(page),
    labelRecords.filter((r) => r.outcome === 1 && r.problemId === "word-test-2" && r.steps[0]?.text.includes("pens"))
      .length,
  );
  await page.locator("#search").fill("no such words");
  t.is(await listed(page), 0);
  await page.locator("#search").fill("");
  await page.getByRole("radio", { name: "all" }).check();
  await page.locator("#order").selectOption("score-low");
  const shown = await page.locator(".row .score").allInnerTexts();
  const expected = scoreRecords.map(({ scores }) => scores.min).sort((a, b) => a - b);
  t.deepEqual(
    shown,
    expected.map((score) => score.toFixed(3)),
  );
});

browserTest("a step shows its label, its score, its counts, and its completions underneath", async (t) => {
  const { page } = await open(t);
  const [record, score] = [labelRecords[0], scoreRecords[0]];
  const step = page.locator(".step").first();
  t.is(await step.locator(".chip.label").textContent(), `label ${record?.labels["er:1"]?.[0]?.toFixed(3)}`);
  t.is(await step.locator(".chip.score").textContent(), `score ${score?.stepScores[0]?.toFixed(3)}`);
  t.is(await step.locator(".counts").innerText(), `${record?.steps[0]?.numCorrect} / 8`);
  t.is(await page.locator(".completions li").count(), 8);
  await page.locator("#label-name").selectOption("soft");
  t.is(await step.locator(".chip.label").textContent(), `label ${record?.labels.soft?.[0]?.toFixed(3)}`);
});

browserTest("mathematics is typeset, prices are not", async (t) => {
  const { page } = await open(t);
  await page.keyboard.press("j");
  t.true((await page.locator(".steps math mfrac").count()) > 0);
  await page.keyboard.press("k");
  t.is(await page.locator(".step").first().locator("math").count(), 0);
  t.true((await page.locator(".step").first().innerText()).includes("Tom has $5 and buys 3 pens for $1 each."));
  t.true((await page.locator(".step").nth(2).locator("math").count()) === 1);
});

browserTest("a line of a chart is switched on and off by its name", async (t) => {
  const { page } = await open(t);
  const figure = page.locator("#accuracy figure.lines");
  const button = figure.getByRole("button", { name: "best-of-n er min" });
  const series = await button.getAttribute("data-series");
  const line = figure.locator(`g[data-series="${series}"] path.line`).first();
  t.true(await line.isVisible());
  await button.click();
  t.is(await button.getAttribute("aria-pressed"), "false");
  t.false(await line.isVisible());
  const point = figure.locator("circle.marker:visible[data-tip]").last();
  await point.scrollIntoViewIfNeeded();
  // Scrolling, which takes the tip away, is told a frame later.
  await page.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))");
  await point.hover();
  t.regex(await page.locator("#tip").innerText(), /%/);
});

browserTest("names of axes, numbers of ticks and counts of a picture do not lie on one another", async (t) => {
  for (const width of [1280, 700]) {
    const { page } = await open(t, { viewport: { width, height: 900 } });
    const { found, numCharts } = await page.evaluate<{ found: string[]; numCharts: number }>(collisions);
    t.true(numCharts > 20, `${numCharts} pictures`);
    t.deepEqual(found, []);
  }
});

browserTest("what the bars of a distribution say to the pointer, a table says to the keyboard", async (t) => {
  const { page } = await open(t);
  for (const section of ["labels", "scores", "calibration", "lengths"]) {
    const figure = page.locator(`#${section} figure`).first();
    await figure.locator("summary").focus();
    await page.keyboard.press("Enter");
    t.true(await figure.locator("table").isVisible(), section);
  }
  const figure = page.locator("#labels figure").nth(1);
  await figure.locator("summary").click();
  const tips = await page.evaluate<string[]>(
    "[...document.querySelectorAll('#labels figure')[1].querySelectorAll('.bar')].map((bar) => bar.dataset.tip)",
  );
  t.true(tips.length > 3);
  const rows = await figure.locator("tbody tr").allInnerTexts();
  for (const tip of tips) {
    const [, bin, count] = /^(.*): (\d+) of /.exec(tip) ?? [];
    t.true(
      rows.some((row) => row.startsWith(`${bin}\t`) && row.split("\t").includes(count as string)),
      tip,
    );
  }
});

browserTest("the theme goes from the system's to light and dark", async (t) => {
  const { page } = await open(t, { colorScheme: "dark" });
  const paper = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
  const dark = await paper();
  await page.keyboard.press("t");
  t.not(await paper(), dark);
  await page.locator("#theme-button").click();
  t.is(await paper(), dark);
  t.is(await page.locator("#theme-button").innerText(), "Theme: dark");
});

for (const colorScheme of ["light", "dark"] as const) {
  browserTest(`every text and every mark has contrast enough in the ${colorScheme} scheme`, async (t) => {
    const { page } = await open(t, { colorScheme });
    await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
    for (const key of ["j", "l"]) await page.keyboard.press(key);
    const texts = await page.evaluate<{ poor: string[]; numTexts: number }>(readability);
    t.true(texts.numTexts > 500, `${texts.numTexts} texts`);
    t.deepEqual(texts.poor, []);
    const marks = await page.evaluate<{ poor: string[]; numMarks: number }>(visibility);
    t.true(marks.numMarks > 100, `${marks.numMarks} marks`);
    t.deepEqual(marks.poor, []);
  });
}

browserTest("a narrow window needs no scrolling sideways, and neither does a printed page", async (t) => {
  const { page } = await open(t, { viewport: { width: 360, height: 740 } });
  t.true((await page.evaluate<number>("document.documentElement.scrollWidth")) <= 360);
  await page.emulateMedia({ media: "print" });
  await page.setViewportSize({ width: 794, height: 1123 });
  t.true((await page.evaluate<number>("document.documentElement.scrollWidth")) <= 794, "A4");
  t.false(await page.locator("nav").isVisible());
  t.true(await page.locator("#solution").isVisible());
});
