// Files inside credentials: Adobe Ascii85 between <~ and ~>, by the package that idOS consumers use.

import base85 from "base85";

/** What the package writes. It damages bytes whose last, short group is all zero: see `encodeFileRegularly`. */
export function encodeFile(bytes) {
  return base85.encode(Buffer.from(bytes), "ascii85");
}

/**
 * Reads as consumers do. The package sizes its output as if `z` were one of five characters and would cut the end
 * off; consumers therefore spell `z` out first, which is safe since `z` cannot occur inside a group.
 */
export function decodeFile(text) {
  return Buffer.from(base85.decode(text.replaceAll("z", "!!!!!"), "ascii85"));
}

/**
 * The same encoding without the package's mistake: a short last group of zeros is written as n + 1 times `!`, as
 * Ascii85 says and as every decoder reads it.
 */
export function encodeFileRegularly(bytes) {
  const tail = bytes.length % 4;
  const short = bytes.subarray(bytes.length - tail);
  if (tail === 0 || short.some((byte) => byte !== 0)) return encodeFile(bytes);

  const whole = bytes.subarray(0, bytes.length - tail);
  return `${encodeFile(whole).slice(0, -2)}${"!".repeat(tail + 1)}~>`;
}
