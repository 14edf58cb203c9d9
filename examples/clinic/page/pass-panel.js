// The pass, taken apart: a JWT in its three parts with a clock, or the session id and what Auth answers for it.

import { Refused, Unreachable } from "./auth.js";
import { byId, clock, element, fill } from "./dom.js";
import * as pass from "./pass.js";
import * as services from "./services.js";

const HEADER_WORDS = {
  typ: () => "What kind of token this is. A Service accepts exactly one kind.",
  alg: () => "The algorithm of the signature. The key decides which one is allowed, never the token.",
  kid: () => "Which of Auth’s keys signed it.",
};

const SEALED_WORDS = {
  alg: () => "How the key of the content travels: only the Services’ private key gets it back.",
  enc: () => "How the content is encrypted.",
  kid: () => "Which of the Services’ keys opens it.",
  cty: () => "What is inside: a signed token like the one without encryption.",
  epk: () => "A public key that Auth made up for this one token.",
};

const CLAIM_WORDS = {
  iss: () => "Who made it: Auth.",
  aud: () => "For whom it was made: the clinic’s Services, and nobody else.",
  sub: () => "Whom it is about: your user id.",
  client_id: () => "The client that it was made for.",
  name: () => "Your name.",
  given_name: () => "Your first name.",
  family_name: () => "Your last name.",
  email: () => "Your e-mail address.",
  roles: () => "Your roles.",
  permissions: () => "What you may do: from your roles, and held directly.",
  scope: () => "What this token may be used for, as OAuth writes it.",
  iat: (value) => `Made at ${at(value)}.`,
  nbf: (value) => `Not good before ${at(value)}.`,
  exp: (value) => `Not good any more from ${at(value)} on.`,
  auth_time: (value) => `You typed your password at ${at(value)}.`,
  jti: () => "The name of this one token.",
  sid: () => "The login (session) it came from. When the login ends, the Services hear of it and refuse the token.",
  epoch: () => "Counts up whenever your rights change. The Services hear that too, and ask for a renewal.",
};

const at = (seconds) => clock(new Date(seconds * 1000));

/** Show the token that the page holds. `change` is told what the user chose. */
export function showToken(change) {
  if (pass.encrypted()) return showSealed(change);
  const { header, payload, signature, texts } = pass.decoded(pass.token());
  byId("pass-words").textContent = "A signed token (JWT), decoded here in your browser and sent nowhere for it.";
  if (!byId("clock")) fill(byId("pass-body"), frame(change));
  fill(byId("jwt"), element("span", { class: "jwt-header" }, texts[0]), ".", element("span", { class: "jwt-payload" }, texts[1]), ".",
    element("span", { class: "jwt-signature" }, texts[2]));
  fill(byId("jwt-header"), claims(header, HEADER_WORDS));
  fill(byId("jwt-payload"), claims(payload, CLAIM_WORDS));
  byId("jwt-signature").textContent = `${Math.floor((signature.length * 3) / 4)} bytes, made with Auth’s private key `
    + `(${header.alg}). With Auth’s public key anybody can check that not one letter above was changed; nobody else can make it.`;
  tick();
}

/** Show a token that this page cannot read, and that it cannot. */
function showSealed(change) {
  const { header, texts } = pass.sealed(pass.token());
  byId("pass-words").textContent = "An encrypted token (JWE): five parts. This page carries it and cannot read it; the Services can.";
  if (!byId("clock")) fill(byId("pass-body"), frame(change));
  const kinds = ["header", "signature", "signature", "payload", "signature"];
  fill(byId("jwt"), texts.flatMap((text, i) => [...(i ? ["."] : []), element("span", { class: `jwt-${kinds[i]}` }, text)]));
  fill(byId("jwt-header"), claims(header, SEALED_WORDS));
  fill(byId("jwt-payload"), element("div", {}, element("dt", {}, "?"), element("dd", { id: "jwt-sealed" },
    `${Math.floor((texts[3].length * 3) / 4)} bytes that nobody can read without the Services’ private key: your name, your roles, your rights.`)));
  byId("jwt-signature").textContent = "Inside too. Outside, the last part shows the Services that not one letter was changed.";
  tick();
}

function frame(change) {
  return [
    element("div", { class: "clock" },
      element("p", {}, "Good for ", element("strong", { id: "clock", role: "timer" }), element("span", { id: "clock-words" })),
      element("div", { class: "bar", "aria-hidden": "true" }, element("div", { id: "clock-bar" }))),
    choosers(change),
    element("p", { id: "jwt", class: "jwt", "aria-label": "The token" }),
    anatomy("header", "Header", "what it is"),
    anatomy("payload", "Payload", "the claims"),
    element("section", { class: "anatomy part-signature" }, element("h3", {}, "Signature ", element("small", {}, "the proof")),
      element("p", { id: "jwt-signature" })),
  ];
}

const anatomy = (part, title, words) =>
  element("section", { class: `anatomy part-${part}` }, element("h3", {}, title, " ", element("small", {}, words)), element("dl", { id: `jwt-${part}` }));

const shown = (value) => (typeof value === "string" ? value : JSON.stringify(value).replaceAll(",", ", "));

const claims = (part, words) => Object.entries(part).map(([name, value]) =>
  element("div", {}, element("dt", {}, element("code", {}, name)),
    element("dd", {}, element("span", { class: "value" }, shown(value)), element("span", { class: "meaning" }, words[name]?.(value) ?? ""))));

const LIFETIME_WORDS = { 5: "5 seconds", 15: "15 seconds", 60: "60 seconds", 120: "2 minutes", 600: "10 minutes" };

function choosers(change) {
  const lifetime = element("select", { id: "lifetime", onchange: (event) => change({ lifetime: Number(event.target.value) }) },
    pass.lifetimes().map((seconds) =>
      element("option", { value: seconds, selected: seconds === pass.choices.lifetime }, LIFETIME_WORDS[seconds])));
  const form = (value, title) => element("label", {},
    element("input", { type: "radio", name: "refresh", value, checked: pass.choices.refresh === value, onchange: () => change({ refresh: value }) }),
    element("span", {}, title));
  return element("div", { class: "choosers" },
    element("div", {}, element("label", { for: "lifetime" }, "A token lives"), lifetime),
    element("fieldset", {}, element("legend", {}, "Renewed with"), form("standard", "refresh token"), form("renewal", "expired JWT")));
}

/** Move the clock. Says whether the token has run out. */
export function tick() {
  const node = byId("clock");
  if (!node || !pass.token()) return false;
  const left = Math.max(0, pass.millisecondsLeft());
  const { iat, exp } = pass.span();
  const words = (seconds) => (seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`);
  node.textContent = words(Math.ceil(left / 1000));
  byId("clock-words").textContent = left ? `, until ${at(exp)}` : `: it ran out at ${at(exp)}`;
  byId("clock-bar").style.width = `${Math.min(100, (left / 1000 / Math.max(1, exp - iat)) * 100)}%`;
  byId("clock-bar").classList.toggle("low", left < Math.min(10_000, (exp - iat) * 250));
  return left === 0;
}

/** Show the session id and Auth's own words about it. */
export async function showSession() {
  byId("pass-words").textContent = "A session id: a random number. It says nothing; Auth has to be asked what it means.";
  let seen;
  try {
    seen = await services.rawSession();
  } catch (error) {
    fill(byId("pass-body"), element("p", { class: "empty" }, error instanceof Unreachable || error instanceof Refused
      ? "Auth could not be asked about it just now." : String(error)));
    return;
  }
  fill(byId("pass-body"),
    element("p", { class: "jwt" }, element("span", { class: "jwt-header", id: "session-id" }, seen.session_id)),
    element("p", { class: "hint" }, "It lives in a cookie that no script can read (HttpOnly), this page included. The demo’s users service ",
      "received it with a request and shows it back, for this demo only. A real service would never do that."),
    element("h3", { class: "answer-title" }, "What Auth answers for it"),
    element("pre", { class: "answer", id: "session-answer", tabindex: "0" }, JSON.stringify(seen.answer, null, 2)),
    element("p", { class: "hint" }, "Nothing to expire, nothing to renew: delete the record and the next request is refused. ",
      "The price is a request to Auth and a look-up in its database, each time."));
}
