/** Records from a stage into a run's live file: what the commands call. */
export { writing } from "../data/live-records.js";
