// JSON forms of values that JSON does not have, as in the vector files: {"$date": iso}, {"$base64": text} and
// {"$undefined": true}. The Rust helper reads the same forms.

export function decodeValues(value) {
  if (Array.isArray(value)) return value.map(decodeValues);
  if (value === null || typeof value !== "object") return value;
  if ("$date" in value) return new Date(value.$date);
  if ("$base64" in value) return Buffer.from(value.$base64, "base64");
  if ("$undefined" in value) return undefined;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, decodeValues(inner)]));
}

/** Members that are undefined are left out. */
export function encodeValues(value) {
  if (Array.isArray(value)) return value.map(encodeValues);
  if (value instanceof Date) return { $date: value.toISOString() };
  if (value instanceof Uint8Array) return { $base64: Buffer.from(value).toString("base64") };
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => [key, encodeValues(inner)]),
  );
}
