/**
 * What travels through the queue: the announcement of a run, units of work, their results, and what workers say of
 * themselves. All is JSON, compressed where it is long; what comes from outside is checked here, before anybody computes with it.
 */
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { z } from "zod";
import { ErprmError } from "../errors.js";

/** Of the messages: a worker or writer of another one is refused. */
export const protocolVersion = 1;

const count = z.number().int().min(0);
const process = z.object({ id: z.string().min(1), host: z.string(), pid: count });

/** A writer or a worker. */
export type QueueProcess = z.infer<typeof process>;

export const announcement = z.object({
  version: z.number(),
  run: z.string().regex(/^[0-9a-f]{16}$/),
  stage: z.string(),
  /** Fingerprint of each model, by what it is to the stage. */
  models: z.record(z.string(), z.string()),
  build: z.record(z.string(), z.unknown()),
  /** What the stage's workers need to know; they check it. */
  settings: z.unknown(),
  numUnits: count,
  ackWaitSeconds: z.number().positive(),
  maxTries: count.min(2),
  writer: process,
});
/** A run whose units are on a server. */
export type Announcement = z.infer<typeof announcement>;

const unitResult = z.object({
  worker: process,
  /** Seconds it took. */
  seconds: z.number().min(0),
  /** Times that the unit was handed out. */
  tries: count,
  /** Absent: it failed. */
  records: z.record(z.string(), z.array(z.unknown())).optional(),
  /** What was counted on the way, for the manifest. */
  counts: z.record(z.string(), z.number()).optional(),
  /** Why there are no records. */
  failure: z.object({ reason: z.string(), code: z.string().optional() }).optional(),
});
/** What became of a unit. */
export type UnitResult = z.infer<typeof unitResult>;

const workerState = z.object({
  worker: process,
  /** Units that it finished, since it began. */
  done: count,
  /** Those that it holds. */
  holds: z.array(z.object({ place: count, name: z.string(), seconds: z.number().min(0) })),
  /** It says goodbye. */
  left: z.boolean(),
});
export type WorkerState = z.infer<typeof workerState>;

/** More would be no message of ours. */
const maxUncompressedBytes = 1 << 30;

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** Below this, compressing costs more than it saves. */
const minCompressedBytes = 4096;
const gzipMagic = [0x1f, 0x8b];

/** Fast rather than small: texts shrink to a third at any level. */
export async function encode(value: unknown): Promise<Uint8Array> {
  const bytes = Buffer.from(JSON.stringify(value));
  return bytes.length < minCompressedBytes ? bytes : compress(bytes, { level: 1 });
}

/** @param what is sent, for the message @throws ERPRM_INVALID_DATA for bytes that are nothing of ours */
export async function decode(bytes: Uint8Array, what: string): Promise<unknown> {
  try {
    const isCompressed = bytes[0] === gzipMagic[0] && bytes[1] === gzipMagic[1];
    const json = isCompressed ? await decompress(bytes, { maxOutputLength: maxUncompressedBytes }) : Buffer.from(bytes);
    return JSON.parse(json.toString("utf8"));
  } catch (error) {
    throw broken(what, (error as Error).message, error);
  }
}

function broken(what: string, why: string, cause?: unknown): ErprmError {
  return new ErprmError(
    "ERPRM_INVALID_DATA",
    `Expected ${what} in the queue, received something else: ${why}`,
    {},
    cause,
  );
}

function checked<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const { data, error } = schema.safeParse(value);
  if (error) throw broken(what, z.prettifyError(error).replace(/\s*\n\s*/g, " "), error);
  return data as T;
}

/** @throws ERPRM_INVALID_DATA */
export function checkResult(value: unknown): UnitResult {
  return checked(unitResult, value, "the result of a unit");
}

/** @throws ERPRM_INVALID_DATA */
export function checkWorkerState(value: unknown): WorkerState {
  return checked(workerState, value, "the state of a worker");
}

/** @throws ERPRM_INVALID_DATA for what is none, or is of another version */
export function checkAnnouncement(value: unknown): Announcement {
  const version = (value as { version?: unknown } | null)?.version;
  if (typeof version === "number" && version !== protocolVersion) {
    const message = `Expected a run of the queue's version ${protocolVersion}, received version ${version}: use one release of erprm for all`;
    throw new ErprmError("ERPRM_INVALID_DATA", message, { expected: protocolVersion, received: version });
  }
  return checked(announcement, value, "a run");
}
