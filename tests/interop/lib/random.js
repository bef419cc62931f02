// Reproducible randomness: a test that fails prints its seed, and the same seed gives the same inputs.

/** Small fast generator (sfc32), seeded by a number. Not for keys outside tests. */
export class Random {
  #a;
  #b;
  #c;
  #counter = 1;

  constructor(seed) {
    [this.#a, this.#b, this.#c] = [seed, seed ^ 0x9e3779b9, seed ^ 0x243f6a88];
    for (let i = 0; i < 16; i++) this.u32();
  }

  u32() {
    const t = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) | 0;
    return t >>> 0;
  }

  below(limit) {
    return this.u32() % limit;
  }

  /** True `times` times in `among`. */
  chance(times, among) {
    return this.below(among) < times;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  bytes(length) {
    const bytes = Buffer.alloc(length);
    for (let i = 0; i < length; i++) bytes[i] = this.u32() >>> 24;
    return bytes;
  }

  uuid() {
    const bytes = this.bytes(16);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  /** Text with what goes wrong in practice: escapes, controls, combining marks, both ends of the code point range. */
  text(maximum = 24) {
    let text = "";
    for (let i = this.below(maximum + 1); i > 0; i--) text += this.#character();
    return text;
  }

  #character() {
    const hard = "\"\\\n\r\t\b\f\u0000\u001f\u007f\u0080\u0085\u00a0\u2028\u2029\ufeff\ufffd\uffff<>{}|^`%'";
    switch (this.below(8)) {
      case 0:
        return this.pick([...hard]);
      case 1:
        return String.fromCodePoint(0x10000 + this.below(0x100000)); // astral
      case 2:
        return String.fromCodePoint(0xe000 + this.below(0x2000)); // sorts differently in UTF-16 and UTF-8
      case 3:
        return String.fromCodePoint(0x80 + this.below(0xd780)); // below the surrogates
      default:
        return String.fromCodePoint(0x20 + this.below(0x5f));
    }
  }

  /** Whole milliseconds between the years 0 and 9999, or, at times, beyond. */
  date() {
    if (this.chance(1, 12))
      return new Date(Date.UTC(10000 + this.below(200000), this.below(12), 1 + this.below(28)));
    if (this.chance(1, 12)) return new Date(-62198755200000 - this.below(1e9) * 1000);
    return new Date(-62167219200000 + Math.floor((this.u32() / 2 ** 32) * 315569433600000));
  }

  /** A file; every fourth ends in up to seven zero bytes, where the npm encoder goes wrong. */
  file(maximum = 64) {
    const bytes = this.bytes(this.below(maximum + 1));
    if (this.chance(1, 4)) bytes.fill(0, Math.max(0, bytes.length - 1 - this.below(7)));
    return bytes;
  }
}
