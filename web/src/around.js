// The page around this one, where a consumer of the relay shows it in a frame. What is told is what upstream's consumers read: `{error}` ends
// it, `{open, target, features}` has a window opened, and anything else means that it is done. So there is nothing else to say before.

/** Whom to tell: the origins that the service lets frame the page (`data-frames`), and nobody else. */
export class Around {
  #parent;
  #origins;
  #isOver = false;

  constructor(main, from = window) {
    this.#parent = from.parent === from ? null : from.parent;
    this.#origins = (main.dataset.frames ?? "").split(" ").filter((origin) => origin !== "");
  }

  /** Whether there is a page around that may know. */
  get isThere() {
    return this.#parent !== null && this.#origins.length > 0;
  }

  /** Has the page around open a window: a frame cannot always. */
  open(url) {
    this.#tell({ open: url, target: "_blank", features: "noopener,noreferrer" });
  }

  /** It is done. */
  complete() {
    this.#end({ completed: true });
  }

  /** Nothing comes of it, for a reason that has this code. */
  fail(code) {
    this.#end({ error: { code } });
  }

  // The page around takes the frame away at the first of these.
  #end(message) {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#tell(message);
  }

  #tell(message) {
    if (!this.isThere) return;
    // A browser hands it over only where the page around is of that origin.
    for (const origin of this.#origins) this.#parent.postMessage(message, origin);
  }
}
