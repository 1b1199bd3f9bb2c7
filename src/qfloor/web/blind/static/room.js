// The rater's page: asks the server where the rater stands, shows that, sends answers and moves on
// only when an answer is on disk. Everything it knows comes from the state; reloading loses nothing.

import { playsClips } from "./plays.js";
import { Stage, forget, load } from "./sheet.js";
import { node, panelFor, placeNames } from "./questions.js";

const at = (id) => document.getElementById(id);
const base = location.pathname.replace(/\/$/, "");
const VIEWS = ["consent", "cannot", "trial", "done", "closed", "fault"];

const stage = new Stage(at("stage"), (scale) => {
  at("zoom-text").textContent = scale > 1.01 ? `${Math.round(scale * 100)} %` : "fit";
}, (held) => { at("play").textContent = held ? "play" : "hold"; });
let state = null;
let panel = null;
let shownAt = null; // by the page's stop-watch: when the pictures came up
let pausedMs = 0;
let pausedSince = null;
let workedMs = 0; // since the last break
let sending = false;
let waiting = null;

const now = () => performance.now();
const say = (text) => { at("status").textContent = text; };

function token() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function view(name) {
  for (const id of VIEWS) at(id).hidden = id !== name;
}

// -- talking to the server ------------------------------------------------------------------

async function ask(path, body) {
  const response = await fetch(`${base}/${path}${location.search}`, body === undefined ? {} : {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const told = await response.json().catch(() => ({ code: "fault", message: "no answer" }));
  return { status: response.status, told };
}

// Asks until there is an answer: an answer that was not kept must not be lost.
async function insist(path, body) {
  for (let wait = 500; ; wait = Math.min(8000, wait * 2)) {
    try {
      const answer = await ask(path, body);
      if (answer.status < 500) {
        document.body.classList.remove("offline");
        return answer;
      }
    } catch { /* no network: again */ }
    document.body.classList.add("offline");
    say("The connection is lost. Your answer is kept here and sent again.");
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

async function refresh() {
  try {
    const { status, told } = await ask("state");
    if (status === 200) return await show(told);
    fail(told.message);
  } catch {
    fail("There is no connection to the session. Your answers so far are saved.");
  }
}

function fail(message, mayBeSkipped = false) {
  stage.clear();
  at("fault-skip").hidden = !mayBeSkipped;
  at("fault-text").textContent = message;
  view("fault");
  at("retry").focus();
}

// -- showing ----------------------------------------------------------------------------------

async function show(next, lesson = null) {
  state = next;
  forget([state.trial?.trial, state.next?.trial].filter(Boolean));
  if (state.phase === "closed") { stage.clear(); return view("closed"); }
  if (state.phase === "done") return showDone();
  // Said before anyone agrees to anything, and again where a session goes on in another browser.
  if (document.body.dataset.modality === "video" && !(await playsClips())) return view("cannot");
  if (state.phase === "consent") return showConsent();
  return showTrial(lesson);
}

function showConsent() {
  at("consent-text").textContent = state.session.consent;
  view("consent");
  at("agree").focus();
}

function showDone() {
  stage.clear();
  const { code, link, form } = state.completion;
  at("completion").replaceChildren("Your completion code is ", node("strong", { id: "code" }, code), ".");
  at("completion-link").hidden = !link;
  if (link) at("completion-link").href = link;
  at("completion-form").hidden = !form;
  if (form) {
    at("completion-form").action = form.action;
    at("completion-fields").replaceChildren(...Object.entries(form.fields).map(([name, value]) =>
      node("input", { type: "hidden", name, value })));
  }
  at("done-undo").hidden = !state.can_undo;
  view("done");
  say("All done. Thank you.");
}

function showProgress() {
  const training = state.phase === "training";
  const { done, total } = state.progress[training ? "training" : "trials"];
  at("progress-text").textContent = `${training ? "Practice " : ""}${done + 1} of ${total}`;
  const bar = at("progress");
  bar.setAttribute("aria-valuemax", total);
  bar.setAttribute("aria-valuenow", done);
  bar.setAttribute("aria-valuetext", `${done} of ${total} answered`);
  bar.firstElementChild.style.width = `${(100 * done) / total}%`;
}

function showLesson(lesson) {
  const told = at("lesson");
  told.hidden = !lesson;
  if (!lesson) return;
  const where = lesson.spoilt;
  const wide = where === "left" ? "left" : "right";
  const narrow = where === "left" ? "upper" : "lower";
  told.className = lesson.right ? "right" : "wrong";
  told.replaceChildren(
    lesson.right ? "Yes: in the practice pair before, " : "Look again next time: in the practice pair before, ",
    ...(where === null ? ["both sides were the same."] : ["the ",
      node("span", { className: "wide" }, wide), node("span", { className: "narrow" }, narrow),
      " side was spoilt on purpose."]));
}

async function showTrial(lesson) {
  const trial = state.trial;
  shownAt = null;
  pausedMs = 0;
  clearTimeout(waiting);
  view("trial");
  showProgress();
  showLesson(lesson);
  at("prompt").textContent = trial.prompt;
  at("undo").disabled = !state.can_undo;
  stage.clear();
  at("answers").replaceChildren();
  document.body.classList.add("loading");
  let sheet;
  try {
    sheet = await load(trial);
  } catch {
    document.body.classList.remove("loading");
    return fail("The pictures did not load. Try again; if it stays so, skip this one.", true);
  }
  if (state.trial !== trial) return undefined;
  stage.show(sheet, trial, placeNames(state.session.question, trial.places.length));
  document.body.classList.remove("loading");
  at("play").hidden = !trial.clip;
  panel = new (panelFor(state.session.question))(trial, state.session, {
    mayAnswer, submit, changed: () => { at("answers").dataset.whole = String(!panel?.whole()); },
  });
  at("answers").replaceChildren(panel.root);
  shownAt = now();
  if (pausedSince !== null) { pausedSince = now(); stage.stop(); }
  at("answers").classList.add("early");
  waiting = setTimeout(() => at("answers").classList.remove("early"), 1000 * state.session.min_seconds);
  panel.focus();
  say(`${at("progress-text").textContent}. ${trial.prompt}`);
  if (state.next) load(state.next).catch(() => {});
  return undefined;
}

// -- answering ----------------------------------------------------------------------------------

const elapsed = () => (shownAt === null ? 0 : now() - shownAt - pausedMs);

function mayAnswer() {
  if (sending || shownAt === null || pausedSince !== null) return false;
  if (elapsed() >= 1000 * state.session.min_seconds) return true;
  say("Please look a moment longer.");
  return false;
}

async function submit() {
  if (!mayAnswer()) return;
  const missing = panel.whole();
  if (missing) { say(missing); flash(missing); return; }
  await send({ ...panel.answer() });
}

async function send(answer) {
  const spent = elapsed();
  sending = true;
  document.body.classList.add("sending");
  const { status, told } = await insist("vote", {
    trial: state.trial.trial,
    submission: token(),
    elapsed_ms: Math.round(spent),
    paused_ms: Math.round(pausedMs),
    ...answer,
  });
  sending = false;
  document.body.classList.remove("sending");
  if (status === 200) {
    workedMs += spent;
    await show(told.state, told.lesson);
    if (workedMs > 60000 * state.session.break_minutes && state.trial) rest();
  } else if (status === 425 || status === 422) {
    say(told.message);
    flash(told.message);
  } else {
    await refresh();
    flash(told.message);
  }
}

async function undo() {
  if (sending || !state?.can_undo) return;
  sending = true;
  const { status, told } = await insist("undo", {});
  sending = false;
  if (status === 200) await show(told.state);
  else await refresh();
  say("Your last answer was taken back.");
}

let flashing = null;
function flash(message) {
  document.querySelector(".flash")?.remove();
  clearTimeout(flashing);
  document.body.append(node("p", { className: "flash", "aria-hidden": "true" }, message));
  flashing = setTimeout(() => document.querySelector(".flash")?.remove(), 4000);
}

function skip() {
  if (sending || !state?.trial || (shownAt === null && at("fault").hidden)) return;
  const dialog = at("skip-dialog");
  at("skip-reasons").replaceChildren(...state.session.skip_reasons.map((reason, n) =>
    node("button", { type: "button", className: "answer", onclick: () => {
      dialog.close();
      send({ response: "skip", reason });
    } }, node("kbd", { "aria-hidden": "true" }, String(n + 1)), node("span", {}, reason))));
  dialog.showModal();
}

at("skip-dialog").addEventListener("keydown", (event) => {
  const chosen = at("skip-reasons").children[Number(event.key) - 1];
  if (chosen) chosen.click();
});

// -- pausing ------------------------------------------------------------------------------------

function curtain(title, text) {
  at("curtain-title").textContent = title;
  at("curtain-text").textContent = text;
  at("curtain").hidden = false;
  document.body.classList.add("paused");
  pausedSince = now();
  stage.stop();
  at("continue").focus();
}

const pause = () => curtain("Paused", "The clock stands still. Close the page if you like: the same link brings you back.");
const rest = () => curtain("Time for a break",
  `You have worked for ${state.session.break_minutes} minutes. Look out of the window for a while; everything is saved.`);

function resume() {
  if (pausedSince === null) return;
  if (shownAt !== null) pausedMs += now() - pausedSince;
  pausedSince = null;
  workedMs = at("curtain-title").textContent === "Paused" ? workedMs : 0;
  at("curtain").hidden = true;
  document.body.classList.remove("paused");
  if (stage.sheet?.clip) stage.play();
  panel?.focus();
}

function wholeScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen?.().catch(() => {});
}

function help() {
  const keys = [...(panel?.keys() ?? []), ["U", "undo the last answer"], ["S", "skip"],
    ["P", "pause"], ["F", "full screen"], ["+ - 0", "zoom in, out, fit; both sides together"],
    ["arrows", "move about when zoomed"]];
  if (state.trial?.clip) keys.push(["space", "hold or play the clips"]);
  at("keys").replaceChildren(...keys.flatMap(([name, does]) =>
    [node("dt", {}, node("kbd", {}, name)), node("dd", {}, does)]));
  at("help-dialog").showModal();
}

function playOrHold() {
  stage.toggle();
}

// -- keys and buttons ---------------------------------------------------------------------------

const COMMANDS = {
  u: undo, s: skip, p: pause, f: wholeScreen, "?": help,
  "+": () => stage.zoom(1.5), "=": () => stage.zoom(1.5), "-": () => stage.zoom(1 / 1.5),
  0: () => stage.fit(),
};
const PANS = { ArrowLeft: [0.1, 0], ArrowRight: [-0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.repeat && !PANS[event.key]) return;
  if (document.querySelector("dialog[open]")) return;
  if (pausedSince !== null) {
    if (["p", "escape", " "].includes(event.key.toLowerCase())) { event.preventDefault(); resume(); }
    return;
  }
  if (at("trial").hidden || !panel) {
    if (event.key.toLowerCase() === "u" && state?.phase === "done") undo();
    return;
  }
  const target = event.target;
  const typing = target instanceof HTMLInputElement && ["text", "range"].includes(target.type);
  const radio = target instanceof HTMLInputElement && target.type === "radio";
  if (event.key === "Escape") { panel.escape(); return; }
  const button = target.closest?.("button, a") !== null;
  if (event.key === "Enter" && !button) {
    event.preventDefault();
    submit();
    return;
  }
  if (typing && /^[\d.,+\-]$|^Arrow|^Page/.test(event.key)) return;
  if (radio && event.key.startsWith("Arrow")) return;
  if (panel.pressed(event)) { event.preventDefault(); return; }
  const command = COMMANDS[event.key.toLowerCase()];
  if (command) { event.preventDefault(); command(); return; }
  if (event.key === " " && !button && target.tagName !== "INPUT") { event.preventDefault(); playOrHold(); }
  if (PANS[event.key] && stage.view.scale > 1) { event.preventDefault(); stage.pan(...PANS[event.key]); }
});

at("answers").addEventListener("submit", (event) => { event.preventDefault(); submit(); });
at("agree").addEventListener("click", async () => {
  at("agree").disabled = true;
  const { status, told } = await insist("consent", {});
  at("agree").disabled = false;
  if (status === 200) await show(told.state);
  else await refresh();
});
at("undo").addEventListener("click", undo);
at("done-undo").addEventListener("click", undo);
at("skip").addEventListener("click", skip);
at("pause").addEventListener("click", pause);
at("continue").addEventListener("click", resume);
at("whole").addEventListener("click", wholeScreen);
at("help").addEventListener("click", help);
at("retry").addEventListener("click", refresh);
at("fault-skip").addEventListener("click", skip);
at("zoom-in").addEventListener("click", () => stage.zoom(1.5));
at("zoom-out").addEventListener("click", () => stage.zoom(1 / 1.5));
at("zoom-fit").addEventListener("click", () => stage.fit());
at("play").addEventListener("click", playOrHold);
// Back from another page or tab: the server knows where we are, this page may not.
window.addEventListener("pageshow", (event) => { if (event.persisted) refresh(); });
document.addEventListener("visibilitychange", async () => {
  if (document.hidden || sending || !state || pausedSince !== null) return;
  const { status, told } = await ask("state").catch(() => ({ status: 0 }));
  if (status === 200 && (told.phase !== state.phase || told.trial?.trial !== state.trial?.trial)) {
    await show(told);
  }
});

refresh();
