// The page from above: who is here, load, count, renew, and what to say when the login is over.

import * as auth from "./auth.js";
import { atAuth, counted, plural, showLast, showTotals } from "./cost.js";
import { byId, fill } from "./dom.js";
import * as ear from "./ear.js";
import * as freshness from "./freshness.js";
import { happened } from "./happened.js";
import * as kicks from "./kick.js";
import * as meter from "./meter.js";
import * as panel from "./pass-panel.js";
import * as pass from "./pass.js";
import { showPeople } from "./roles.js";
import { loadSections } from "./sections.js";
import * as services from "./services.js";
import * as sessions from "./sessions.js";
import { showEnded, showStart, showUnreachable } from "./start.js";

const RETRY = 5_000; // milliseconds before another try when Auth did not answer a renewal

let me = null; // what Auth says of me
let accounts = []; // the demo's accounts, for the start page
let roles = []; // those that the admin may give
let kicking = false; // myself: the page that measures needs no other to tell it
let renewNotBefore = 0;
let renewalQueued = false;

async function begin() {
  pass.recallChoices();
  const config = await auth.answerOf(fetch("/demo/config", { cache: "no-store" }));
  auth.useIssuer(config.auth);
  services.useAppointments(config.appointments);
  ({ accounts, roles } = config);
  listen(config.max_staleness);
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
  showMe();
  showClinic();
  showTotals();
  await changeMode(pass.choices.mode);
  await showSessions();
}

function showMe() {
  byId("who-name").textContent = `${me.user.first_name} ${me.user.last_name}`;
  byId("who-roles").textContent = me.user.roles.join(", ") || "no role";
  byId("who").hidden = false;
  for (const id of ["admin", "admin-people"]) byId(id).hidden = !me.user.permissions.includes("gatepass:admin");
}

function listen(maxStaleness) {
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
  ear.listen({ token_stale: changed, invalid_token: refused, unauthenticated: refused, unavailable: tooOld });
  freshness.watch(maxStaleness, {
    stopped: () => happened(`Auth has stopped. In token mode the Services go on until they have heard nothing for ${maxStaleness} s; in session mode they cannot.`),
    started: () => happened("Auth is back.", "good"),
    tooOld: () => happened("The Services have not heard from Auth for too long. They answer 503 and let nobody in; nobody is logged out."),
    well,
  });
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
    else if (error instanceof auth.Unreachable) happened("Auth does not answer, so this has to wait until it is back. You are still logged in.", "bad");
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
  ear.hangUp();
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
async function renewal(why = "ran_out") {
  const form = pass.choices.refresh === "standard" ? "with the refresh token" : "with the expired JWT itself";
  const cost = await meter.measured(() => pass.renew(why));
  counted("passes", cost);
  document.body.dataset.renewals = String(Number(document.body.dataset.renewals) + 1);
  if (why === "ran_out") happened(`The token ran out and was renewed ${form}: ${atAuth(cost)}.`, "good");
  panel.showToken(changeToken);
}

/** A Service says that what I may do has changed: a new token, where there is one, and everything anew. Nobody logs in. */
const changed = (token) => safely(async () => {
  await meter.alone(async () => {
    if (token !== pass.token()) return; // a load met it first
    if (pass.choices.mode === "token") await renewal("token_stale");
    await sayChanged();
  });
  await load();
});

const CHANGED = {
  token: "Your permissions changed; renewed in silence, without a new login.",
  session: "Your permissions changed; in session mode there is nothing to renew, and no new login.",
};

async function sayChanged() {
  me = await auth.me();
  showMe();
  happened(`${CHANGED[pass.choices.mode]} Your roles: ${me.user.roles.join(", ") || "none"}.`, "good");
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
      if (pass.renewedBecause() === "token_stale") await sayChanged();
      else happened("The Services said the token is too old: renewed once within the load, and asked again.");
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
  if (byId("admin").hidden) return;
  await meter.alone(() => sessions.showEverybodys(kick));
  await meter.alone(() => showPeople(roles, giveRoles));
}

const end = (session) => endOne(session, auth.endSession, sessions.deviceOf(session));
const kick = (session, user) => endOne(session, auth.kick, `${user.first_name} ${user.last_name}, ${sessions.deviceOf(session)}`);

function endOne(session, order, whose) {
  const clicked = performance.now();
  const click = { at: Date.now() };
  const done = () => Promise.all([order(session.sid), kicks.tell(session.sid, click)]);
  return session.current ? endMine(done, clicked) : endAnother(session.sid, done, whose);
}

/** Kick myself out, and ask both Services again and again from the click on. */
const endMine = (done, clicked) => safely(() => meter.alone(async () => {
  const failed = new AbortController();
  kicking = true;
  try {
    const [refusals] = await Promise.all([kicks.untilRefused(failed.signal), done()]);
    over(measurement("me", refusals, ({ at }) => at - clicked));
  } finally {
    failed.abort();
    kicking = false;
  }
}));

const endAnother = (sid, done, whose) => safely(async () => {
  await meter.alone(done);
  happened(`Kicked out: ${whose}.`, "good");
  kicks.measuredOn(sid).then((refused) => refused && happened(`${whose}: refused by ${kicks.inWords(refused)}, counted from your click.`, "good"));
  await showSessions();
});

/** The ear heard that the pass no longer holds. Was this login ended, or has only the token run out by the Services' clock? */
async function refused(token) {
  if (kicking) return;
  await safely(() => meter.alone(async () => {
    if (token !== pass.token()) return; // renewed meanwhile
    const refusals = await kicks.untilRefused(new AbortController().signal);
    const click = await kicks.clickOn(me.sid);
    if (click === null && pass.choices.mode === "token") await renewal();
    else await thrownOut(refusals, click);
  }));
}

async function thrownOut(refusals, click) {
  const measured = click && measurement("others", refusals, ({ clock }) => Math.max(0, clock - click.at));
  if (measured) await kicks.tell(me.sid, { ...click, refused: measured.refused });
  over(measured);
}

function measurement(by, refusals, since) {
  const seen = refusals.filter(({ at }) => at !== null);
  return seen.length ? { by, refused: Object.fromEntries(seen.map((one) => [one.name, since(one)])) } : null;
}

const shows503 = () => document.querySelector(".section[data-answer='503']") !== null;

/** Past the contract: show what the Services answer now. */
async function tooOld() {
  if (!shows503()) await safely(load);
}

/** Auth runs, and every view is fresh: whoever was told "not now" gets in again. */
async function well() {
  if (!shows503() || working > 0) return;
  await safely(load);
}

async function giveRoles(account, wanted) {
  let after = null;
  await safely(async () => {
    ({ account: after } = await meter.alone(() => auth.setRoles(account.id, wanted)));
    happened(`${after.first_name} ${after.last_name} is now: ${after.roles.join(", ") || "without a role"}.`, "good");
  });
  return after;
}

async function logOut() {
  await meter.alone(auth.logOut);
  leave();
  showStart(accounts, "You are logged out.");
}

/** The login ended somewhere else: say what happened, and offer the way back. */
function over(measured = null) {
  leave();
  showEnded(pass.choices.mode, measured);
}

function leave() {
  ear.hangUp();
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

await begin();
