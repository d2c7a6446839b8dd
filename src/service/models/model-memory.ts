/**
 * The memory that models of one process may take together, and who has it.
 *
 * A model is loaded when it is first used. Where there is no room for it, models that nobody uses make room, the one that was
 * used longest ago first. Where all are in use, the one chosen takes no new work, finishes what it has, and goes; what comes
 * for it meanwhile waits behind the one that wanted its place. So two models that do not fit together take turns, and
 * neither waits for ever.
 */
import { ErprmError } from "../../errors.js";
import { abortedError } from "../../policy/native-call.js";

/** A model as its memory sees it. */
export interface Tenant {
  readonly name: string;
  /** Most that it takes when it is loaded. */
  readonly bytes: number;
  /** What the bytes are for, for people: `weights 10, keys and values 20`. */
  readonly parts?: string;
  load(): Promise<void>;
  /** Frees it. */
  unload(): Promise<void>;
}

type State = "absent" | "loading" | "loaded" | "unloading";

interface Place {
  tenant: Tenant;
  state: State;
  users: number;
  /** Number of its last use; the lower, the longer ago. */
  lastUse: number;
  /** It takes no new work. */
  leaving: boolean;
}

interface Waiter {
  place: Place;
  resolve(): void;
  reject(error: unknown): void;
}

export class ModelMemory {
  /** Bytes; Infinity: no bound. */
  readonly limit: number;
  readonly #places = new Map<Tenant, Place>();
  #waiting: Waiter[] = [];
  #taken = 0;
  #uses = 0;

  constructor(limit = Number.POSITIVE_INFINITY) {
    this.limit = limit;
  }

  /** Bytes of the models that are loaded, being loaded or being freed. */
  get taken(): number {
    return this.#taken;
  }

  /** @throws ERPRM_OUT_OF_MEMORY {requestedBytes, freeBytes} for one that does not fit even alone */
  add(tenant: Tenant): void {
    if (tenant.bytes > this.limit) {
      throw new ErprmError(
        "ERPRM_OUT_OF_MEMORY",
        `Expected memory for the model ${JSON.stringify(tenant.name)}, which takes up to ${tenant.bytes} bytes${tenant.parts === undefined ? "" : ` (${tenant.parts})`}, received a bound of ${this.limit} bytes for all models`,
        { name: tenant.name, requestedBytes: tenant.bytes, freeBytes: this.limit },
      );
    }
    this.#places.set(tenant, { tenant, state: "absent", users: 0, lastUse: 0, leaving: false });
  }

  isLoaded(tenant: Tenant): boolean {
    return this.#placeOf(tenant).state === "loaded";
  }

  /** Whether it is loaded, or could be without another one having to go. */
  hasRoom(tenant: Tenant): boolean {
    return this.isLoaded(tenant) || this.#taken + tenant.bytes <= this.limit;
  }

  /**
   * Loads the model if it is not, and keeps it until `release`.
   * @throws ERPRM_ABORTED, and what loading throws
   */
  acquire(tenant: Tenant, signal?: AbortSignal): Promise<void> {
    const place = this.#placeOf(tenant);
    if (signal?.aborted) return Promise.reject(abortedError(signal));
    if (place.state === "loaded" && !place.leaving) {
      this.#use(place);
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter);
        reject(abortedError(signal as AbortSignal));
        this.#serve();
      };
      const done = () => signal?.removeEventListener("abort", leave);
      const waiter: Waiter = {
        place,
        resolve: () => {
          done();
          resolve();
        },
        reject: (error) => {
          done();
          reject(error);
        },
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#waiting.push(waiter);
      this.#serve();
    });
  }

  release(tenant: Tenant): void {
    this.#placeOf(tenant).users -= 1;
    this.#serve();
  }

  #placeOf(tenant: Tenant): Place {
    const place = this.#places.get(tenant);
    if (place === undefined) throw new ErprmError("ERPRM_INTERNAL", `${tenant.name} has no place in this memory`);
    return place;
  }

  #use(place: Place): void {
    place.users += 1;
    this.#uses += 1;
    place.lastUse = this.#uses;
  }

  /** Does for the one that waits longest what can be done now. Called whenever something has changed. */
  #serve(): void {
    for (const place of this.#places.values()) place.leaving = false;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const { place } = first;
      if (place.state === "loaded") this.#admit(place);
      else {
        if (place.state === "absent") this.#makeRoomFor(place);
        return;
      }
    }
  }

  /** All that wait for a model that is loaded. */
  #admit(place: Place): void {
    const admitted = this.#waiting.filter((waiter) => waiter.place === place);
    this.#waiting = this.#waiting.filter((waiter) => waiter.place !== place);
    for (const waiter of admitted) {
      this.#use(place);
      waiter.resolve();
    }
  }

  #makeRoomFor(place: Place): void {
    let free = this.limit - this.#taken;
    if (place.tenant.bytes <= free) {
      void this.#load(place);
      return;
    }
    for (const other of this.#places.values()) if (other.state === "unloading") free += other.tenant.bytes;
    // Those that nobody uses first: nothing has to be waited for.
    const loaded = [...this.#places.values()]
      .filter(({ state }) => state === "loaded")
      .sort((a, b) => Math.sign(a.users) - Math.sign(b.users) || a.lastUse - b.lastUse);
    for (const other of loaded) {
      if (place.tenant.bytes <= free) break;
      free += other.tenant.bytes;
      other.leaving = true;
      if (other.users === 0) void this.#unload(other);
    }
  }

  /** Never rejects. */
  async #load(place: Place): Promise<void> {
    place.state = "loading";
    this.#taken += place.tenant.bytes;
    try {
      await place.tenant.load();
      place.state = "loaded";
    } catch (error) {
      place.state = "absent";
      this.#taken -= place.tenant.bytes;
      const failed = this.#waiting.filter((waiter) => waiter.place === place);
      this.#waiting = this.#waiting.filter((waiter) => waiter.place !== place);
      for (const waiter of failed) waiter.reject(error);
    }
    this.#serve();
  }

  /** Never rejects: a model that cannot be freed keeps its place, and who waits for it is told. */
  async #unload(place: Place): Promise<void> {
    place.state = "unloading";
    try {
      await place.tenant.unload();
      place.state = "absent";
      this.#taken -= place.tenant.bytes;
    } catch (error) {
      place.state = "loaded";
      for (const waiter of this.#waiting.splice(0, 1)) waiter.reject(error);
    }
    this.#serve();
  }
}
