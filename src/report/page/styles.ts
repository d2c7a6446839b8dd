/** The look of the page. Every colour has its light and its dark value; the ratios of both are under test. */
export const pageStyles = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#ffffff, #14171a);
  --panel: light-dark(#f5f6f7, #1d2125);
  --ink: light-dark(#1b1f23, #e6e8ea);
  --soft: light-dark(#545b62, #a9b1b9);
  --rule: light-dark(#d5d9dd, #3a4046);
  --grid: light-dark(#e8eaec, #2a2f34);
  --accent: light-dark(#0b5cad, #6cb2f7);
  --select: light-dark(#dcebfa, #1f3a55);
  --warn: light-dark(#8f3a00, #ffb27a);
  --c0: light-dark(#0b62b0, #5aaef5);
  --c1: light-dark(#c04c00, #ff9a57);
  --c2: light-dark(#00785c, #43cda4);
  --c3: light-dark(#93348f, #e58ce0);
  --c4: light-dark(#856400, #e2c04c);
  --c5: light-dark(#207a94, #74d3ec);
  --c6: light-dark(#a3283f, #ff8b9e);
  --c7: light-dark(#5b5bb0, #aeb0ff);
  --right: light-dark(#0b62b0, #5aaef5);
  --wrong: light-dark(#c04c00, #ff9a57);
  font-family: system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "DejaVu Sans", Arial, sans-serif;
  font-size: 15px;
  line-height: 1.5;
}
:root[data-theme="light"] { color-scheme: light; }
:root[data-theme="dark"] { color-scheme: dark; }
html { scroll-padding-top: 50px; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: break-word; }
header, main, footer { max-width: 1180px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 22px; }
h1 { font-size: 1.55rem; line-height: 1.25; margin: 0 0 4px; }
h2 { font-size: 1.25rem; margin: 0 0 12px; }
h3 { font-size: 1.05rem; margin: 18px 0 8px; }
h4 { font-size: 0.95rem; margin: 12px 0 4px; }
section { padding: 26px 0 6px; border-top: 1px solid var(--rule); margin-top: 24px; }
a { color: var(--accent); }
code, kbd { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 0.9em; }
code { white-space: nowrap; }
kbd { border: 1px solid var(--rule); border-bottom-width: 2px; border-radius: 4px; padding: 0 5px; background: var(--panel); }
small, .note, .bounds, .subtitle { color: var(--soft); }
.note { font-size: 0.9rem; max-width: 75em; }
.bounds { font-size: 0.82em; font-weight: normal; white-space: nowrap; }
.warning { color: var(--warn); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
button, select, input { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--rule); border-radius: 6px; padding: 4px 9px; }
button { cursor: pointer; }
button:hover { border-color: var(--accent); }
nav { position: sticky; top: 0; z-index: 5; background: var(--paper); border-bottom: 1px solid var(--rule); }
nav > div { max-width: 1280px; margin: 0 auto; padding: 5px 20px; display: flex; gap: 12px; align-items: center; font-size: 0.88rem; }
nav .links { display: flex; gap: 14px; overflow-x: auto; white-space: nowrap; padding: 4px 3px; scrollbar-width: thin; }
nav a { text-decoration: none; }
nav a:hover { text-decoration: underline; }
nav .tools { margin-left: auto; display: flex; gap: 8px; white-space: nowrap; }
nav button { padding: 2px 9px; }
figure { margin: 0 0 10px; }
figcaption { font-weight: 600; margin: 4px 0; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(350px, 100%), 1fr)); gap: 14px 22px; }
.half { min-width: 0; }
figure.lines { max-width: 860px; }
.chart { display: block; width: 100%; height: auto; overflow: visible; }
.chart text { fill: var(--soft); font-size: 12px; }
.chart .axis { fill: var(--ink); font-size: 12.5px; }
.grid line, .chart .grid line { stroke: var(--grid); }
.ticks line, .zero { stroke: var(--soft); }
.line { fill: none; stroke: var(--colour); stroke-width: 2.2; stroke-linejoin: round; }
.line.fine { stroke-width: 1.3; }
.marker { fill: var(--colour); stroke: var(--paper); stroke-width: 1; }
.band { fill: var(--colour); fill-opacity: 0.14; stroke: var(--colour); stroke-opacity: 0.35; stroke-width: 0.8; }
.band.ink { display: none; }
.emphasised .band.ink { display: inline; }
.emphasised .band { fill-opacity: 0.26; stroke-opacity: 0.7; }
.dimmed { opacity: 0.12; }
.off { display: none; }
${Array.from({ length: 8 }, (_, i) => `.c${i} { --colour: var(--c${i}); }`).join("\n")}
.ink { --colour: var(--soft); }
.bar.right { fill: var(--right); }
.bar.wrong { fill: var(--wrong); }
.bar.unknown, .bar.plain { fill: var(--soft); }
.bar.plain { opacity: 0.75; }
.bar:hover, .marker:hover { opacity: 0.75; stroke: var(--ink); }
.mean { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 4 3; fill: none; }
.ideal { stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 6 4; fill: none; }
.gap { stroke: var(--colour); stroke-width: 1.2; fill: none; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 6px; margin: 6px 0 0; }
.legend button { display: inline-flex; gap: 6px; align-items: center; padding: 1px 8px; font-size: 0.85rem; border-radius: 14px; }
.legend button svg { flex: none; }
.legend button[aria-pressed="false"] { color: var(--soft); border-style: dashed; }
.legend button[aria-pressed="false"] svg { opacity: 0.3; }
.key { display: flex; flex-wrap: wrap; gap: 4px 8px; align-items: center; font-size: 0.9rem; margin: 0 0 8px; }
.swatch { width: 14px; height: 14px; border-radius: 3px; margin-left: 10px; }
.swatch.right { background: var(--right); margin-left: 0; }
.swatch.wrong { background: var(--wrong); }
.swatch.mean { width: 22px; height: 0; border-top: 2px dashed var(--ink); }
.table { overflow-x: auto; margin: 8px 0 12px; border: 1px solid var(--rule); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-size: 0.88rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: 8px 12px; font-weight: 600; }
th, td { padding: 6px 12px; border-top: 1px solid var(--grid); text-align: left; vertical-align: top; }
thead th { background: var(--panel); color: var(--soft); font-weight: 600; vertical-align: bottom; }
tbody th { font-weight: 500; min-width: 6em; }
.number { text-align: right; white-space: nowrap; }
thead .number { white-space: normal; }
.half table { font-size: 0.82rem; }
.half th, .half td { padding: 4px 7px; }
.half tbody th { min-width: 0; white-space: nowrap; }
.half caption { padding: 6px 7px; }
td .bounds { display: block; }
.against { color: var(--soft); }
.verdict { white-space: nowrap; }
abbr { text-decoration: none; color: var(--soft); }
summary { cursor: pointer; padding: 4px 0; color: var(--accent); }
dl { margin: 4px 0 12px; font-size: 0.88rem; }
dl div { display: grid; grid-template-columns: minmax(120px, 220px) 1fr; gap: 10px; padding: 1px 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
#tip { position: fixed; z-index: 20; pointer-events: none; max-width: 320px; background: var(--ink); color: var(--paper); font-size: 0.82rem; border-radius: 6px; padding: 4px 9px; }
[hidden] { display: none !important; }
dialog { background: var(--paper); color: var(--ink); border: 1px solid var(--rule); border-radius: 10px; max-width: 480px; padding: 20px 24px; }
dialog dl div { grid-template-columns: 70px 1fr; }
dialog::backdrop { background: rgb(0 0 0 / 0.5); }
footer { color: var(--soft); font-size: 0.85rem; padding-top: 20px; padding-bottom: 40px; }
@media print {
  :root, :root[data-theme] { color-scheme: light; font-size: 11px; }
  nav, .controls, .list-pane, .legend button[aria-pressed="false"], #tip, dialog { display: none !important; }
  section, figure, .half, tr { break-inside: avoid; }
  section { break-inside: auto; }
  .bar, .chip, .ramp, .swatch { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .table { overflow: visible; border: 0; }
  .table .number, .table .bounds { white-space: normal; }
  .table th, .table td { padding: 2px 4px; min-width: 0; }
}
`;
