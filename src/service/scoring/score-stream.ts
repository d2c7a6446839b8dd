/**
 * Solutions of a stream, scored while the next ones are read: one line of scores or of an error for each, in their order.
 * A stream waits for room in the queue instead of being refused, and reads no further than it may have in flight; so a
 * client that sends faster than the model scores, or reads slower, is held up by its own connection.
 */
import { abortedError } from "../../policy/native-call.js";
import type { ServiceContext } from "../context.js";
import { asErprmError, errorBody } from "../error-body.js";
import { noteFailure } from "../error-handler.js";
import { InFlight } from "./in-flight.js";
import { Pauses } from "./pauses.js";
import type { ScoreLine } from "./schema.js";
import { encodeSolution, numCharactersOf, scoredResult } from "./score-solution.js";

/** What came of one line: a solution, or why it is none. */
export type StreamEntry = { line: number } & ({ solution: ScoreLine } | { error: unknown });

/** Enough for two forward passes of short solutions. */
const maxInFlight = 128;

export async function* scoreStream(
  source: AsyncIterable<StreamEntry> | Iterable<StreamEntry>,
  context: ServiceContext,
  client: string,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const inFlight = new InFlight<object>(maxInFlight);
  const errorLine = (line: number | undefined, thrown: unknown) => {
    const error = asErprmError(thrown);
    noteFailure(context, "POST /v1/score", error);
    return { ...(line !== undefined && { line }), ...errorBody(error) };
  };
  const answer = async (entry: StreamEntry): Promise<object> => {
    const { line } = entry;
    try {
      if ("error" in entry) throw entry.error;
      const { solution } = entry;
      const model = context.models.find("reward-model", solution.model);
      const encoded = await encodeSolution(model, solution, context.limits, signal);
      const stepScores = await context.scorers.of(model).submitWhenRoom(client, encoded, signal);
      return scoredResult(model.name, solution, stepScores, encoded);
    } catch (error) {
      const { problemId, index } = "solution" in entry ? entry.solution : {};
      const told = { ...(problemId !== undefined && { problemId }), ...(index !== undefined && { index }) };
      return { ...told, ...errorLine(line, error) };
    }
  };
  const read = async () => {
    const pauses = new Pauses();
    try {
      for await (const entry of source) {
        if (!(await inFlight.room())) throw abortedError(signal);
        inFlight.add(answer(entry));
        await pauses.after("solution" in entry ? numCharactersOf(entry.solution) : 0);
      }
    } catch (error) {
      // Of the body itself: it broke off, stood still, or the service stops. It is the last line, and about none.
      inFlight.add(Promise.resolve(errorLine(undefined, error)));
    } finally {
      inFlight.end();
    }
  };
  void read();
  const stop = () => inFlight.stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    for await (const result of inFlight.results()) yield `${JSON.stringify(result)}\n`;
  } finally {
    signal.removeEventListener("abort", stop);
    // Nobody reads what the rest would say.
    inFlight.stop();
  }
}
