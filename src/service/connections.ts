/** Connections: how many, how long one may stand still, and how many requests are on their way. */
import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import type { ServiceLimits } from "./limits.js";

/** Requests that were begun, and whose answer or body is on its way still. */
export class ActiveRequests {
  readonly #sockets = new Map<Socket, number>();
  #idle: (() => void)[] = [];

  watch(app: FastifyInstance): void {
    app.addHook("onRequest", async ({ raw }, reply) => {
      this.#sockets.set(raw.socket, (this.#sockets.get(raw.socket) ?? 0) + 1);
      const { socket } = raw;
      reply.raw.once("close", () => {
        // Answered before it was sent whole: for a while the client goes on sending, and reads only then (bodies.ts).
        const end = () => {
          raw.off("end", end);
          socket.off("close", end);
          this.#end(socket);
        };
        if (raw.complete || socket.destroyed) end();
        else {
          raw.once("end", end);
          socket.once("close", end);
        }
      });
    });
  }

  has(socket: Socket): boolean {
    return this.#sockets.has(socket);
  }

  /** Resolves when there are none. */
  idle(): Promise<void> {
    return this.#sockets.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  #end(socket: Socket): void {
    const left = (this.#sockets.get(socket) ?? 1) - 1;
    if (left > 0) this.#sockets.set(socket, left);
    else this.#sockets.delete(socket);
    if (this.#sockets.size > 0) return;
    const waiting = this.#idle;
    this.#idle = [];
    for (const resolve of waiting) resolve();
  }
}

/**
 * Takes no more connections and drops those that are there: to be called when no request is active. One on which a request was
 * never begun, or not to the end of its headers, would otherwise be waited for.
 */
export async function closeConnections(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

/**
 * Drops connections that stand still: between two requests, and where a client does not read its answer. One that waits for
 * an answer of ours is left alone, however long that takes.
 */
export function dropIdleConnections(server: Server, limits: ServiceLimits, active: ActiveRequests): void {
  const waitMs = limits.clientTimeoutSeconds * 1000;
  server.maxConnections = limits.maxConnections;
  server.headersTimeout = waitMs;
  // Streams may take hours; bodies have a time limit of their own.
  server.requestTimeout = 0;
  server.setTimeout(waitMs, (socket: Socket) => {
    const isOurTurn = active.has(socket) && socket.writableLength === 0;
    if (isOurTurn) socket.setTimeout(waitMs);
    else socket.destroy();
  });
}
