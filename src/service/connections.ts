/** Connections: how many, how long one may stand still, and how many requests are on their way. */
import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import type { ServiceLimits } from "./limits.js";

/** Requests that were begun and not ended. */
export class ActiveRequests {
  readonly #sockets = new Map<Socket, number>();
  #idle: (() => void)[] = [];

  watch(app: FastifyInstance): void {
    app.addHook("onRequest", async ({ raw }, reply) => {
      this.#sockets.set(raw.socket, (this.#sockets.get(raw.socket) ?? 0) + 1);
      reply.raw.once("close", () => this.#end(raw.socket));
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
