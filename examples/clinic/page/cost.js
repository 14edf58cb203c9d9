// What it cost, on the page: the last load in the tiles, the sums in the table, and in words.

import { byId, element, fill } from "./dom.js";
import * as meter from "./meter.js";

const figure = (value) => (value === null ? "–" : String(value));
export const plural = (value, one, many) => `${figure(value)} ${value === 1 ? one : many}`;

export function atAuth(cost) {
  if (cost.auth === null) return "and Auth could not be asked for its counts";
  return `${plural(cost.auth, "request", "requests")} at Auth, ${plural(cost.lookups, "look-up", "look-ups")}`;
}

export function showLast(cost) {
  byId("last-services").textContent = figure(cost.services);
  byId("last-auth").textContent = figure(cost.auth);
  byId("last-lookups").textContent = figure(cost.lookups);
  byId("last-ms").textContent = cost.ms.toFixed(cost.ms < 10 ? 1 : 0);
}

export function counted(kind, cost) {
  meter.add(kind, cost);
  showTotals();
}

export function showTotals() {
  const rows = [["session", "Session loads"], ["token", "Token loads"], ["passes", "New tokens"]];
  fill(byId("totals-rows"), rows.map(([kind, title]) => {
    const sum = meter.totals[kind];
    const each = sum.times ? (sum.ms / sum.times).toFixed(0) : "–";
    return element("tr", { id: `total-${kind}` }, element("th", { scope: "row" }, title),
      [sum.times, sum.services, sum.auth, sum.lookups, each].map((value) => element("td", {}, String(value))));
  }));
}
