/** Programs that tests run inside the page, as texts: the compiler of the tests knows no browser. */

/** Texts that are read on too little contrast (WCAG AA: 4.5), as "ratio text"; and how many texts were looked at. */
export const readability = `(() => {
  const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const backgroundOf = (element) => {
    if (!element) return rgba(getComputedStyle(document.body).backgroundColor);
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own[3] >= 1 ? own : over(own, backgroundOf(element.parentElement));
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };
  const poor = [];
  let numTexts = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.data.trim();
    if (text === "" || ["SCRIPT", "STYLE", "NOSCRIPT", "OPTION"].includes(element.tagName) || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const ink = rgba(element instanceof SVGElement ? style.fill : style.color);
    const ground = backgroundOf(element instanceof SVGElement ? element.closest("figure, div") : element);
    const ratio = contrast(over(ink, ground), ground);
    numTexts += 1;
    if (ratio < 4.5) poor.push(ratio.toFixed(2) + " " + text.slice(0, 40));
  }
  return { poor, numTexts };
})()`;

/** Lines, markers and bars that are hard to see on the page (WCAG AA for graphics: 3). */
export const visibility = `(() => {
  const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
  const rgb = (colour) => {
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = luminance(rgb(getComputedStyle(document.body).backgroundColor));
  const poor = [];
  const marks = [...document.querySelectorAll(".line, .marker, .bar.right, .bar.wrong")];
  for (const mark of marks) {
    const style = getComputedStyle(mark);
    const own = luminance(rgb(mark.classList.contains("line") ? style.stroke : style.fill));
    const ratio = (Math.max(own, paper) + 0.05) / (Math.min(own, paper) + 0.05);
    if (ratio < 3) poor.push(ratio.toFixed(2) + " " + mark.getAttribute("class"));
  }
  return { poor, numMarks: marks.length };
})()`;

/** Every number of the page that says where it stands in the JSON. */
export const figures = `[...document.querySelectorAll("[data-path]")].map((one) => ({
  path: one.dataset.path, format: one.dataset.format, text: one.textContent,
}))`;

/** Texts of a picture that lie on one another, as "text / text"; and how many pictures were looked at. */
export const collisions = `(() => {
  const found = [];
  const charts = [...document.querySelectorAll("svg.chart")];
  for (const chart of charts) {
    const boxes = [...chart.querySelectorAll("text")].map((one) => [one.textContent, one.getBoundingClientRect()]);
    for (const [i, [text, a]] of boxes.entries())
      for (const [other, b] of boxes.slice(i + 1))
        if (a.left < b.right && b.left < a.right && a.top + 2 < b.bottom && b.top + 2 < a.bottom) found.push(text + " / " + other);
  }
  return { found, numCharts: charts.length };
})()`;
