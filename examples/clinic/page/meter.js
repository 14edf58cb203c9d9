// What did it cost? Read the counters before and after, and subtract. Nothing is computed from what we expect.

import * as auth from "./auth.js";
import * as services from "./services.js";

const KEPT = "clinic.totals";
const KINDS = ["session", "token", "passes"];

let tail = Promise.resolve();

/** One piece of work at a time, so that nothing else falls into the window that is being measured. */
export function alone(work) {
  const run = tail.then(work);
  tail = run.catch(() => {});
  return run;
}

/** Run the work and say what it cost: { services, auth, lookups, ms }. A figure nobody could give is null. */
export async function measured(work) {
  const before = await read();
  const started = performance.now();
  await work();
  const ms = performance.now() - started;
  const after = await read();
  const cost = (name) => difference(before[name], after[name]);
  return { services: cost("services"), auth: cost("auth"), lookups: cost("lookups"), ms };
}

// A counter that went down belongs to a process that started anew: the difference says nothing.
const difference = (before, after) => (before === null || after === null || after < before ? null : after - before);

async function read() {
  const [users, appointments, atAuth] = await Promise.all(
    [services.usersCounter(), services.appointmentsCounter(), auth.counters()].map(readOne),
  );
  return {
    services: users && appointments ? users.requests + appointments.requests : null,
    auth: atAuth ? apiRequests(atAuth.by_route) : null,
    lookups: atAuth?.lookups ?? null,
  };
}

// Every request to Auth's API counts. What the Services fetch in the background (Auth's public keys, every now and then,
// whether or not anybody loads a page) is not part of a page's cost.
const apiRequests = (byRoute) =>
  Object.entries(byRoute).reduce((sum, [route, count]) => sum + (route.includes(" /api/") ? count : 0), 0);

async function readOne(request) {
  try {
    const response = await request;
    return response.ok ? await response.json() : null;
  } catch {
    return null; // that process does not answer
  }
}

const nothing = () => ({ times: 0, services: 0, auth: 0, lookups: 0, ms: 0 });

/** The sums of this tab; they survive a reload of the page. */
export const totals = recall();

/** Add a cost to its sum. One with a figure that nobody could give stays out: the sum would be wrong. */
export function add(kind, cost) {
  if (Object.values(cost).includes(null)) return;
  const sum = totals[kind];
  sum.times += 1;
  for (const name of ["services", "auth", "lookups", "ms"]) sum[name] += cost[name];
  sessionStorage.setItem(KEPT, JSON.stringify(totals));
}

export function forgetTotals() {
  for (const kind of KINDS) totals[kind] = nothing();
  sessionStorage.removeItem(KEPT);
}

function recall() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
    return Object.fromEntries(KINDS.map((kind) => [kind, kept[kind] ?? nothing()]));
  } catch {
    return Object.fromEntries(KINDS.map((kind) => [kind, nothing()]));
  }
}
