/** Keys. Letters work wherever nothing is typed; arrows only inside the inspector, elsewhere they scroll. */
import { byId, isTyping } from "./elements.js";
import type { Inspector } from "./inspector.js";

export function startKeyboard(inspector: Inspector | undefined, toggleTheme: () => void): void {
  const help = byId<HTMLDialogElement>("help");
  byId("help-button").addEventListener("click", () => help.showModal());
  byId("help-close").addEventListener("click", () => help.close());

  const isInside = (target: EventTarget | null) =>
    target instanceof Node && (document.getElementById("inspector-view")?.contains(target) ?? false);

  const reveal = () => {
    const view = byId("inspector-view");
    const { top, bottom } = view.getBoundingClientRect();
    if (top > window.innerHeight - 200 || bottom < 200) view.scrollIntoView({ block: "start" });
  };

  const keys: Record<string, () => void> = { "?": () => help.showModal(), t: toggleTheme };
  const arrows: Record<string, () => void> = {};
  if (inspector) {
    const solution = (by: number) => () => {
      reveal();
      inspector.moveSolution(by);
    };
    const step = (by: number) => () => {
      reveal();
      inspector.moveStep(by);
    };
    keys.j = solution(1);
    keys.k = solution(-1);
    keys.l = step(1);
    keys.h = step(-1);
    keys["/"] = () => {
      reveal();
      inspector.focusSearch();
    };
    // Left and right move nothing on a page that is no wider than its window.
    keys.ArrowRight = step(1);
    keys.ArrowLeft = step(-1);
    arrows.ArrowDown = solution(1);
    arrows.ArrowUp = solution(-1);
    arrows.PageDown = solution(10);
    arrows.PageUp = solution(-10);
    arrows.Home = solution(Number.NEGATIVE_INFINITY);
    arrows.End = solution(Number.POSITIVE_INFINITY);
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    const { key, target } = event;
    if (isTyping(target)) {
      const search = document.getElementById("search");
      if (target === search && (key === "Escape" || key === "Enter" || key === "ArrowDown")) {
        event.preventDefault();
        byId("solution-list").focus();
      }
      return;
    }
    const scrolls = target instanceof HTMLElement && target.closest(".table") !== null;
    const act =
      keys[key] && !(scrolls && key.startsWith("Arrow")) ? keys[key] : isInside(target) ? arrows[key] : undefined;
    if (!act) return;
    event.preventDefault();
    act();
  });
}
