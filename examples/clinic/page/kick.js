// How long does it take to be out? From the click on the button to the first refusal of each Service, as this page saw it.

import { answerOf, Refused } from "./auth.js";
import * as services from "./services.js";

const PATIENCE = 20_000; // milliseconds: more than any of this takes on a slow machine

/** Ask each Service again and again until it refuses: [{ name, at, ms }], `at` by the browser's monotonic clock. */
export function untilRefused(signal) {
  return Promise.all(services.knocks.map(async ({ name, knock }) => ({ name, ...await firstRefusal(knock, signal) })));
}

async function firstRefusal(knock, signal) {
  const end = performance.now() + PATIENCE;
  while (!signal.aborted && performance.now() < end) {
    try {
      await knock();
    } catch (error) {
      if (error instanceof Refused && error.status === 401) return { at: performance.now(), clock: Date.now() };
      if (!(error instanceof Refused)) await new Promise((resolve) => setTimeout(resolve, 50)); // it does not answer at all
    }
  }
  return { at: null, clock: null };
}

// Two browsers on this machine share its clock, in whole milliseconds. Who kicks leaves the time of the click at the
// demo's users service; who was kicked finds it there, and leaves what they measured.

const board = (sid) => `/demo/clicks/${encodeURIComponent(sid)}`;

export const tell = (sid, click) => fetch(board(sid), {
  method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify(click),
}).catch(() => {}); // it only measures

/** The click that ended this session, if a page of the demo made it. */
export async function clickOn(sid) {
  try {
    return await answerOf(fetch(board(sid), { cache: "no-store" }));
  } catch {
    return null;
  }
}

/** What the page that was kicked has measured; null when no such page is open. */
export async function measuredOn(sid) {
  const end = performance.now() + PATIENCE;
  while (performance.now() < end) {
    const click = await clickOn(sid);
    if (click && Object.keys(click.refused).length) return click.refused;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return null;
}

/** "users after 21 ms, appointments after 24 ms" */
export const inWords = (refused) => Object.entries(refused).map(([name, ms]) => `${name} after ${figure(ms)} ms`).join(", ");
export const figure = (ms) => (ms < 10 ? ms.toFixed(1) : ms.toFixed(0));
