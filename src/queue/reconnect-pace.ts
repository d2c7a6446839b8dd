/**
 * When to connect again, by the monotonic clock. The NATS client waits until its own clock, which people set, has passed the time of
 * the last attempt by what its delay handler says: minus infinity is always past, and anything else is waited for no longer than that.
 */

const jitterMs = 100;

/** A delay handler of the NATS client. @param now milliseconds, monotonic */
export function reconnectPace(pauseMs: number, now = () => performance.now()): () => number {
  let nextAt = Number.NEGATIVE_INFINITY;
  return () => {
    const leftMs = nextAt - now();
    if (leftMs > 0) return leftMs;
    // Workers that lost their server together do not come back in the same moment.
    nextAt = now() + pauseMs + jitterMs * Math.random();
    return Number.NEGATIVE_INFINITY;
  };
}
