// What just happened, the latest first; a screen reader says each line as it comes.

import { byId, clock, element } from "./dom.js";

const KEPT_LINES = 8;

export function happened(words, kind = "") {
  const list = byId("happened");
  if (list.firstElementChild?.lastElementChild.textContent === words && kind === "bad") list.firstElementChild.remove();
  list.prepend(element("li", { class: kind }, element("time", {}, clock(new Date())), element("span", {}, words)));
  while (list.children.length > KEPT_LINES) list.lastElementChild.remove();
}
