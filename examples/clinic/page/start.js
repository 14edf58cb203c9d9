// What is shown to somebody who is not logged in: a start, or what just happened to their login.

import { loginUrl } from "./auth.js";
import { byId, element, fill } from "./dom.js";

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
        "take your pass apart, and kick yourself out."),
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
  session: ["The four requests of this page just went out, each Service asked Auth about your session, and Auth said: it is over. "
    + "So all four were refused, at once.",
  "That is session mode: every request is checked at Auth, so being kicked out counts from the very next one."],
  token: ["The page asked Auth for the next token, and Auth said no: the login behind it is over.",
    "That is token mode: the Services check the signature by themselves and ask nobody, so your token was good until it expired. "
    + "The shorter it lives, the sooner the kick counts. (Gatepass’s revocation feed will make it instant here too.)"],
};

/** The login was ended from somewhere else. */
export function showEnded(mode) {
  const [happened, why] = ENDED[mode];
  show("ended", element("div", { class: "card notice", role: "alert" },
    title("You have been logged out"),
    element("p", {}, "This login was ended: by you in another window, by the admin, or because its time was up."),
    element("p", {}, happened), element("p", { class: "hint" }, why), toLogin("Log in again")));
  byId("start-title").focus();
}

/** Auth gave no answer. */
export function showUnreachable() {
  show("unreachable", element("div", { class: "card notice", role: "alert" },
    title("Auth does not answer"),
    element("p", {}, "The page could not ask who you are. If you stopped Auth’s process: press Enter in the terminal of the demo to start it again."),
    element("p", { class: "hint" }, "In token mode an open page goes on without Auth. A reload forgets the token: it lives in the page’s memory alone."),
    element("button", { type: "button", class: "primary", onclick: () => location.reload() }, "Try again")));
}
