// How old each Service's view of the revocations is, what its contract then does, and the switch that stops Auth.

import { byId, element, fill } from "./dom.js";
import * as services from "./services.js";

const EVERY = 1_000; // milliseconds

let limit = 0; // seconds: the contract's max_staleness
let running = true; // Auth
let inTime = true; // every Service's view

/** Look once a second. `on` is told when Auth stops and starts, when a view gets too old, and when all is well again. */
export function watch(seconds, on) {
  limit = seconds;
  fill(byId("contract"), `Their contract in this demo: a view older than ${limit} s is too old. Then a Service answers 503 with Retry-After: `,
    "rather nobody for a moment than somebody who was kicked out. Nobody is logged out by that.");
  byId("auth-switch").addEventListener("click", () => services.turn(running ? "stop-auth" : "start-auth"));
  byId("services-restart").addEventListener("click", () => services.turn("restart-services"));
  const look = async () => {
    if (document.body.dataset.state === "ready" && !document.hidden) await lookOnce(on);
    setTimeout(look, EVERY);
  };
  look();
}

async function lookOnce(on) {
  const [auth, ...healths] = await Promise.all([services.authRuns(), ...services.healths()]);
  fill(byId("views"), services.knocks.map(({ name }, index) => row(name, healths[index])));
  showAuth(auth);
  const fresh = healths.every((health) => health !== null && health.view_age !== null && health.view_age <= limit);
  if (auth !== null && auth !== running) (auth ? on.started : on.stopped)();
  if (!fresh && inTime && healths.every((health) => health !== null)) on.tooOld();
  if (auth && fresh) on.well();
  running = auth ?? running;
  inTime = fresh;
}

function showAuth(auth) {
  byId("auth-state").textContent = auth === null ? "No answer" : auth ? "Auth is running" : "Auth is stopped";
  byId("auth-state").dataset.running = String(auth);
  if (auth !== null) byId("auth-switch").textContent = auth ? "Stop Auth" : "Start Auth";
}

function row(name, health) {
  const age = health?.view_age ?? null;
  const late = age !== null && age > limit;
  const bar = element("div", { class: late ? "late" : "" });
  bar.style.width = `${age === null ? 0 : Math.min(100, (age / limit) * 100)}%`;
  return element("li", { "data-service": name, "data-late": String(late) },
    element("div", { class: "view-words" }, element("strong", {}, name), element("span", {}, words(health, age, late))),
    element("div", { class: "bar", "aria-hidden": "true" }, bar));
}

function words(health, age, late) {
  if (health === null) return "does not answer";
  if (age === null) return "has heard nothing of Auth yet: it answers 503";
  const seconds = element("span", { class: "age" }, String(Math.max(0, Math.round(age))));
  return late ? ["heard from Auth ", seconds, " s ago: too old, it answers 503"] : ["heard from Auth ", seconds, " s ago"];
}
