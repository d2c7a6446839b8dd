/** What `erprm serve` does. */
import { Policy } from "../../policy/policy.js";
import { RewardModel } from "../../reward/reward-model.js";
import { readApiKeys } from "../../service/api-keys.js";
import { createServer, type Service } from "../../service/server.js";
import { packageVersion } from "../package-build.js";
import type { OpenPolicy } from "../policy-values.js";
import type { OpenRewardModel } from "../score/reward-model-options.js";
import type { Run, Surroundings } from "../stage-command.js";
import { note } from "../with-run.js";
import { openModels, type ServedModels, type ServeValues } from "./open-models.js";
import type { serveOptions } from "./options.js";

function limitsOf(values: ServeValues) {
  return {
    maxBodyBytes: values.maxBody,
    maxItems: values.maxItems,
    maxSteps: values.maxSteps,
    maxCharacters: values.maxCharacters,
    maxQueuedTokens: values.maxQueuedTokens,
    maxCompletions: values.maxCompletions,
    maxCompletionTokens: values.maxCompletionTokens,
    maxRequestTokens: values.maxRequestTokens,
    maxUnreadBytes: values.maxUnread,
    maxQueuedCompletions: values.maxQueuedCompletions,
    clientTimeoutSeconds: values.clientTimeout,
    maxConnections: values.maxConnections,
  };
}

/** Resolves on the first signal to stop. */
function stopped({ signal }: Surroundings): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

async function startService(
  { registry }: ServedModels,
  values: ServeValues,
  { stderr }: Surroundings,
): Promise<{ service: Service; port: number }> {
  const log = (line: string) => stderr.write(`${new Date().toISOString()} ${line}\n`);
  const service = await createServer({
    models: registry,
    keys: await readApiKeys(values.apiKeyFile, process.env.ERPRM_API_KEY),
    limits: limitsOf(values),
    batching: { tokensPerBatch: values.tokensPerBatch, batchWaitMs: values.batchWait },
    log,
    accessLog: values.quiet ? () => {} : log,
    version: packageVersion(),
  });
  return { service, port: await service.listen({ host: values.host, port: values.port }) };
}

export function runServe(
  open: { rewardModel: OpenRewardModel; policy: OpenPolicy } = { rewardModel: RewardModel.open, policy: Policy.open },
): Run<typeof serveOptions> {
  return async (values, _given, surroundings) => {
    const { host, json } = values;
    const models = await openModels(values, surroundings.signal, open);
    for (const text of models.notes) note(text, values, surroundings);
    const { service, port } = await startService(models, values, surroundings);
    try {
      // Liveness answers from here on, readiness when they are there.
      await models.load();
      const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
      const names = models.registry.all().map(({ name, kind }) => ({ name, kind }));
      const shown = names.map(({ name }) => name).join(", ");
      const ready = json ? JSON.stringify({ host, port, url, models: names }) : `ready at ${url} with ${shown}`;
      surroundings.stdout.write(`${ready}\n`);
      await stopped(surroundings);
      note("shutting down; what was begun is finished, a second signal ends at once", values, surroundings);
    } finally {
      await service.drain(values.drainTimeout);
      await models.registry.dispose();
    }
  };
}
