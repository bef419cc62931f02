// Where the page goes from what the service says.

import assert from "node:assert/strict";
import { test } from "node:test";

import { bits, judge, suggest } from "../src/password.js";
import { stageOf } from "../src/stage.js";

const claim = (state, more = {}) => ({ state, delivery: "write_grant", takesGrant: false, ...more });

const STAGES = [
  [claim("open"), "connect"],
  [claim("open", { profile: { state: "pending" } }), "follow"],
  [claim("open", { profile: { state: "halted" } }), "follow"],
  [claim("open", { profile: { state: "failed" } }), "connect"],
  [claim("identified", { takesGrant: true }), "grant"],
  [claim("identified", { delivery: "inserter" }), "follow"],
  [claim("identified", { issuance: { state: "awaiting_profile" } }), "follow"],
  [claim("identified", { issuance: { state: "awaiting_grant" }, takesGrant: true }), "grant"],
  [claim("granted"), "follow"],
  // One could sign again, and need not.
  [claim("granted", { takesGrant: true }), "follow"],
  [claim("granted", { issuance: { state: "halted", halt: "node_unavailable" } }), "follow"],
  [claim("granted", { issuance: { state: "halted", halt: "grant_expired" }, takesGrant: true }), "grant"],
  [claim("writing", { issuance: { state: "uploading" } }), "follow"],
  [claim("writing", { issuance: { state: "halted", halt: "grant_used" }, takesGrant: true }), "grant"],
  // Sent by a consumer of the relay: the check comes first, whatever else there is.
  [claim("open", { relay: {} }), "connect"],
  [claim("identified", { relay: {} }), "check"],
  [claim("identified", { relay: { check: { state: "pending" } }, takesGrant: true }), "check"],
  [claim("identified", { relay: {}, issuance: { state: "awaiting_grant" }, takesGrant: true }), "grant"],
  [claim("failed", { relay: { check: { state: "declined" } } }), "failed"],
  [claim("written", { issuance: { state: "issued" } }), "done"],
  [claim("failed"), "failed"],
];

for (const [state, stage] of STAGES) {
  test(`${JSON.stringify(state)} is ${stage}`, () => assert.equal(stageOf(state), stage));
}

test("passwords are judged", () => {
  const judged = {
    short: ["", "a", "Aa1!Aa1!x", "😀😀😀😀"],
    weak: ["aaaaaaaaaaaa", "abcdefghijklmnop", "1234567890123", "password1234", "Passw0rd!!", "qwertyqwerty", "ababababababab"],
    fair: ["correcthorse", "tr0ub4dor&3x"],
    good: ["correct horse battery staple", "x7#Kp9!vQ2mZw4", suggest()],
  };
  for (const [verdict, passwords] of Object.entries(judged)) {
    for (const password of passwords) assert.equal(judge(password), verdict, `${password}: ${bits(password)}`);
  }
});

test("suggestions are long, and never the same", () => {
  const all = new Set(Array.from({ length: 200 }, suggest));
  assert.equal(all.size, 200);
  for (const password of all) assert.match(password, /^[A-HJ-NP-Za-km-z2-9]{20}$/);
});
