import test from "ava";
import { RunProgress } from "../../../src/cli/run-progress.js";
import type { RolloutPolicy } from "../../../src/policy/rollout-policy.js";

function shown(policy: Partial<RolloutPolicy>): string {
  let text = "";
  const write = (part: string) => {
    text += part;
  };
  const options = {
    title: "label",
    unit: "solutions",
    total: 4,
    done: 0,
    stream: { isTTY: true, columns: 200, write },
  };
  const progress = new RunProgress(policy as RolloutPolicy, options);
  progress.advance();
  progress.end();
  return text;
}

test("the progress line has the policy's rates, and what a policy behind servers says of its requests", (t) => {
  const stats = () => ({ completions: 8, completionTokens: 80, promptTokens: 0 });
  t.regex(shown({ stats }), /label 1\/4 solutions, .*rollouts\/s, \d+ tokens\/s, /);
  const note = "7 requests in flight, 2 asked again";
  t.regex(shown({ stats, progressNote: () => note }), /tokens\/s, 7 requests in flight, 2 asked again/);
  const nothing = () => ({ completions: 0, completionTokens: 0, promptTokens: 0 });
  t.notRegex(shown({ stats: nothing }), /rollouts/);
  t.regex(shown({ stats: nothing, progressNote: () => note }), /solutions\/s, 7 requests/);
});
