// What is said of what went wrong.

import { t } from "./text.js";

/** Fields that the service points at, and what the person is told of them. */
const FIELDS = [
  [/signature$/i, "problem_signature"],
  [/(nonce|message)$/i, "problem_challenge"],
  [/^\/?grant/i, "problem_grant"],
  [/(wallet|owner|address|publickey|type)/i, "problem_wallet"],
];

/** Codes of problem documents. Those that are not here get `problem_other`. */
const CODES = {
  offline: "problem_offline",
  request_timeout: "problem_offline",
  rate_limited: "problem_rate_limited",
  overloaded: "problem_busy",
  not_ready: "problem_busy",
  node_unavailable: "problem_node",
  node_refused: "problem_node_refused",
  wrong_wallet: "problem_other_user",
  already_there: "problem_taken",
  already_used: "problem_taken",
  state_conflict: "problem_conflict",
};

/** Codes after which there is nothing more to be done here, and the view that says so. */
export const ENDS = {
  not_found: "unknown",
  link_expired: "expired",
  gone: "erased",
  token_refused: "refused",
};

/** The code after which a view is shown: as others are told, who read no words. */
export const codeOf = (view) => Object.keys(ENDS).find((code) => ENDS[code] === view) ?? view;

/** The name of the words for a problem of the service. */
export function nameOf(problem) {
  if (problem.code === "invalid_fields") {
    for (const [pattern, name] of FIELDS) {
      if (problem.fields.some((field) => pattern.test(field))) return name;
    }
  }
  return Object.hasOwn(CODES, problem.code) ? CODES[problem.code] : "problem_other";
}

/** Words for what a wallet did not do, or the service refused. */
export const wordsFor = (error, values) => () =>
  error.reason ? t(`wallet_${error.reason}`, values) : t(nameOf(error), values);
