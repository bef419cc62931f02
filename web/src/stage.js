// Which part of the way a claim is at. The service says how it stands; the page follows.

/** States of a profile in which there is nothing to do but wait. */
const PROFILE_WAITS = new Set(["pending", "halted"]);

/** `connect`, `check`, `grant`, `follow`, `done` or `failed`. */
export function stageOf({ state, profile, issuance, takesGrant, relay }) {
  switch (state) {
    case "written":
      return "done";
    case "failed":
      return "failed";
    case "granted":
    case "writing":
      // Signed already; once more only where that one did not lead to anything.
      return takesGrant && issuance !== undefined ? "grant" : "follow";
    case "identified":
      // Who was sent by a consumer is checked before there is anything to sign.
      if (relay !== undefined && issuance === undefined) return "check";
      return takesGrant ? "grant" : "follow";
    default:
      return PROFILE_WAITS.has(profile?.state) ? "follow" : "connect";
  }
}
