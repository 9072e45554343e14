"use strict";
// Without this script the page still shows every table and every player.

const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// --- players of one round together ---

const ready = (video) =>
  new Promise((done) => {
    if (video.readyState >= 3 || video.error) return done();
    for (const event of ["canplay", "error"]) video.addEventListener(event, done, { once: true });
    video.preload = "auto";
    video.load();
  });

async function together(videos, fromStart) {
  for (const video of videos) video.pause();
  await Promise.all(videos.map(ready));
  for (const video of videos) {
    if (fromStart || video.ended) video.currentTime = 0;
  }
  for (const video of videos) video.play().catch(() => {});
}

for (const bar of all(".sync")) {
  bar.hidden = false;
  bar.addEventListener("click", ({ target }) => {
    const videos = all("article:not([hidden]) video", bar.closest(".round"));
    if (target.dataset.do === "pause") for (const video of videos) video.pause();
    else if (target.dataset.do) together(videos, target.dataset.do === "restart");
  });
}

// --- filter ---

const filter = document.querySelector("#filter");
filter.hidden = false;
const prompts = all("details.prompt");

// A film shows its first frame once its prompt is open; a page of thousands loads none before.
for (const prompt of prompts) {
  const look = () => prompt.open && all("video[preload=none]", prompt).forEach((video) => (video.preload = "metadata"));
  prompt.addEventListener("toggle", look);
  look();
}

function apply() {
  const { category, model, outcome } = filter.elements;
  let clips = 0;
  for (const prompt of prompts) {
    const kind = !category.value || prompt.dataset.category === category.value;
    let shown = 0;
    for (const card of all("article", prompt)) {
      card.hidden = Boolean(
        !kind || (model.value && card.dataset.model !== model.value) ||
        (outcome.value && card.dataset.outcome !== outcome.value));
      shown += !card.hidden;
    }
    for (const round of all(".round", prompt)) round.hidden = !round.querySelector("article:not([hidden])");
    prompt.hidden = !kind || (!shown && Boolean(model.value || outcome.value));
    clips += shown;
  }
  filter.querySelector("output").textContent = `${clips} ${clips === 1 ? "clip" : "clips"}`;
}

filter.addEventListener("change", apply);
filter.addEventListener("submit", (event) => event.preventDefault());
filter.addEventListener("click", ({ target }) => {
  if (!target.dataset.do) return;
  for (const prompt of prompts) prompt.open = target.dataset.do === "open";
});
apply();

// --- a link to something inside a closed part opens it ---

function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let part = target && target.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
  if (target) target.scrollIntoView();
}

addEventListener("hashchange", reveal);
if (location.hash) reveal();
