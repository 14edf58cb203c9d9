// Auth's own API. The login itself is Auth's page; here we only use the cookie that it left behind.

let issuer = "";

export function useIssuer(url) {
  issuer = url;
}

/** Where to log in, and to come back from. */
export const loginUrl = () => `${issuer}/login?return_to=${encodeURIComponent(`${location.origin}/`)}`;

/** An answer that says no. `code` is the stable word of the problem details (RFC 9457). */
export class Refused extends Error {
  constructor(status, code, detail, retryAfter = null) {
    super(detail || code || `status ${status}`);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter; // seconds, with a 503
  }
}

/** The login is over: a Service no longer takes the session, or Auth no longer renews the token. */
export class Ended extends Error {}

/** No answer at all. */
export class Unreachable extends Error {}

/** The JSON of an answer; Refused when it is not a good one. */
export async function answerOf(request) {
  let response;
  try {
    response = await request;
  } catch {
    throw new Unreachable("no answer");
  }
  const text = await response.text();
  let body = null;
  try {
    body = text ? JSON.parse(text) : null;
  } catch {
    // Not JSON: the status has to do.
  }
  if (!response.ok) {
    throw new Refused(response.status, body?.code ?? "", body?.detail ?? body?.title ?? "", response.headers.get("Retry-After"));
  }
  return body;
}

/** Ask Auth in the name of the session whose cookie the browser holds. */
function asMe(path, method = "GET", body = undefined) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  const json = body === undefined ? undefined : JSON.stringify(body);
  const options = { method, headers, body: json, credentials: "include", cache: "no-store" };
  return answerOf(fetch(issuer + path, options));
}

export const me = () => asMe("/api/me");
export const logOut = () => asMe("/api/logout", "POST");
export const mySessions = () => asMe("/api/sessions");
export const endSession = (sid) => asMe(`/api/sessions/${encodeURIComponent(sid)}`, "DELETE");
export const everybodysSessions = () => asMe("/api/admin/sessions");
export const kick = (sid) => asMe(`/api/admin/sessions/${encodeURIComponent(sid)}`, "DELETE");
export const users = () => asMe("/api/admin/users?limit=500");
export const setRoles = (id, roles) => asMe(`/api/admin/users/${encodeURIComponent(id)}/roles`, "PUT", { roles });

/** The first tokens of a family, in the name of the session. `refresh` is "standard" or "renewal". */
export const firstTokens = (refresh, lifetime) => asMe("/api/tokens", "POST", { refresh, lifetime });

/** New tokens for old: needs no cookie, only what is presented. */
export function nextTokens(presented) {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify(presented);
  return answerOf(fetch(`${issuer}/api/refresh`, { method: "POST", headers, body, credentials: "omit", cache: "no-store" }));
}

export const counters = () => fetch(`${issuer}/api/counters`, { credentials: "omit", cache: "no-store" });
