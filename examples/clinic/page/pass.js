// The pass that this page carries: a session id in a cookie that scripts cannot read, or a token in this variable.
// The token is kept in memory only: nothing that could be stolen from storage, and a reload simply asks for a new one.

import * as auth from "./auth.js";

const KEPT = "clinic.choices";
const LIFETIMES = [5, 15, 60, 120, 600];

/** What the user chose; kept for the next visit. Nothing secret here. */
export const choices = { mode: "token", lifetime: 60, refresh: "standard" };

let tokens = null; // the last answer of Auth: access_token, expires_in, perhaps refresh_token
let reason = ""; // of the last renewal
let renewing = null; // the one renewal under way, shared by all who wait for it

export function recallChoices() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    if (kept.mode === "session" || kept.mode === "token") choices.mode = kept.mode;
    if (LIFETIMES.includes(kept.lifetime)) choices.lifetime = kept.lifetime;
    if (kept.refresh === "standard" || kept.refresh === "renewal") choices.refresh = kept.refresh;
  } catch {
    // Unreadable: the defaults stand.
  }
}

export function choose(changed) {
  Object.assign(choices, changed);
  localStorage.setItem(KEPT, JSON.stringify(choices));
}

export const lifetimes = () => LIFETIMES;
export const renewedBecause = () => reason;
export const token = () => tokens?.access_token ?? null;

export function forget() {
  tokens = null;
}

/** Whether the token is encrypted: five parts, of which this page can read the first. */
export const encrypted = () => token()?.split(".").length === 5;

/** When the token began and ends, in seconds: as it says, or for one that can't be read as Auth said with it. */
export function span() {
  return encrypted() ? { iat: tokens.came_at, exp: tokens.came_at + tokens.expires_in } : decoded(tokens.access_token).payload;
}

/** Milliseconds until the token is no longer good. The 401 path covers a clock that is wrong. */
export function millisecondsLeft() {
  return tokens ? span().exp * 1000 - Date.now() : 0;
}

const received = (answer) => ({ ...answer, came_at: Math.floor(Date.now() / 1000) });

/** Ask Auth for the first token, with the lifetime and the refresh form chosen on the page. */
export async function obtain() {
  tokens = received(await auth.firstTokens(choices.refresh, choices.lifetime));
}

/** A new token for the old one, and why. However many wait for it, Auth gets one request. */
export function renew(why) {
  reason = why;
  renewing ??= exchange().finally(() => {
    renewing = null;
  });
  return renewing;
}

async function exchange() {
  const presented = tokens.refresh_token
    ? { refresh_token: tokens.refresh_token }
    : { expired_token: tokens.access_token };
  try {
    tokens = received(await auth.nextTokens(presented));
  } catch (error) {
    const final = error instanceof auth.Refused && [400, 401, 403].includes(error.status);
    throw final ? new auth.Ended(error.message) : error;
  }
}

/** How a request to a Service carries the pass. */
export function carried() {
  if (choices.mode === "session") return { credentials: "include", headers: {} };
  return { credentials: "omit", headers: { Authorization: `Bearer ${tokens.access_token}` } };
}

/** The three parts of a JWT, read but not checked: good for showing, for nothing else. */
export function decoded(jwt) {
  const [header, payload, signature] = jwt.split(".");
  return { header: part(header), payload: part(payload), signature, texts: [header, payload, signature] };
}

/** Of an encrypted token: the header, and all five parts as they are. */
export function sealed(jwe) {
  const texts = jwe.split(".");
  return { header: part(texts[0]), texts };
}

function part(base64url) {
  const binary = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0))));
}
