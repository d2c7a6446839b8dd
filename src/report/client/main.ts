/** The script of the page. Everything it shows comes from the JSON in the page. */
import type { ReportData } from "../report-data.js";
import { startCharts } from "./charts.js";
import { byId } from "./elements.js";
import { startInspector } from "./inspector.js";
import { startKeyboard } from "./keyboard.js";
import { startTheme } from "./theme.js";

const report = JSON.parse(byId("report-data").textContent ?? "") as ReportData;
const toggleTheme = startTheme();
startCharts();
const inspector = report.inspection.solutions.length > 0 ? startInspector(report) : undefined;
startKeyboard(inspector, toggleTheme);
