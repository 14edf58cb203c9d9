// The live logins: mine, and for the admin everybody's; each with a button that ends it.

import * as auth from "./auth.js";
import { byId, clock, day, element, fill } from "./dom.js";

/** Fill my list. `onEnd(session)` runs when an end button is pressed. */
export async function showMine(onEnd) {
  await list("my-sessions", auth.mySessions, (session) => row(session, {
    title: deviceOf(session),
    verb: "End",
    end: () => onEnd(session),
  }));
}

/** Fill the admin's list. `onKick(session, user)` runs when a kick button is pressed. */
export async function showEverybodys(onKick) {
  await list("all-sessions", auth.everybodysSessions, ({ session, user }) => row(session, {
    title: `${user.first_name} ${user.last_name} · ${deviceOf(session)}`,
    verb: "Kick",
    end: () => onKick(session, user),
  }));
}

async function list(id, request, render) {
  const node = byId(id);
  try {
    const answer = await request();
    fill(node, answer.sessions.map(render));
  } catch (error) {
    fill(node, element("li", { class: "empty" }, words(error)));
  }
}

function words(error) {
  if (error instanceof auth.Unreachable) return "Auth does not answer.";
  if (error instanceof auth.Refused && error.status === 401) {
    return "Auth no longer knows this login. Load the page again and see what the Services say.";
  }
  return `Auth refused: ${error.message}`;
}

function row(session, { title, verb, end }) {
  const since = new Date(session.created_at * 1000);
  const words = session.current ? "Kick me out" : verb;
  return element("li", { "data-sid": session.sid },
    element("span", { class: "row-main" },
      element("strong", {}, title, session.current && element("span", { class: "chip here" }, "this browser")),
      element("span", {}, `since ${day(since)}, ${clock(since)} · ${session.address || "unknown address"}`)),
    element("button", { type: "button", class: "danger small", onclick: end,
      "aria-label": `${words}: ${title}, since ${clock(since)}` }, words));
}

/** "Firefox on Linux", as Auth read it when the login began. */
export const deviceOf = (session) => session.device || "a program";
