// Passwords: how good one is, as far as that can be told without a dictionary, and suggestions.

/** Fewer characters are refused. */
export const SHORTEST = 10;

/** As many as the SDK gives the passwords that it makes. */
const SUGGESTED = 20;

// Without those that are taken for each other.
const ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";

/** Words that passwords are made of most often. */
const COMMON = /passw[o0]rd|passwort|contraseña|contrasena|motdepasse|senha|qwert|azert|letmein|welcome|iloveyou|admin|idos|crypto|wallet/gi;

/** The least bits that are called good; half as many are called fair. */
const GOOD_BITS = 80;

/** What a guesser has to try, in bits: by the kinds of characters, where repetitions, runs and common words count little. */
export function bits(password) {
  const text = password.normalize("NFKC").replace(COMMON, "a");
  const characters = [...text];
  let length = 0;
  characters.forEach((character, at) => {
    const step = at === 0 ? null : character.codePointAt(0) - characters[at - 1].codePointAt(0);
    // The same again, or the next of a row.
    length += step !== null && Math.abs(step) <= 1 ? 0.25 : 1;
  });
  // Few different ones, such as one word again and again.
  length = Math.min(length, new Set(characters).size * 1.5);
  const kinds = [
    [/[a-z]/, 26],
    [/[A-Z]/, 26],
    [/[0-9]/, 10],
    [/[^A-Za-z0-9]/, 33],
  ];
  const pool = kinds.reduce((sum, [kind, size]) => sum + (kind.test(text) ? size : 0), 0);
  return pool === 0 ? 0 : length * Math.log2(pool);
}

/** "short", "weak", "fair" or "good". The first two are refused. */
export function judge(password) {
  if ([...password].length < SHORTEST) return "short";
  const found = bits(password);
  if (found < GOOD_BITS / 2) return "weak";
  return found < GOOD_BITS ? "fair" : "good";
}

/** A password of random characters, each of them equally likely. */
export function suggest() {
  let text = "";
  while (text.length < SUGGESTED) {
    // Bytes beyond the last whole multiple would make some characters likelier.
    for (const byte of crypto.getRandomValues(new Uint8Array(SUGGESTED))) {
      if (byte < 256 - (256 % ALPHABET.length) && text.length < SUGGESTED) text += ALPHABET[byte % ALPHABET.length];
    }
  }
  return text;
}
