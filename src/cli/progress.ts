/**
 * Progress on standard error: on a terminal one bar with rate and time left, redrawn at most ten times a second;
 * elsewhere a line every ten seconds, and where something is to be seen. Results never pass through here.
 */

export interface ProgressOptions {
  /** What is being done: `rollout`, `label`. */
  title: string;
  /** The things counted, in the plural. */
  unit: string;
  /** How many there are in all; undefined when nobody knows. */
  total?: number | undefined;
  /** How many were there before this process started: they count as done and not for the rate. */
  done?: number;
  quiet?: boolean;
  stream?: ProgressStream;
  /** Milliseconds, monotonic. */
  now?: () => number;
}

/** The part of a TTY stream that is used. */
export interface ProgressStream {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

const redrawMs = 100;
const lineMs = 10_000;
/** Nothing was done for so long, and for three times as long as usual: the rate says nothing of the time left any more. */
const stuckMs = 10_000;

/** `4.2 s`, `83 s`, `2:05`, `1:02:03`. */
export function formatDuration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 90) return `${whole} s`;
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

export class Progress {
  readonly #options: ProgressOptions;
  readonly #stream: ProgressStream;
  readonly #now: () => number;
  readonly #startedAt: number;
  readonly #doneBefore: number;
  #done: number;
  #doneAt: number;
  #numAdvances = 0;
  #note = "";
  #shownAt: number;
  #drawn = false;
  #lastLine: string | undefined;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#stream = options.stream ?? process.stderr;
    this.#now = options.now ?? (() => performance.now());
    this.#startedAt = this.#now();
    // The first line comes after one interval, the first bar at once.
    this.#shownAt = this.#stream.isTTY ? Number.NEGATIVE_INFINITY : this.#startedAt;
    this.#doneBefore = options.done ?? 0;
    this.#done = this.#doneBefore;
    this.#doneAt = this.#startedAt;
  }

  /** `note` is shown behind the rate: `312 rollouts/s`. */
  update(done: number, note = this.#note): void {
    if (done !== this.#done) {
      this.#doneAt = this.#now();
      this.#numAdvances += 1;
    }
    this.#done = done;
    this.#note = note;
    const every = this.#stream.isTTY ? redrawMs : lineMs;
    if (this.#options.quiet || this.#now() - this.#shownAt < every) return;
    this.#show();
  }

  /** Where there is no terminal: the state as a line, whenever the last one was. */
  line(): void {
    if (!this.#options.quiet && !this.#stream.isTTY && this.text() !== this.#lastLine) this.#show();
  }

  /** Takes the bar off the terminal, so that other lines can be written. */
  end(): void {
    if (this.#drawn) this.#stream.write("\r\x1b[K");
    this.#drawn = false;
  }

  #show(): void {
    this.#shownAt = this.#now();
    const text = this.text();
    if (!this.#stream.isTTY) {
      this.#lastLine = text;
      this.#stream.write(`erprm: ${text}\n`);
      return;
    }
    // A terminal that does not know its width says 0.
    const width = Math.max(20, (this.#stream.columns || 80) - 1);
    this.#stream.write(`\r\x1b[K${this.#bar()}${text}`.slice(0, width + 4));
    this.#drawn = true;
  }

  #bar(): string {
    const { total } = this.#options;
    if (total === undefined || total === 0) return "";
    const cells = 20;
    const filled = Math.min(cells, Math.floor((cells * this.#done) / total));
    return `[${"=".repeat(filled)}${" ".repeat(cells - filled)}] `;
  }

  /** Milliseconds since something was done, where that is unusually long. */
  #stuck(): number | undefined {
    const since = this.#now() - this.#doneAt;
    const usual = (this.#doneAt - this.#startedAt) / this.#numAdvances;
    return since > Math.max(stuckMs, 3 * usual) ? since : undefined;
  }

  /** `label 12/80 solutions, 0.4 solutions/s, 2:50 left`, or `nothing done for 25 s` in the place of the time left. */
  text(): string {
    const { title, unit, total } = this.#options;
    const seconds = (this.#now() - this.#startedAt) / 1000;
    const rate = seconds > 0 ? (this.#done - this.#doneBefore) / seconds : 0;
    const parts = [`${title} ${this.#done}${total === undefined ? "" : `/${total}`} ${unit}`];
    if (rate > 0) parts.push(`${rate >= 10 ? rate.toFixed(0) : rate.toPrecision(2)} ${unit}/s`);
    if (this.#note) parts.push(this.#note);
    if (rate > 0 && total !== undefined && this.#done < total) {
      const stuck = this.#stuck();
      const left = `${formatDuration((total - this.#done) / rate)} left`;
      parts.push(stuck === undefined ? left : `nothing done for ${formatDuration(stuck / 1000)}`);
    }
    return parts.join(", ");
  }
}
