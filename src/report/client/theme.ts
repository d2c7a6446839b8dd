/** Light, dark, or as the system says. */
import { byId } from "./elements.js";

const themes = ["system", "light", "dark"] as const;
type Theme = (typeof themes)[number];
const storageKey = "erprm-report-theme";

/** Pages from a file may be denied storage; the choice is then forgotten, which is no error. */
function stored(): Theme {
  try {
    const value = localStorage.getItem(storageKey);
    return themes.find((theme) => theme === value) ?? "system";
  } catch {
    return "system";
  }
}

function store(theme: Theme): void {
  try {
    localStorage.setItem(storageKey, theme);
  } catch {
    // As above.
  }
}

export function startTheme(): () => void {
  let theme = stored();
  const button = byId("theme-button");
  const apply = () => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
  };
  const toggle = () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length] as Theme;
    store(theme);
    apply();
  };
  button.addEventListener("click", toggle);
  apply();
  return toggle;
}
