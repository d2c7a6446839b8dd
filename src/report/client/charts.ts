/** What the pictures do: lines are switched on and off in the legend, a point tells its numbers under the pointer. */
import { byId } from "./elements.js";

function startLegend(figure: HTMLElement): void {
  const show = (series: string | undefined, isOn: boolean) => {
    for (const group of figure.querySelectorAll(`g[data-series="${series}"]`)) group.classList.toggle("off", !isOn);
  };
  for (const button of figure.querySelectorAll<HTMLButtonElement>(".legend button")) {
    button.addEventListener("click", () => {
      const isOn = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(isOn));
      show(button.dataset.series, isOn);
      emphasise(figure, button);
    });
    for (const type of ["pointerenter", "focus"]) button.addEventListener(type, () => emphasise(figure, button));
    for (const type of ["pointerleave", "blur"]) button.addEventListener(type, () => emphasise(figure));
  }
}

/** The line of the button before all others, with its band; without a button all as they were. */
function emphasise(figure: HTMLElement, button?: HTMLButtonElement): void {
  const series = button?.getAttribute("aria-pressed") === "true" ? button.dataset.series : undefined;
  for (const group of figure.querySelectorAll<SVGGElement>("g[data-series]")) {
    group.classList.toggle("emphasised", series !== undefined && group.dataset.series === series);
    group.classList.toggle("dimmed", series !== undefined && group.dataset.series !== series);
  }
}

function startTips(): void {
  const tip = byId("tip");
  document.addEventListener("pointerover", (event) => {
    const marked = event.target instanceof Element ? event.target.closest("[data-tip]") : null;
    if (!marked) {
      tip.hidden = true;
      return;
    }
    tip.textContent = marked.getAttribute("data-tip");
    tip.hidden = false;
    const at = marked.getBoundingClientRect();
    const left = at.left + at.width / 2 - tip.offsetWidth / 2;
    const above = at.top - tip.offsetHeight - 8;
    tip.style.left = `${Math.max(4, Math.min(left, window.innerWidth - tip.offsetWidth - 4))}px`;
    tip.style.top = `${above < 4 ? at.bottom + 8 : above}px`;
  });
  document.addEventListener("scroll", () => {
    tip.hidden = true;
  });
}

export function startCharts(): void {
  for (const figure of document.querySelectorAll<HTMLElement>("figure.lines")) startLegend(figure);
  startTips();
}
