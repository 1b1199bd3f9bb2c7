// The host's page: asks for the counts every few seconds. There is nothing by side to be had.

import { node } from "./questions.js";

const at = (id) => document.getElementById(id);
const base = location.pathname.replace(/\/$/, "");
const share = (value, n) => (value === null ? "–" : `${Math.round(100 * value)} % of ${n}`);
const several = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;
const seconds = (value) => (value === null ? "–" : value.toFixed(1));
const ago = (moment) => {
  if (!moment) return "–";
  const gone = Math.max(0, (Date.now() - Date.parse(moment)) / 1000);
  if (gone < 90) return `${Math.round(gone)} s ago`;
  if (gone < 5400) return `${Math.round(gone / 60)} min ago`;
  return new Date(moment).toLocaleString();
};

function figure(value, words) {
  return node("div", { className: "figure" }, node("b", {}, String(value)), node("span", {}, words));
}

function show({ session, categories, raters }) {
  at("name").textContent = `Blind session: ${session.name}`;
  const complete = session.planned_given >= session.planned
    ? "All planned votes are in; `qfloor ab unblind` ends the session"
    : session.votes ? "Votes are coming in" : "No vote has come yet";
  at("sub").textContent = session.state === "open"
    ? `${complete}. Nothing here tells the sides apart.`
    : "This session was unblinded; it takes no more votes.";
  const bar = at("whole-bar");
  bar.setAttribute("aria-valuemax", session.of);
  bar.setAttribute("aria-valuenow", session.votes);
  bar.firstElementChild.style.width = `${(100 * session.votes) / Math.max(1, session.of)}%`;
  at("figures").replaceChildren(
    figure(`${session.planned_given} of ${session.planned}`, session.pairs_short
      ? `planned votes are in; ${several(session.pairs_short, "pair")} short of votes`
      : "planned votes are in: all"),
    figure(`${session.votes} of ${session.of}`, "answers of all kinds"),
    figure(`${session.raters_finished} of ${session.raters_joined}`, `raters finished (of those who came; ${several(session.raters_invited, "place")})`),
    figure(share(session.catch_share, session.catches), "catches seen"),
    figure(share(session.placebo_alarm_share, session.placebos), "placebos called different"),
    figure(session.skipped, "skipped"),
    figure(session.undone, "taken back"));
  at("categories").replaceChildren(...Object.entries(categories).map(([name, n]) =>
    node("li", {}, `${name}: `, node("b", {}, String(n)))));
  at("categories").parentElement.hidden = !Object.keys(categories).length;
  at("raters").replaceChildren(...raters.map((r) => node("tr", {},
    node("td", { className: r.below_plan ? "below" : "" }, `${r.rater}${r.source === "link" ? "" : ` (${r.source})`}${r.below_plan ? " ⚑" : ""}`),
    node("td", {}, `${r.done} of ${r.of}`),
    node("td", {}, seconds(r.median_seconds)),
    node("td", {}, share(r.catch_share, r.catches)),
    node("td", {}, share(r.placebo_alarm_share, r.placebos)),
    node("td", {}, `${r.left} / ${r.right} / ${r.none}`),
    node("td", {}, String(r.skipped)),
    node("td", {}, ago(r.last_vote)))));
  if (!raters.length) {
    at("raters").replaceChildren(node("tr", {}, node("td", { colSpan: 8 }, "Nobody has come yet.")));
  }
}

async function refresh() {
  try {
    const response = await fetch(`${base}/counts`);
    if (response.ok) show(await response.json());
  } catch { /* asked again soon */ }
  setTimeout(refresh, 4000);
}

refresh();
