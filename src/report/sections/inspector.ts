/** The place of the inspector, which the page's script fills from the JSON (client/inspector.ts). */

import { cssColour, scaleColour } from "../colour-scale.js";
import { formatNumber } from "../number-format.js";
import { figure, type Section } from "../page/figure-cell.js";
import { html, type Markup } from "../page/markup.js";
import type { ReportData } from "../report-data.js";

/** The colours with the values at their ends: of labels always 0 and 1, of scores what the page's script says. */
function colourLegend(hasScores: boolean): Markup {
  const stops = Array.from({ length: 21 }, (_, i) => cssColour(scaleColour(i / 20))).join(",");
  const scores =
    hasScores &&
    html`<span class="ends">score <span id="score-ends"><span>0</span><span>1</span></span></span>
<label class="stretch"><input type="checkbox" id="stretch"><span>stretch scores</span></label>`;
  return html`<div class="scale" role="group" aria-label="Colours: orange is low, grey is the middle, blue is high">
<span class="ramp" style="background:linear-gradient(90deg,${stops})"></span>
<span class="ends">label <span><span>0</span><span>1</span></span></span>${scores}</div>`;
}

const select = (id: string, label: string) =>
  html`<label for="${id}"><span>${label}</span><select id="${id}"></select></label>`;

export function inspectorSection({ inspection, models }: ReportData): Section | undefined {
  const { solutions, numSolutions, numProblems, hasCompletions } = inspection;
  if (solutions.length === 0) return undefined;
  const isPart = solutions.length < numSolutions;
  const shownProblems = new Set(solutions.map(({ problemId }) => problemId)).size;
  const all = html`${figure("inspection.numSolutions", numSolutions, "count")} solutions of ${figure("inspection.numProblems", numProblems, "count")} problems`;
  const here = `${formatNumber(solutions.length, "count")} solutions of ${formatNumber(shownProblems, "count")} problems`;
  const many = isPart
    ? html`The runs hold ${all}; <strong>${here}</strong>, spread evenly, are here to step through.`
    : html`All ${all} are here to step through.`;
  const isMeasured = solutions.some(({ steps }) => steps.some(({ numCompletions }) => numCompletions !== undefined));
  const completions =
    isMeasured &&
    !hasCompletions &&
    html` The completions themselves were not kept, so only their counts are shown; <code>erprm label --keep-completions</code> keeps them.`;
  const content = html`<p class="note">${many}${completions} Keys: <kbd>j</kbd> <kbd>k</kbd> solutions, <kbd>←</kbd> <kbd>→</kbd> steps,
<kbd>/</kbd> search, <kbd>?</kbd> all keys.</p>
<noscript><p class="warning">Stepping through solutions needs JavaScript, which is switched off.</p></noscript>
<div class="inspector" id="inspector-view" hidden>
<form class="controls" role="search" aria-label="Solutions to show">
<label class="search" for="search"><span>Search</span><input id="search" type="search" placeholder="problem id, words of the text" autocomplete="off" spellcheck="false"></label>
<fieldset class="outcomes"><legend>Outcome</legend>${["all", "right", "wrong"].map(
    (name, i) =>
      html`<label><input type="radio" name="outcome" value="${name}"${i === 0 && html` checked`}><span>${name}</span></label>`,
  )}</fieldset>
${select("source", "Run")}
${select("label-name", "Label")}
${models.length > 0 && html`${select("model", "Score")}${select("aggregate", "Aggregate")}`}
${select("order", "Order")}
${colourLegend(models.length > 0)}
</form>
<div class="panes">
<div class="list-pane"><p id="list-count" class="count" role="status"></p>
<div id="solution-list" role="listbox" tabindex="0" aria-label="Solutions"></div></div>
<article id="solution" aria-label="Solution" tabindex="-1"></article>
</div></div>`;
  return { id: "inspector", title: "Inspector", content };
}
