/**
 * Numbers of the report's JSON in the page: every one says where in the JSON it stands, so that a test (and anybody) can
 * compare the two.
 */
import type { Bounds, Estimate } from "../../evaluation/evaluation.js";
import { formatNumber, type NumberFormat } from "../number-format.js";
import { type Fragment, html, type Markup } from "./markup.js";

/** `path`: names and places from the root of the JSON, joined by dots. Undefined, which no JSON holds, is a dash and no figure. */
export function figure(path: string, value: number | null | undefined, format: NumberFormat): Markup {
  if (value === undefined) return html`${formatNumber(undefined, format)}`;
  return html`<span data-path="${path}" data-format="${format}">${formatNumber(value, format)}</span>`;
}

/** The value with its interval beneath it. */
export function estimate(path: string, { value, low, high }: Estimate, format: NumberFormat): Markup {
  return html`${figure(`${path}.value`, value, format)}${interval(path, { low, high }, format)}`;
}

/** An interval, beneath its value; `path` is its own place. Nothing where there is none. */
export function interval(path: string, bounds: Bounds | undefined, format: NumberFormat): Markup | undefined {
  if (!bounds || bounds.low === null || bounds.high === null) return undefined;
  const { low, high } = bounds;
  return html` <span class="bounds">${figure(`${path}.low`, low, format)} to ${figure(`${path}.high`, high, format)}</span>`;
}

/** The numbers of a picture, for who opens them. */
export function folded(summary: string, content: Markup): Markup {
  return html`<details><summary>${summary}</summary>${content}</details>`;
}

export interface Column {
  name: Fragment;
  /** Numbers stand to the right. */
  isNumber?: boolean;
}

/** `rows`: one fragment a column; the first is the row's name. */
export function table(caption: Fragment, columns: readonly Column[], rows: readonly (readonly Fragment[])[]): Markup {
  const kind = (i: number) => (columns[i]?.isNumber ? "number" : "text");
  return html`<div class="table" tabindex="0" role="region" aria-label="${plain(caption)}"><table>
<caption>${caption}</caption>
<thead><tr>${columns.map(({ name }, i) => html`<th scope="col" class="${kind(i)}">${name}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) =>
      html`<tr>${row.map((cell, i) => (i === 0 ? html`<th scope="row">${cell}</th>` : html`<td class="${kind(i)}">${cell}</td>`))}</tr>`,
  )}</tbody></table></div>`;
}

function plain(caption: Fragment): string {
  return typeof caption === "string" ? caption : "Table";
}

/** A section of the page; nothing in it: no section. */
export interface Section {
  id: string;
  title: string;
  content: Markup;
}
