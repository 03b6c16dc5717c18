/* Forgetting when nobody is there any longer. */

/** Watches for keys and touches; calls `warn` with the seconds left near the end, null when somebody is back, and `end`. */
export function watchIdle(seconds, warn, end) {
  const notice = Math.min(30, seconds / 3);
  let last = Date.now();
  let warned = false;
  const touched = () => {
    last = Date.now();
    if (warned) warn(null);
    warned = false;
  };
  const events = ["keydown", "pointerdown", "input"];
  for (const one of events) document.addEventListener(one, touched, true);
  const look = () => {
    const left = seconds - (Date.now() - last) / 1000;
    if (left <= 0) {
      stop();
      end();
    } else if (left <= notice) {
      warned = true;
      warn(Math.ceil(left));
    }
  };
  const timer = setInterval(look, 1000);
  // A machine that slept runs no timers: look at once when it is back.
  document.addEventListener("visibilitychange", look);
  const stop = () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", look);
    for (const one of events) document.removeEventListener(one, touched, true);
  };
  return stop;
}
