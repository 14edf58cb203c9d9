// What is shown to somebody who is not logged in: a start, or what just happened to their login.

import { loginUrl } from "./auth.js";
import { byId, element, fill } from "./dom.js";
import { figure } from "./kick.js";
import * as services from "./services.js";

function show(state, ...children) {
  document.body.dataset.state = state;
  byId("starting").hidden = true;
  byId("clinic").hidden = true;
  fill(byId("start"), children);
  byId("start").hidden = false;
}

const title = (words) => element("h1", { id: "start-title", tabindex: "-1" }, words);
const toLogin = (words) => element("a", { class: "button primary", href: loginUrl(), id: "log-in" }, words);

/** The front door. */
export function showStart(accounts, said = "") {
  show("start",
    said && element("p", { class: "said", role: "status" }, said),
    element("div", { class: "hero" },
      title("Log in once. Every service checks your pass by itself."),
      element("p", { class: "lead" }, "A small clinic with two Services and one place to log in. See what each way of carrying a login costs, ",
        "take your pass apart, and kick yourself out: it takes milliseconds."),
      toLogin("Log in at Auth")),
    element("section", { class: "card accounts", "aria-labelledby": "accounts-title" },
      element("h2", { id: "accounts-title" }, "Who would you like to be?"),
      element("p", { class: "hint" }, "Made-up people, for this demo only."),
      element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Accounts" }, element("table", {},
        element("thead", {}, element("tr", {}, ["Person", "E-mail", "Password"].map((word) => element("th", { scope: "col" }, word)))),
        element("tbody", {}, accounts.map((account) => element("tr", {},
          element("th", { scope: "row" }, account.name, element("small", {}, account.about)),
          element("td", {}, element("code", {}, account.email)), element("td", {}, element("code", {}, account.password)))))))));
}

const ENDED = {
  session: "Each Service asked Auth about your session, and Auth said: it is over. That is session mode: every request is checked at Auth, "
    + "so being kicked out counts from the very next one.",
  token: "Your token was still good: signed by Auth and not run out. But Auth had told every Service through its revocation feed that the login "
    + "behind it is over. That is token mode with Gatepass: a Service asks nobody, and still refuses at once.",
};

/** The login was ended. `measured` says after how many milliseconds each Service refused, if there was a click to count from. */
export function showEnded(mode, measured) {
  show("ended", element("div", { class: "card notice", role: "alert" },
    title("You have been logged out"),
    measured ? measurements(measured) : element("p", {}, "This login was ended: by you in another window, by the admin, or because its time was up."),
    measured && element("p", {}, ENDED[mode]),
    element("p", { class: "hint" }, measured ? HOW[measured.by] : "No click on a page of this demo was found to measure from."), toLogin("Log in again")));
  byId("start-title").focus();
}

const HOW = {
  me: "Measured in this page: from your click to the first refusal that came back from each Service, while the page asked it again and again.",
  others: "Measured between two browsers by the clock of this machine: from the click there to the first refusal that came back here.",
};

function measurements({ refused }) {
  return element("table", { class: "measured", id: "measured" },
    element("caption", {}, "From the click to the first refusal"),
    element("tbody", {}, Object.entries(refused).map(([name, ms]) => element("tr", { "data-service": name },
      element("th", { scope: "row" }, `the ${name} service`), element("td", {}, figure(ms), element("small", {}, " ms"))))));
}

/** Auth gave no answer. */
export function showUnreachable() {
  show("unreachable", element("div", { class: "card notice", role: "alert" },
    title("Auth does not answer"),
    element("p", {}, "The page could not ask who you are. If you stopped Auth: start it here, or press Enter in the terminal of the demo. "
      + "Nobody was logged out."),
    element("p", { class: "hint" }, "In token mode an open page goes on without Auth for as long as the Services’ contract allows. "
      + "A reload forgets the token: it lives in the page’s memory alone."),
    element("button", { type: "button", class: "primary", onclick: startAuth }, "Start Auth")));
}

/** Start it, if it does not run, and load the page anew when it answers. */
async function startAuth(event) {
  event.currentTarget.disabled = true;
  await services.turn("start-auth");
  while (!await services.authRuns()) await new Promise((resolve) => setTimeout(resolve, 300));
  location.reload();
}
