// The admin's people: each with their roles, as buttons that give or take one.

import * as auth from "./auth.js";
import { byId, element, fill } from "./dom.js";

/** Fill the list. `change(account, roles)` gives the account as it is afterwards, or null when that did not work. */
export async function showPeople(offered, change) {
  const { users } = await auth.users();
  fill(byId("all-people"), users.map(({ account }) => row(account, offered, change)));
}

function row(account, offered, change) {
  const name = `${account.first_name} ${account.last_name}`;
  const fixed = account.roles.filter((role) => !offered.includes(role));
  return element("li", { "data-email": account.email },
    element("span", { class: "row-main" }, element("strong", {}, name), element("span", {}, account.email)),
    element("span", { class: "roles", role: "group", "aria-label": `Roles of ${name}` },
      fixed.map((role) => element("code", { class: "chip" }, role)),
      offered.map((role) => element("button", { type: "button", class: "toggle", "aria-pressed": String(account.roles.includes(role)),
        onclick: async (event) => {
          const button = event.currentTarget;
          const held = account.roles.includes(role);
          const wanted = held ? account.roles.filter((one) => one !== role) : [...account.roles, role];
          account = (await change(account, wanted)) ?? account;
          button.setAttribute("aria-pressed", String(account.roles.includes(role)));
        } }, role))));
}
