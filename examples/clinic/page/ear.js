// The page's ear: one open request to a Service, which answers when the pass no longer holds. So nobody has to press a
// button for the page to notice, and nobody asks again and again.

import * as meter from "./meter.js";
import * as pass from "./pass.js";
import * as services from "./services.js";

const PAUSE = 1_000; // milliseconds before another try, when the Service or Auth did not answer
const MOMENT = 100;

let hangingUp = new AbortController();

/** Let go of the request that is open, because the pass is another one now; the next one begins by itself. */
export function hangUp() {
  hangingUp.abort();
}

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const isUp = () => document.body.dataset.state === "ready" && document.body.dataset.loads !== undefined
  && !document.hidden && (pass.choices.mode === "session" || pass.millisecondsLeft() > 0);

/** Listen as long as the page lives. `on[code](token)` is told why the pass that was `token` no longer holds. */
export async function listen(on) {
  document.addEventListener("visibilitychange", hangUp); // a hidden page waits
  let next = null; // what to do when the ear is open again
  for (;;) {
    while (!isUp()) await sleep(MOMENT);
    const { mode } = pass.choices;
    const token = pass.token();
    const code = await heard(() => {
      next?.();
      next = null;
    });
    if (hangingUp.signal.aborted) continue;
    if (isUp() && code in on && mode === pass.choices.mode && token === pass.token()) {
      // A session is fresh whenever Auth is asked: a second change is heard only by who listens before they look.
      if (mode === "session" && code === "token_stale") next = () => on[code](token);
      else await on[code](token);
    }
    if (next === null && token === pass.token()) await sleep(PAUSE);
  }
}

/** The code of the refusal; nothing when the Service did not answer, or we hung up. */
async function heard(opened) {
  hangingUp = new AbortController();
  try {
    // Only the beginning can cost Auth something: in session mode, the one question whether the pass holds.
    const response = await meter.alone(() => services.endOfPass(hangingUp.signal));
    if (response.ok) opened();
    const text = await response.text();
    return response.ok ? text : JSON.parse(text).code;
  } catch {
    return "";
  }
}
