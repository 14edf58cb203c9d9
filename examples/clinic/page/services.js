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
    if (pass.token() === tried) await pass.renew(error.code); // the four sections meet here: one renewal serves them all
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

/** Both Services by their names, each with a request that everybody may make: for how long does it still let us in? */
export const knocks = [
  { name: "users", knock: () => once("/api/v1/users/me") },
  { name: "appointments", knock: () => once(`${appointmentsOrigin}/api/v1/appointments/slots`) },
];

/** An answer that ends when the pass no longer holds, with the code of the refusal. */
export function endOfPass(signal) {
  return fetch("/demo/end-of-pass", { ...pass.carried(), signal, cache: "no-store" });
}

// For the demo's panels only: these are outside /api/v1 and count nothing.
export const usersCounter = () => fetch("/demo/counters", { cache: "no-store" });
export const appointmentsCounter = () =>
  fetch(`${appointmentsOrigin}/demo/counters`, { credentials: "omit", cache: "no-store" });
export const healths = () => ["", appointmentsOrigin].map((origin) => orNull(`${origin}/demo/health`));
export const authRuns = async () => (await orNull("/demo/auth"))?.running ?? null;
export const turn = (order) => answerOf(fetch(`/demo/switch/${order}`, { method: "POST" })).catch(() => {});
const orNull = (url) => answerOf(fetch(url, { credentials: "omit", cache: "no-store" })).catch(() => null);
export const rawSession = () => answerOf(fetch("/demo/session", { credentials: "same-origin", cache: "no-store" }));
