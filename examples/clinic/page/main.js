// The page from above: who is here, load, count, renew, and what to say when the login is over.

import * as auth from "./auth.js";
import { byId, clock, element, fill } from "./dom.js";
import * as meter from "./meter.js";
import * as panel from "./pass-panel.js";
import * as pass from "./pass.js";
import { loadSections } from "./sections.js";
import * as services from "./services.js";
import * as sessions from "./sessions.js";
import { showEnded, showStart, showUnreachable } from "./start.js";

const RETRY = 5_000; // milliseconds before another try when Auth did not answer a renewal

let me = null; // what Auth says of me
let accounts = []; // the demo's accounts, for the start page
let renewNotBefore = 0;
let renewalQueued = false;

async function begin() {
  pass.recallChoices();
  const config = await auth.answerOf(fetch("/demo/config", { cache: "no-store" }));
  auth.useIssuer(config.auth);
  services.useAppointments(config.appointments);
  accounts = config.accounts;
  listen();
  try {
    me = await meter.alone(auth.me);
  } catch (error) {
    if (error instanceof auth.Refused && error.status === 401) showStart(accounts);
    else showUnreachable();
    return;
  }
  await safely(enter);
}

/** Everything that is on the page of somebody who is logged in. */
async function enter() {
  byId("who-name").textContent = `${me.user.first_name} ${me.user.last_name}`;
  byId("who-roles").textContent = me.user.roles.join(", ");
  byId("who").hidden = false;
  byId("admin").hidden = !me.user.permissions.includes("gatepass:admin");
  showClinic();
  showTotals();
  await changeMode(pass.choices.mode);
  await showSessions();
}

function listen() {
  byId("load").addEventListener("click", () => safely(() => load()));
  byId("load-ten").addEventListener("click", () => safely(loadTen));
  byId("log-out").addEventListener("click", () => safely(logOut));
  byId("sessions-refresh").addEventListener("click", () => safely(showSessions));
  byId("all-sessions-refresh").addEventListener("click", () => safely(showSessions));
  byId("forget-totals").addEventListener("click", () => {
    meter.forgetTotals();
    showTotals();
  });
  for (const choice of document.querySelectorAll("input[name=mode]")) {
    choice.addEventListener("change", () => safely(() => changeMode(choice.value)));
  }
  setInterval(tick, 250);
}

/** Whatever a button starts: an end of the login has its own page, an unreachable Auth its own words. */
async function safely(work) {
  const pressed = document.activeElement;
  const place = pressed?.closest("section[aria-labelledby]");
  busy(1);
  try {
    await work();
  } catch (error) {
    if (error instanceof auth.Ended || (error instanceof auth.Refused && error.status === 401)) over();
    else if (error instanceof auth.Unreachable) happened("Auth does not answer. Is its process running? Enter in the demo’s terminal starts it again.", "bad");
    else if (error instanceof auth.Refused) happened(`Refused: ${error.message}`, "bad");
    else throw error;
  } finally {
    busy(-1);
    keepPlace(pressed, place);
  }
}

/** The pressed button may be gone, or was disabled meanwhile: who uses the keyboard stays where they were. */
function keepPlace(pressed, place) {
  if (document.activeElement !== document.body || !place) return;
  if (!pressed.isConnected) {
    pressed = byId(place.getAttribute("aria-labelledby"));
    pressed.tabIndex = -1;
  }
  pressed.focus({ preventScroll: true });
}

let working = 0;

function busy(step) {
  working += step;
  for (const id of ["load", "load-ten"]) byId(id).disabled = working > 0;
  document.body.dataset.busy = String(working > 0);
}

async function changeMode(mode) {
  pass.choose({ mode });
  document.body.dataset.mode = mode;
  document.querySelector(`input[name=mode][value=${mode}]`).checked = true;
  fill(byId("pass-body"));
  if (mode === "token") {
    if (!pass.token()) await meter.alone(firstToken);
    panel.showToken(changeToken);
  }
  await load();
  if (mode === "session") await meter.alone(panel.showSession);
}

async function changeToken(choice) {
  pass.choose(choice);
  await safely(() => meter.alone(firstToken));
}

async function firstToken() {
  const cost = await meter.measured(pass.obtain);
  counted("passes", cost);
  happened(`A token for ${pass.choices.lifetime} seconds, from Auth: ${atAuth(cost)}.`);
  panel.showToken(changeToken);
}

/** New for old, and what it cost. */
async function renewal() {
  const form = pass.choices.refresh === "standard" ? "with the refresh token" : "with the expired JWT itself";
  const cost = await meter.measured(pass.renew);
  counted("passes", cost);
  document.body.dataset.renewals = String(Number(document.body.dataset.renewals) + 1);
  happened(`The token ran out and was renewed ${form}: ${atAuth(cost)}.`, "good");
  panel.showToken(changeToken);
}

/** The page load that is measured: four requests at the same moment. */
async function load() {
  await meter.alone(async () => {
    if (tokenRanOut()) await renewal();
    let failure = null;
    const remember = (error) => {
      failure = error;
    };
    const before = pass.token();
    const cost = await meter.measured(() => loadSections(act).catch(remember));
    counted(pass.choices.mode, cost);
    showLast(cost);
    if (failure) throw failure;
    if (pass.token() !== before) {
      panel.showToken(changeToken);
      happened("The Services said the token is too old: renewed once within the load, and asked again.");
    }
    happened(`Page loaded: ${plural(cost.services, "request", "requests")} at the Services, ${atAuth(cost)}.`);
    document.body.dataset.loads = String(Number(document.body.dataset.loads ?? 0) + 1);
  });
}

async function loadTen() {
  for (let time = 0; time < 10; time += 1) await load();
}

/** Something that changes the clinic, and then the page again. */
const act = (words, change) => safely(async () => {
  await meter.alone(async () => {
    if (tokenRanOut()) await renewal();
    await change();
  });
  happened(`You ${words}.`, "good");
  await load();
});

const tokenRanOut = () => pass.choices.mode === "token" && pass.token() !== null && pass.millisecondsLeft() <= 0;

/** Four times a second: move the clock; when it has run out, renew without a word. A hidden page waits. */
function tick() {
  if (document.body.dataset.state !== "ready" || pass.choices.mode !== "token") return;
  if (!panel.tick() || document.hidden || renewalQueued || Date.now() < renewNotBefore) return;
  renewalQueued = true;
  renewNotBefore = Date.now() + RETRY;
  safely(() => meter.alone(async () => {
    if (tokenRanOut()) await renewal();
    renewNotBefore = 0;
  })).finally(() => {
    renewalQueued = false;
  });
}

async function showSessions() {
  await meter.alone(() => sessions.showMine(end));
  if (!byId("admin").hidden) await meter.alone(() => sessions.showEverybodys(kick));
}

const end = (session) => safely(async () => {
  await meter.alone(() => auth.endSession(session.sid));
  happened(`Ended: ${sessions.deviceOf(session)}.`, "good");
  await showSessions();
});

const kick = (session, user) => safely(async () => {
  await meter.alone(() => auth.kick(session.sid));
  happened(`Kicked: ${user.first_name} ${user.last_name}, ${sessions.deviceOf(session)}.`, "good");
  await showSessions();
});

async function logOut() {
  await meter.alone(auth.logOut);
  leave();
  showStart(accounts, "You are logged out.");
}

/** The login ended somewhere else: say what happened, and offer the way back. */
function over() {
  leave();
  showEnded(pass.choices.mode);
}

function leave() {
  pass.forget();
  byId("who").hidden = true;
  fill(byId("happened"));
}

function showClinic() {
  document.body.dataset.state = "ready";
  byId("starting").hidden = true;
  byId("start").hidden = true;
  byId("clinic").hidden = false;
}

const figure = (value) => (value === null ? "–" : String(value));
const plural = (value, one, many) => `${figure(value)} ${value === 1 ? one : many}`;

function atAuth(cost) {
  if (cost.auth === null) return "and Auth could not be asked for its counts";
  return `${plural(cost.auth, "request", "requests")} at Auth, ${plural(cost.lookups, "look-up", "look-ups")}`;
}

function showLast(cost) {
  byId("last-services").textContent = figure(cost.services);
  byId("last-auth").textContent = figure(cost.auth);
  byId("last-lookups").textContent = figure(cost.lookups);
  byId("last-ms").textContent = cost.ms.toFixed(cost.ms < 10 ? 1 : 0);
}

function counted(kind, cost) {
  meter.add(kind, cost);
  showTotals();
}

function showTotals() {
  const rows = [["session", "Session loads"], ["token", "Token loads"], ["passes", "New tokens"]];
  fill(byId("totals-rows"), rows.map(([kind, title]) => {
    const sum = meter.totals[kind];
    const each = sum.times ? (sum.ms / sum.times).toFixed(0) : "–";
    return element("tr", { id: `total-${kind}` }, element("th", { scope: "row" }, title),
      [sum.times, sum.services, sum.auth, sum.lookups, each].map((value) => element("td", {}, String(value))));
  }));
}

const KEPT_LINES = 8;

function happened(words, kind = "") {
  const list = byId("happened");
  if (list.firstElementChild?.lastElementChild.textContent === words && kind === "bad") list.firstElementChild.remove();
  list.prepend(element("li", { class: kind }, element("time", {}, clock(new Date())), element("span", {}, words)));
  while (list.children.length > KEPT_LINES) list.lastElementChild.remove();
}

await begin();
