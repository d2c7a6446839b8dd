/** Waiting for what a process does, not for a time: a loaded machine may take any. */
import { setTimeout as sleep } from "node:timers/promises";

/** Resolves as soon as the condition holds; rejects when it does not within the seconds given. */
export async function until(condition: () => boolean | Promise<boolean>, seconds = 60): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`Expected within ${seconds} s: ${condition}`);
    await sleep(5);
  }
}
