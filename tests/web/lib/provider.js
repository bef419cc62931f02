// An OpenID provider by others: oidc-provider, which is certified by the OpenID Foundation, with the people and clients of a test.

import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

import Provider from "oidc-provider";

/** The people there, by what they type as their login: the groups that the provider says of each. */
export const PEOPLE = {
  ada: ["everybody", "idos-admins"],
  carl: ["everybody", "compliance"],
  vera: ["everybody", "readers"],
  nobody: ["everybody"],
  groupless: undefined,
};

export const SECRET = "a secret that the provider has made";

/** A provider on this machine, for clients that come back to `returns`. */
export async function startProvider(returns) {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const client = (client_id) => ({ client_id, client_secret: SECRET, redirect_uris: [returns], grant_types: ["authorization_code"], response_types: ["code"] });
  const provider = new Provider(issuer, {
    clients: [client("console"), client("another")],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: "one" }] },
    cookies: { keys: ["keys of cookies of a test"] },
    // Codes are bound to who has asked for them, as the service asks for.
    pkce: { required: () => true },
    // What the service reads is in the ID token.
    conformIdTokenClaims: false,
    claims: { openid: ["sub"], profile: ["preferred_username", "groups"] },
    findAccount: (_, id) => (id in PEOPLE ? { accountId: id, claims: () => ({ sub: id, preferred_username: id, groups: PEOPLE[id] }) } : undefined),
  });
  const answer = provider.callback();
  /** What is changed on the way: in what the console asks, and in what the provider gives the browser to take back. */
  const way = { there: undefined, back: undefined };
  // Here, as browsers do not let a test change where a redirect leads.
  server.on("request", (request, response) => {
    if (way.there && request.url.startsWith("/auth?")) request.url = changed(request.url, issuer, way.there).slice(issuer.length);
    const { setHeader } = response;
    response.setHeader = function (name, value) {
      const isReturn = way.back && name.toLowerCase() === "location" && value.startsWith(returns);
      return setHeader.call(this, name, isReturn ? changed(value, issuer, way.back) : value);
    };
    return answer(request, response);
  });
  return {
    issuer,
    provider,
    way,
    stop: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** An address after `change` of its query. */
function changed(address, base, change) {
  const url = new URL(address, base);
  change(url.searchParams);
  return url.href;
}

/** Signs in at the provider's own pages, and agrees that the console learns who it is. */
export async function signInThere(page, login) {
  await page.locator("input[name=login]").fill(login);
  await page.locator("input[name=password]").fill("any");
  await page.locator("button[type=submit]").click();
  await agreeThere(page);
}

/** Agrees, where it asks. */
async function agreeThere(page) {
  const consent = page.locator("input[name=prompt][value=consent]");
  if (await consent.count()) await page.locator("button[type=submit]").click();
}
