// Requests that do not give up: without end while the network is away, a few times while the server is unwell.

const PATIENCE = 8;
const LONGEST_WAIT = 15_000;
const STALLED = 60_000;
const WORTH_RETRYING = new Set([0, 408, 425, 429, 500, 502, 503, 504]);

export class Refused extends Error {
  constructor(answer, status) {
    super(answer?.message || "");
    this.code = answer?.code || "unknown";
    this.status = status;
  }
}

/** Fires "waiting" when something must be tried again, and "reconnected" when it went through. */
export class Requests extends EventTarget {
  #open = new Set();
  #stopped = false;

  /** Let requests go out again after stop(). */
  start() {
    this.#stopped = false;
  }

  /** End what is under way, but for what lasts, and try nothing again. */
  stop() {
    this.#stopped = true;
    for (const request of this.#open) request.abort();
    this.dispatchEvent(new Event("stopped"));
  }

  /** What `promise` comes to, or Refused as soon as nobody is to wait for it. */
  untilStopped(promise) {
    const stopped = new Promise((_, reject) => {
      if (this.#stopped) reject(new Refused({ code: "stopped" }, 0));
      this.addEventListener("stopped", () => reject(new Refused({ code: "stopped" }, 0)), { once: true });
    });
    return Promise.race([promise, stopped]);
  }

  /** `lasts`: what was asked once is not broken off by stop(). */
  json(method, url, body, { lasts = false } = {}) {
    const headers = { Accept: "application/json", ...(body && { "Content-Type": "application/json" }) };
    return this.patiently(() => this.once(method, url, headers, body && JSON.stringify(body), null, lasts));
  }

  async patiently(act) {
    for (let attempt = 1, answered = 0; ; attempt += 1) {
      if (this.#stopped) throw new Refused({ code: "stopped" }, 0);
      try {
        const answer = await act();
        if (attempt > 1) this.dispatchEvent(new Event("reconnected"));
        return answer;
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        if (this.#stopped) throw new Refused({ code: "stopped" }, 0);
        answered += error.status === 0 ? 0 : 1;
        const again = WORTH_RETRYING.has(error.status) || error.code === "part_damaged";
        if (!again || answered >= PATIENCE) throw error;
        if (attempt > 1 || error.status === 0) this.dispatchEvent(new Event("waiting"));
        await pause(Math.min(LONGEST_WAIT, 500 * 2 ** attempt) * (0.75 + Math.random() / 2));
      }
    }
  }

  /** One try. XMLHttpRequest and not fetch: only it reports how much of a body has left. */
  once(method, url, headers, body, progressed, lasts = false) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const watch = this.#watch(request, progressed);
      request.open(method, url);
      request.responseType = "json";
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.onloadend = () => {
        clearInterval(watch);
        this.#open.delete(request);
        if (request.status >= 200 && request.status < 300) resolve(request.response);
        else reject(new Refused(request.response, request.status));
      };
      if (!lasts) this.#open.add(request);
      request.send(body ?? null);
    });
  }

  // A connection over which nothing has moved for a minute is dead, whatever the browser believes.
  #watch(request, progressed) {
    let alive = performance.now();
    request.upload.onprogress = (event) => {
      alive = performance.now();
      progressed?.(event.loaded);
    };
    return setInterval(() => performance.now() - alive > STALLED && request.abort(), 5000);
  }
}

function pause(milliseconds) {
  return new Promise((resolve) => {
    const timer = setTimeout(go, milliseconds);
    function go() {
      clearTimeout(timer);
      removeEventListener("online", go);
      resolve();
    }
    addEventListener("online", go);
  });
}
