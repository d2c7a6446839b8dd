/** Ctrl-C, and the end of an outer time limit: no command may be left with the card's memory. */
import { killCommands } from "./command.mjs";

const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/**
 * The first signal kills the command that runs, and the stages end there; the second one ends this process.
 * @returns {{ by?: string, exitCode?: number }} filled in when it happens
 */
export function watchSignals(process, say) {
  const interrupt = {};
  for (const [name, number] of Object.entries(numbers)) {
    process.on(name, () => {
      if (interrupt.by) process.exit(128 + number);
      interrupt.by = name;
      interrupt.exitCode = 128 + number;
      say(`${name}: stopping`);
      killCommands();
    });
  }
  process.on("exit", killCommands);
  return interrupt;
}
