// The four sections of the clinic. Each is one request; each says by itself when it may not be seen.

import { Ended, Refused, Unreachable } from "./auth.js";
import { byId, day, element, fill, minute } from "./dom.js";
import { choices } from "./pass.js";
import * as services from "./services.js";

/** Ask for all four at the same moment and show each as it comes. Throws Ended when the login is over. */
export async function loadSections(act) {
  const results = await Promise.allSettled([
    section("profile", services.myProfile, profile),
    section("people", services.people, people),
    section("appointments", services.appointments, (list) => appointments(list, act)),
    section("slots", services.slots, (list) => slots(list, act)),
  ]);
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

async function section(id, request, render) {
  const body = byId(id).querySelector(".body");
  byId(id).setAttribute("aria-busy", "true");
  try {
    const answer = await request();
    byId(id).dataset.answer = "shown";
    fill(body, render(answer));
  } catch (error) {
    if (error instanceof Ended) throw error;
    byId(id).dataset.answer = error instanceof Refused ? String(error.status) : "unreachable";
    fill(body, refusal(error));
  } finally {
    byId(id).setAttribute("aria-busy", "false");
  }
}

function refusal(error) {
  const [title, words] = wordsFor(error);
  const later = error instanceof Refused && error.status === 503;
  return element("div", { class: later ? "refusal later" : "refusal" }, element("strong", {}, title), element("p", {}, words));
}

function wordsFor(error) {
  const status = error instanceof Refused ? error.status : null;
  if (status === 403) {
    return ["Not for you.", "The Service knows who you are, and your permissions do not include this. It answered 403."];
  }
  if (status === 503) return ["Not now.", `${notNow()} It answered 503, to be asked again in ${error.retryAfter} s. You are still logged in.`];
  if (!(error instanceof Unreachable)) console.error(error);
  return ["No good answer.", "Something went wrong at this Service. Is its process running?"];
}

const notNow = () => choices.mode === "session"
  ? "The Service could not ask Auth about your pass."
  : "The Service has not heard from Auth for too long.";

const nameOf = (person) => `${person.first_name} ${person.last_name}`;
const chips = (words) => element("span", { class: "chips" }, words.map((word) => element("code", { class: "chip" }, word)));

function profile(me) {
  const rows = [["Name", nameOf(me)], ["E-mail", me.email], ["Roles", chips(me.roles)], ["May", chips(me.permissions)],
    ["Checked by", me.checked_by === "token" ? "the token’s signature, inside the Service" : "asking Auth for this session"]];
  return element("dl", { class: "facts" }, rows.map(([term, value]) =>
    element("div", {}, element("dt", {}, term), element("dd", {}, value))));
}

function people(list) {
  if (!list.length) return element("p", { class: "empty" }, "Nobody here.");
  return element("ul", { class: "rows" }, list.map((person) =>
    element("li", {}, element("span", { class: "avatar", "aria-hidden": "true" }, person.first_name[0] + person.last_name[0]),
      element("span", { class: "row-main" }, element("strong", {}, nameOf(person)), element("span", {}, person.email)))));
}

const when = (iso) => {
  const date = new Date(iso);
  return element("time", { datetime: iso, class: "when" }, element("strong", {}, minute(date)), element("span", {}, day(date)));
};

function appointments(list, act) {
  if (!list.length) return element("p", { class: "empty" }, "No appointments.");
  return element("ul", { class: "rows" }, list.map((one) =>
    element("li", {}, when(one.starts_at),
      element("span", { class: "row-main" }, element("strong", {}, one.reason), element("span", {}, `${one.patient} · ${one.doctor}`)),
      one.may_cancel && element("button", { type: "button", class: "quiet small", "aria-label": `Cancel: ${one.reason}, ${day(new Date(one.starts_at))}, ${minute(new Date(one.starts_at))}`,
        onclick: () => act("cancelled an appointment", () => services.cancel(one.id)) }, "Cancel"))));
}

function slots(list, act) {
  if (!list.length) return element("p", { class: "empty" }, "Everything is taken.");
  return element("ul", { class: "rows" }, list.map((slot) =>
    element("li", {}, when(slot.starts_at), element("span", { class: "row-main" }, element("strong", {}, slot.doctor), element("span", {}, "half an hour")),
      slot.may_book && element("button", { type: "button", class: "quiet small", "aria-label": `Book ${slot.doctor}, ${day(new Date(slot.starts_at))}, ${minute(new Date(slot.starts_at))}`,
        onclick: () => act("booked an appointment", () => services.book(slot.id)) }, "Book"))));
}
