/** The look of the inspector and of mathematics. */
export const inspectorStyles = `
.controls { display: flex; flex-wrap: wrap; gap: 8px 14px; align-items: end; background: var(--panel); border: 1px solid var(--rule); border-radius: 8px 8px 0 0; padding: 10px 12px; font-size: 0.88rem; }
.controls > label > span:first-child { display: block; color: var(--soft); font-size: 0.85em; }
.controls .search { flex: 1 1 200px; }
.controls .search input { width: 100%; }
.controls select { max-width: 220px; }
.outcomes { border: 0; margin: 0; padding: 0; display: flex; }
.outcomes legend { color: var(--soft); font-size: 0.85em; padding: 0; }
.outcomes label { position: relative; }
.outcomes input { position: absolute; inset: 0; opacity: 0; margin: 0; cursor: pointer; }
.outcomes span { display: block; padding: 4px 10px; border: 1px solid var(--rule); margin-left: -1px; background: var(--paper); color: var(--ink); font-size: 1rem; }
.outcomes label:first-of-type span { border-radius: 6px 0 0 6px; }
.outcomes label:last-of-type span { border-radius: 0 6px 6px 0; }
.outcomes input:checked + span { background: var(--select); border-color: var(--accent); z-index: 1; position: relative; font-weight: 600; }
.outcomes input:focus-visible + span { outline: 3px solid var(--accent); outline-offset: 1px; z-index: 2; position: relative; }
.scale { width: 190px; display: grid; grid-template-columns: auto 1fr; gap: 0 6px; font-size: 0.8em; color: var(--soft); line-height: 1.35; }
.scale .ramp { grid-column: 2; height: 12px; border-radius: 3px; }
.scale .ends { display: contents; }
.scale .ends > span { display: flex; justify-content: space-between; font-variant-numeric: tabular-nums; }
.scale .stretch { grid-column: 1 / 3; display: flex; gap: 5px; align-items: center; }
.panes { display: grid; grid-template-columns: minmax(250px, 330px) 1fr; height: min(82vh, 860px); border: 1px solid var(--rule); border-top: 0; border-radius: 0 0 8px 8px; overflow: hidden; }
.list-pane { display: flex; flex-direction: column; border-right: 1px solid var(--rule); min-height: 0; }
.list-pane .count { margin: 0; padding: 4px 12px; font-size: 0.82rem; color: var(--soft); border-bottom: 1px solid var(--rule); }
#solution-list { position: relative; overflow-y: auto; flex: 1; min-height: 0; }
#solution-list:focus-visible, #solution:focus-visible { outline-offset: -3px; }
.row { display: grid; grid-template-columns: 18px 1fr auto; gap: 2px 8px; padding: 5px 12px 6px; border-bottom: 1px solid var(--grid); cursor: pointer; font-size: 0.86rem; content-visibility: auto; contain-intrinsic-size: auto 50px; }
.row:hover { background: var(--panel); }
.row[aria-selected="true"] { background: var(--select); box-shadow: inset 4px 0 0 var(--accent); }
.row[aria-selected="true"] small { color: var(--ink); }
.row .name { min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.row .score { font-variant-numeric: tabular-nums; }
.row .strips { grid-column: 2 / 4; display: grid; gap: 2px; padding-top: 2px; }
.strip { height: 6px; border-radius: 2px; }
.mark { font-weight: 700; }
.mark.right { color: var(--right); }
.mark.wrong { color: var(--wrong); }
.row[aria-selected="true"] .mark { color: var(--ink); }
#solution { position: relative; overflow-y: auto; padding: 4px 20px 30px; min-width: 0; }
#solution h3 { margin-top: 12px; }
.question { white-space: pre-wrap; margin: 6px 0 10px; max-width: 75ch; }
.facts div { grid-template-columns: 150px 1fr; }
.step-head, .step { display: grid; grid-template-columns: 68px 68px 62px 1fr; gap: 0 4px; }
.step-head { font-size: 0.76rem; color: var(--soft); padding: 0 1px 4px; align-items: end; }
.step-head span { overflow: hidden; text-overflow: ellipsis; text-align: center; line-height: 1.2; }
.step-head span:last-child { text-align: left; padding-left: 8px; }
.steps { list-style: none; margin: 0; padding: 0; }
.steps li { margin: 0 0 3px; }
.step { width: 100%; text-align: left; padding: 0; border-radius: 6px; align-items: stretch; overflow: hidden; }
.step[aria-expanded="true"] { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
.chip { position: relative; display: grid; place-items: center; min-height: 34px; font-variant-numeric: tabular-nums; font-size: 0.88rem; }
.step .counts { display: grid; place-items: center; color: var(--soft); font-size: 0.8rem; font-variant-numeric: tabular-nums; text-align: center; line-height: 1.15; }
.text { white-space: pre-wrap; }
.step .text { padding: 5px 8px; min-width: 0; overflow-wrap: anywhere; }
.completions { margin: 4px 0 10px 12px; padding: 2px 14px 8px; border-left: 3px solid var(--accent); background: var(--panel); border-radius: 0 8px 8px 0; font-size: 0.9rem; }
.completions > p { margin: 6px 0; }
.completions ul { list-style: none; margin: 0; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(min(270px, 100%), 1fr)); gap: 0 18px; }
.completions .times { color: var(--soft); white-space: nowrap; }
::placeholder { color: var(--soft); opacity: 1; }
.completions li { display: grid; grid-template-columns: 20px 1fr; gap: 6px; padding: 6px 0; border-top: 1px solid var(--rule); }
.completions em { color: var(--warn); }
.formula.display { display: block; overflow-x: auto; padding: 4px 0; }
.formula.broken { font-family: ui-monospace, monospace; font-size: 0.9em; }
math { font-family: "Latin Modern Math", "STIX Two Math", "Cambria Math", "Noto Sans Math", math; font-size: 1.05em; }
@media (max-width: 760px) {
  .panes { grid-template-columns: 1fr; grid-template-rows: 190px 1fr; height: 92vh; }
  .list-pane { border-right: 0; border-bottom: 2px solid var(--rule); }
  #solution { padding: 0 12px 30px; }
  .step-head, .step { grid-template-columns: 50px 50px 46px 1fr; }
  .facts div { grid-template-columns: 1fr; gap: 0; }
  dl div { grid-template-columns: 1fr; gap: 0; }
}
@media print {
  .panes { display: block; height: auto; border: 0; }
  #solution { overflow: visible; padding: 0; }
}
`;
