// Files inside credentials: Adobe Ascii85 between <~ and ~>, by the package that idOS consumers use.

import base85 from "base85";

/** What the package writes. It damages bytes whose last, short group is all zero: see `encodeFileRegularly`. */
export function encodeFile(bytes) {
  return base85.encode(Buffer.from(bytes), "ascii85");
}

/** Reads with the package alone, as whoever takes it from npm does. It gives back too few bytes where there is a `z`. */
export function decodeFile(text) {
  return Buffer.from(base85.decode(text, "ascii85"));
}

/** Groups of zeros as five characters, which every decoder reads, instead of `z`. */
export function spellOut(text) {
  return text.replaceAll("z", "!!!!!"); // `z` cannot occur inside a group
}

/** Reads as the official SDK does, which spells out what the package would cut off. */
export function decodeFileAsSdk(text) {
  return decodeFile(spellOut(text));
}

/**
 * What every decoder reads: no `z`, and a short last group of zeros written as n + 1 times `!`, as Ascii85 says.
 */
export function encodeFileRegularly(bytes) {
  const tail = bytes.length % 4;
  const short = bytes.subarray(bytes.length - tail);
  if (tail === 0 || short.some((byte) => byte !== 0)) return spellOut(encodeFile(bytes));

  const whole = bytes.subarray(0, bytes.length - tail);
  return `${spellOut(encodeFile(whole)).slice(0, -2)}${"!".repeat(tail + 1)}~>`;
}
