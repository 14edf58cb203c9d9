// The two Services. A request carries the pass; when a token has just expired, it is renewed once and the request repeated.

import { answerOf, Ended, Refused } from "./auth.js";
import * as pass from "./pass.js";

let appointmentsOrigin = "";

export function useAppointments(origin) {
  appointmentsOrigin = origin;
}

/** One request to a Service, in the mode that is chosen. Throws Ended when the pass no longer holds. */
export async function ask(url, method = "GET", body = undefined) {
  const tried = pass.token();
  try {
    return await once(url, method, body);
  } catch (error) {
    if (!(error instanceof Refused && error.status === 401)) throw error;
    if (pass.choices.mode === "session") throw new Ended(error.message);
    if (pass.token() === tried) await pass.renew(); // the four sections meet here: one renewal serves them all
    return once(url, method, body);
  }
}

function once(url, method, body) {
  const { credentials, headers } = pass.carried();
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const json = body === undefined ? undefined : JSON.stringify(body);
  return answerOf(fetch(url, { method, headers, body: json, credentials, cache: "no-store" }));
}

export const myProfile = () => ask("/api/v1/users/me");
export const people = () => ask("/api/v1/users");
export const appointments = () => ask(`${appointmentsOrigin}/api/v1/appointments`);
export const slots = () => ask(`${appointmentsOrigin}/api/v1/appointments/slots`);
export const book = (slot) => ask(`${appointmentsOrigin}/api/v1/appointments`, "POST", { slot });
export const cancel = (id) => ask(`${appointmentsOrigin}/api/v1/appointments/${id}`, "DELETE");

// For the demo's panel only: these are outside /api/v1 and count nothing.
export const usersCounter = () => fetch("/demo/counters", { cache: "no-store" });
export const appointmentsCounter = () =>
  fetch(`${appointmentsOrigin}/demo/counters`, { credentials: "omit", cache: "no-store" });
export const rawSession = () => answerOf(fetch("/demo/session", { credentials: "same-origin", cache: "no-store" }));
