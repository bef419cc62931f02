// The words: the same in every language, and for everything that can happen.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { kindOf, LANGUAGES, NAMES, setLanguage, t } from "../src/text.js";
import { nameOf } from "../src/words.js";

const placeholders = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

const sources = () => {
  const files = readdirSync(new URL("../src", import.meta.url), { recursive: true });
  return files
    .filter((file) => file.endsWith(".js") && !file.includes("lang"))
    .map((file) => readFileSync(new URL(`../src/${file}`, import.meta.url), "utf8"))
    .join("\n");
};

for (const [code, words] of Object.entries(LANGUAGES)) {
  test(`${code} says all that English says`, () => {
    assert.deepEqual(Object.keys(words).sort(), Object.keys(LANGUAGES.en).sort());
    assert.ok(NAMES[code]);
    for (const [name, text] of Object.entries(words)) {
      assert.notEqual(text.trim(), "", name);
      assert.deepEqual(placeholders(text), placeholders(LANGUAGES.en[name]), name);
      // A sentence that was left in English; single words may be the same.
      if (code !== "en" && text.length > 30) assert.notEqual(text, LANGUAGES.en[name], name);
    }
  });
}

test("everything that is said is used, and everything used is there", () => {
  const source = sources();
  // Names that are put together: `strength_${…}`.
  const prefixes = [...source.matchAll(/`(\w+_)\$\{/g)].map(([, prefix]) => prefix);
  const suffixes = [...source.matchAll(/`\$\{name\}(_\w+)`/g)].map(([, suffix]) => suffix);
  for (const name of Object.keys(LANGUAGES.en)) {
    const used =
      source.includes(`"${name}"`) ||
      prefixes.some((prefix) => name.startsWith(prefix)) ||
      suffixes.some((suffix) => name.endsWith(suffix));
    assert.ok(used, `${name} is never said`);
  }
  for (const [, name] of source.matchAll(/\bt\("(\w+)"/g)) assert.ok(LANGUAGES.en[name], name);
});

test("each kind of credential has a name of its own", () => {
  // From where the service has them.
  const described = readFileSync(new URL("../../openapi.yaml", import.meta.url), "utf8");
  const kinds = described.match(/^ {4}Kind:\n {6}type: string\n[\s\S]*?enum: \[(.*?)\]/m)[1].split(", ");
  assert.ok(kinds.length >= 5, `${kinds}`);
  for (const kind of kinds) assert.notEqual(kindOf(kind), LANGUAGES.en.kind_other, kind);
});

test("whatever a wallet or the service says has words", () => {
  const reasons = readFileSync(new URL("../src/wallets/error.js", import.meta.url), "utf8").match(/`reason` is one of: ([\s\S]*?)\*\//)[1];
  for (const [, reason] of reasons.matchAll(/`(\w+)` \(/g)) assert.ok(LANGUAGES.en[`wallet_${reason}`], reason);
  // Every code that the service has, from where the service has them.
  const problems = readFileSync(new URL("../../src/http/kit/problem.rs", import.meta.url), "utf8");
  const codes = [...problems.matchAll(/^ {8}[A-Z]\w+ = "(\w+)"/gm)].map(([, code]) => code);
  assert.ok(codes.length > 20, `${codes.length}`);
  for (const code of codes) assert.ok(LANGUAGES.en[nameOf({ code, fields: [] })], code);
  const fields = {
    "/signature": "problem_signature",
    "/wallet/signature": "problem_signature",
    "/nonce": "problem_challenge",
    "/wallet/message": "problem_challenge",
    "/grant/notAfter": "problem_grant",
    "/wallet/address": "problem_wallet",
    "/owner/publicKey": "problem_wallet",
    "/elsewhere": "problem_other",
  };
  for (const [field, name] of Object.entries(fields)) {
    assert.equal(nameOf({ code: "invalid_fields", fields: [field] }), name, field);
  }
});

test("values are put in as they are", () => {
  setLanguage("de");
  assert.equal(t("back_to", { provider: "<b>{wallet}$&</b>" }), "Zurück zu <b>{wallet}$&</b>");
  setLanguage("tlh");
  assert.equal(t("language"), "Sprache");
  setLanguage("constructor");
  assert.equal(t("language"), "Sprache");
});
