"use strict";
// Two players in step, the sound of one at a time, and a choice once both have been seen and heard to their end.

const $ = (id) => document.getElementById(id);
const rater = $("rate").dataset.rater;
const names = { left: "clip 1", right: "clip 2" };
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const STEP = 10; // parts of a second that are told apart
const FAR = 0.15; // seconds by which one may be ahead

const sides = Object.fromEntries(["left", "right"].map((side) => [side, {
  side, figure: $(side), video: $(side).querySelector("video"), ear: $(side).querySelector(".ear"), told: $(`${side}-seen`),
}]));
const both = Object.values(sides);
const other = (player) => both.find((each) => each !== player);

let pair = null; // what the server said of it; null at the end
let ear = "left"; // whose sound is heard
let playing = false;
let busy = false; // a choice is on its way

// --- what has been seen and heard ---

function note(player) {
  const { video } = player;
  const now = video.currentTime;
  const moved = now - player.last;
  if (moved > 0 && moved < 2) {
    for (let part = Math.floor(player.last * STEP); part <= now * STEP; part += 1) {
      player.seen.add(part);
      if (player.side === ear) player.heard.add(part);
    }
  }
  player.last = now;
}

const parts = (player) => Math.max(1, Math.floor(player.video.duration * STEP) - 2);
const whole = (player, parts_of) => player.video.duration > 0 && parts_of.size >= parts(player);
const seen = (player) => whole(player, player.seen);
const heard = (player) => !pair.sound || whole(player, player.heard);
const ready = () => pair && !busy && (!pair.wait || both.every((each) => seen(each) && heard(each)));

function lacking() {
  const words = [];
  for (const each of both) {
    if (!seen(each)) words.push(`${names[each.side]} has not been seen to its end`);
    else if (!heard(each)) words.push(`${names[each.side]} has not been heard to its end`);
  }
  return words.join(", ");
}

// --- playing ---

function hear(side) {
  if (!pair || !pair.sound) return;
  both.forEach(note);
  ear = side;
  for (const each of both) {
    each.video.muted = each.side !== side;
    each.figure.classList.toggle("heard", each.side === side);
    each.ear.setAttribute("aria-pressed", each.side === side);
  }
}

function start(each) {
  each.video.play().catch((error) => {
    if (error.name === "NotAllowedError") pause(); // no sound before somebody has done something
  });
}

function play() {
  if (!pair) return;
  if (both.every((each) => each.video.ended)) rewind();
  playing = true;
  for (const each of both) if (!each.video.ended) start(each);
  look();
}

function pause() {
  playing = false;
  for (const each of both) each.video.pause();
  look();
}

function rewind() {
  for (const each of both) {
    note(each);
    each.video.currentTime = 0;
    each.last = 0;
  }
}

function restart() {
  if (!pair) return;
  rewind();
  play();
}

function over() {
  if (!playing || !both.every((each) => each.video.ended)) return;
  playing = false;
  const deaf = pair.wait && both.find((each) => !heard(each));
  if (deaf) {
    hear(deaf.side);
    restart();
  }
  look();
}

// One that gets ahead waits; one that loads makes the other wait.
function keepStep() {
  if (!playing) return;
  for (const each of both) {
    const ahead = each.video.currentTime - other(each).video.currentTime;
    if (ahead > FAR && !other(each).video.ended && !each.video.ended) each.video.pause();
    else if (ahead < FAR / 3 && each.video.paused && !each.video.ended) start(each);
  }
}

function tick() {
  if (!pair) return;
  both.forEach(note);
  keepStep();
  look();
}

// --- what is shown ---

let held = 0; // until when the last words stay, in milliseconds

function say(words, stay = 0) {
  const now = performance.now();
  if (!stay && now < held) return;
  held = now + stay;
  if ($("status").textContent !== words) $("status").textContent = words;
}

function warn(words) {
  $("alert").hidden = !words;
  $("alert").textContent = words;
}

function look() {
  if (!pair) return;
  const open = Boolean(ready());
  $("play-word").textContent = playing ? "Pause both" : "Play both";
  if (open && !$("status").classList.contains("ready")) held = 0;
  $("status").classList.toggle("ready", open);
  for (const button of document.querySelectorAll("[data-choice]")) button.setAttribute("aria-disabled", !open);
  for (const each of both) {
    // What was heard was seen, too.
    const share = Math.floor((100 * (pair.sound ? each.heard : each.seen).size) / parts(each)) || 0;
    each.told.textContent = pair.wait ? `${pair.sound ? "heard" : "seen"} ${Math.min(100, share)} %` : "";
  }
  if (busy) say("Saving …");
  else if (open) say(pair.wait ? `Seen ${pair.sound ? "and heard " : ""}to the end: choose now.` : "Choose whenever you like.");
  else if (!playing) say("Press Play both, or space.");
  else if (!pair.sound) say("These clips have no sound.");
  else say(`You hear ${names[ear]}${heard(other(sides[ear])) ? "" : `; ${names[other(sides[ear]).side]} comes next`}.`);
}

function show(next) {
  pair = next.end ? null : next;
  const all = next.done + next.left;
  $("bar").max = Math.max(1, all);
  $("bar").value = next.done;
  $("count").textContent = next.end ? `${next.done} done` : `${next.done} done, about ${next.left} to go`;
  $("stage").hidden = next.end;
  $("end").hidden = !next.end;
  $("undo").disabled = $("undo-end").disabled = !next.undo;
  if (next.end) {
    for (const each of both) each.video.removeAttribute("src");
    $("result").hidden = next.done === 0;
    $("end-title").focus();
    return;
  }
  $("words").textContent = next.words;
  $("given").hidden = !next.image;
  if (next.image) $("image").src = `images/${next.image}`;
  for (const box of document.querySelectorAll("[name=reason]")) {
    box.checked = Boolean(next.before && next.before.reasons.includes(box.value));
  }
  document.querySelector("[data-reason=sound]").hidden = !next.sound;
  for (const button of document.querySelectorAll("[data-choice]")) {
    button.classList.toggle("before", Boolean(next.before && next.before.choice === button.dataset.choice));
  }
  $("pair").classList.remove("tall");
  both.forEach((each, place) => {
    Object.assign(each, { seen: new Set(), heard: new Set(), last: 0, broken: false });
    each.video.muted = true;
    each.video.src = `clips/${next.clips[place]}`;
    each.ear.hidden = !next.sound;
    each.figure.classList.remove("heard");
  });
  playing = false;
  hear("left");
  held = 0;
  look();
  if (next.before) say("Taken back: choose anew.", 4000);
  $("title").focus();
  if (!calm.matches && navigator.userActivation && navigator.userActivation.hasBeenActive) play();
}

// --- talking to the server ---

async function ask(path, given) {
  const sent = given && {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ rater, ...given }),
  };
  let answer;
  try {
    answer = await fetch(given ? path : `${path}?${new URLSearchParams({ rater })}`, { cache: "no-store", ...sent });
    const said = await answer.json();
    return answer.ok ? said : { problem: said.problem, again: said.again };
  } catch {
    return { problem: `${given ? "NOT saved: t" : "T"}he server does not answer. Is it still running?`, again: true };
  }
}

async function tell(path, given) {
  if (busy) return false;
  busy = true;
  pause();
  warn("");
  look();
  const said = await ask(path, given);
  busy = false;
  if (!said.problem) {
    show(said);
    return true;
  }
  warn(said.again ? `${said.problem} Try again.` : said.problem);
  const now = said.again ? said : await ask("pair");
  if (now.problem) look();
  else show(now);
  return false;
}

function choose(choice) {
  if (!pair || busy) return;
  if (!ready()) return say(`Not yet: ${lacking()}.`, 4000);
  const reasons = [...document.querySelectorAll("[data-reason]:not([hidden]) :checked")].map((box) => box.value);
  tell("vote", { id: pair.id, choice, reasons });
}

const undo = () => !$("undo").disabled && tell("undo", {});

async function failed(player) {
  if (!pair || player.broken || !player.video.getAttribute("src")) return;
  player.broken = true;
  const { id } = pair;
  const now = await ask("pair");
  if (now.problem) return warn(now.problem);
  if (now.id !== id) {
    warn("The file of a clip is gone: here is another pair.");
    return show(now);
  }
  if (await tell("skip", { id, side: player.side })) {
    warn(`This browser could not play ${names[player.side]}: it is left out from here on.`);
  }
}

// --- keys and buttons ---

const actions = {
  " ": () => (playing ? pause() : play()),
  r: restart,
  m: () => hear(ear === "left" ? "right" : "left"),
  ArrowLeft: () => hear("left"),
  ArrowRight: () => hear("right"),
  1: () => choose("left"),
  2: () => choose("right"),
  0: () => choose("tie"),
  b: () => choose("both_bad"),
  u: undo,
};

document.addEventListener("keydown", (event) => {
  if (!$("keys").checked || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  const own = event.target.closest("button, a, input, summary");
  if (own && event.key === " ") return; // it means that one
  const box = pair && document.querySelector(`[aria-keyshortcuts="${CSS.escape(event.key)}"][name=reason]`);
  const action = box && !box.parentElement.hidden ? () => box.click() : actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

$("play").addEventListener("click", actions[" "]);
$("again").addEventListener("click", restart);
$("undo").addEventListener("click", undo);
$("undo-end").addEventListener("click", undo);
$("verdict").addEventListener("click", ({ target }) => {
  const button = target.closest("[data-choice]");
  if (button) choose(button.dataset.choice);
});
for (const each of both) {
  each.ear.addEventListener("click", () => hear(each.side));
  each.video.addEventListener("loadedmetadata", () => {
    if (each.video.videoHeight >= each.video.videoWidth) $("pair").classList.add("tall");
  });
  each.video.addEventListener("timeupdate", () => pair && note(each));
  each.video.addEventListener("ended", () => { tick(); over(); });
  each.video.addEventListener("error", () => failed(each));
}
setInterval(tick, 100);

(async () => {
  const first = await ask("pair");
  if (first.problem) warn(first.problem);
  else show(first);
})();
