/**
 * The page: one file with everything in it. Its content security policy names the scripts by their hashes and allows no
 * connection, so that nothing a model wrote can run or be sent anywhere.
 */
import { createHash } from "node:crypto";
import type { ReportData } from "../report-data.js";
import { accuracySection } from "../sections/accuracy.js";
import { calibrationSection } from "../sections/calibration.js";
import { comparedFinetuningsSection } from "../sections/compared-finetunings.js";
import { comparisonsSection } from "../sections/comparisons.js";
import { discriminationsSection } from "../sections/discriminations.js";
import { labelsSection, scoresSection } from "../sections/distributions.js";
import { firstErrorsSection, lengthsSection } from "../sections/first-errors.js";
import { inspectorSection } from "../sections/inspector.js";
import { roundsSection } from "../sections/rounds.js";
import { runsSection } from "../sections/runs.js";
import { trainingSection } from "../sections/training.js";
import type { Section } from "./figure-cell.js";
import { inspectorStyles } from "./inspector-styles.js";
import { html, jsonForScript, type Markup, trusted } from "./markup.js";
import { pageStyles } from "./styles.js";

const makers: readonly ((data: ReportData) => Section | undefined)[] = [
  accuracySection,
  comparisonsSection,
  discriminationsSection,
  calibrationSection,
  firstErrorsSection,
  lengthsSection,
  labelsSection,
  scoresSection,
  trainingSection,
  roundsSection,
  comparedFinetuningsSection,
  inspectorSection,
  runsSection,
];

export function sectionsOf(data: ReportData): Section[] {
  return makers.map((make) => make(data)).filter((section) => section !== undefined);
}

const keys: readonly (readonly [keys: readonly string[], what: string])[] = [
  [["j", "k"], "next, previous solution"],
  [["↓", "↑"], "the same, while the inspector has the focus"],
  [["→", "←"], "next, previous step (also l and h)"],
  [["/"], "search; Esc or Enter goes back to the list"],
  [["t"], "theme: system, light, dark"],
  [["?"], "this help"],
];

const help = html`<dialog id="help" aria-labelledby="help-title"><h2 id="help-title">Keys</h2>
<dl>${keys.map(([names, what]) => html`<div><dt>${names.map((name) => html`<kbd>${name}</kbd> `)}</dt><dd>${what}</dd></div>`)}</dl>
<button type="button" id="help-close">Close</button></dialog>`;

function hash(script: string): string {
  return `'sha256-${createHash("sha256").update(script).digest("base64")}'`;
}

export interface PageParts {
  data: ReportData;
  /** Scripts in their order; the last one is the page's own module. */
  typesetter?: string | undefined;
  script: string;
  version?: string | undefined;
}

export function page({ data, typesetter, script, version }: PageParts): string {
  const sections = sectionsOf(data);
  const scripts = [typesetter, script].filter((text) => text !== undefined);
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src ${scripts.map(hash).join(" ")}; base-uri 'none'; form-action 'none'`;
  const program = version === undefined ? "erprm" : `erprm ${version}`;
  const stages = [...new Set(data.runs.map(({ stage }) => stage))].join(", ");
  const markup: Markup = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="${program}">
<title>${data.title} – erprm report</title>
<style>${trusted(pageStyles)}${trusted(inspectorStyles)}</style>
</head>
<body>
<header><h1>${data.title}</h1><p class="subtitle">Report of ${data.runs.length === 1 ? "one run" : `${data.runs.length} runs`} (${stages})</p>
${data.notes.map((note) => html`<p class="warning">${note}</p>`)}</header>
<nav aria-label="Sections"><div><span class="links">${sections.map(({ id, title }) => html`<a href="#${id}">${title}</a>`)}</span>
<span class="tools"><button type="button" id="theme-button">Theme</button><button type="button" id="help-button" aria-label="Keys">?</button></span></div></nav>
<main>${sections.map(({ id, title, content }) => html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>${content}</section>`)}</main>
<footer>Made by ${program}. Every number on this page is in the JSON it contains.</footer>
<div id="tip" role="status" hidden></div>
${help}
<script type="application/json" id="report-data">${jsonForScript(data)}</script>
${typesetter !== undefined && html`<script>${trusted(typesetter)}</script>`}
<script type="module">${trusted(script)}</script>
</body>
</html>
`;
  return markup.text;
}
