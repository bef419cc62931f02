// Which part of the way a claim is at. The service says how it stands; the page follows.

/** Codes of halted issuances that a new grant mends. */
const GRANT_HALTS = new Set(["grant_expired", "grant_refused", "grant_used", "owner_unknown"]);

/** States of a profile in which there is nothing to do but wait. */
const PROFILE_WAITS = new Set(["pending", "halted"]);

/** `connect`, `grant`, `follow`, `done` or `failed`. */
export function stageOf({ state, delivery, profile, issuance }) {
  switch (state) {
    case "written":
      return "done";
    case "failed":
      return "failed";
    case "granted":
    case "writing":
      return isGrantHalt(issuance) ? "grant" : "follow";
    case "identified": {
      if (delivery !== "write_grant") return "follow";
      // The issuance that waits takes a while to see the new profile.
      const waits = issuance === undefined || ["awaiting_grant", "halted"].includes(issuance.state);
      return waits ? "grant" : "follow";
    }
    default:
      return PROFILE_WAITS.has(profile?.state) ? "follow" : "connect";
  }
}

function isGrantHalt(issuance) {
  return issuance?.state === "awaiting_grant" || (issuance?.state === "halted" && GRANT_HALTS.has(issuance.halt));
}
