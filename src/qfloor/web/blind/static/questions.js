// What is asked below the pictures, one builder for each question. A panel gathers an answer and
// says when it is whole; it sends nothing and knows nothing of pictures.

export const node = (tag, fields = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(fields)) {
    if (name in made && name !== "list" && name !== "form") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
};

const key = (text) => node("kbd", { "aria-hidden": "true" }, text);
// "Left" where sides stand beside each other, "Upper" where they stand above each other.
const side = (wide, narrow) => [
  node("span", { className: "wide" }, wide),
  node("span", { className: "narrow" }, narrow),
];

export const placeNames = (question, count) => {
  if (question === "pair") {
    return [["Left", "Upper"], ["Right", "Lower"]].map(([wide, narrow]) => ({
      label: `${wide} picture or clip`,
      caption: () => side(wide, narrow),
    }));
  }
  if (question === "ranking") {
    return Array.from({ length: count }, (_, n) => ({
      label: `Picture or clip ${"ABCD"[n]}`,
      caption: () => [document.createTextNode("ABCD"[n])],
    }));
  }
  return [{ label: "The picture or clip", caption: () => [] }];
};

export const panelFor = (question) =>
  ({ pair: PairPanel, acr5: RatingPanel, score10: RatingPanel, ranking: RankingPanel })[question];

// A score from 0 to 10 in steps of .1: typed, dragged, or by arrow keys; and yes or no.
class Judged {
  constructor(title, low, high, name, onChange) {
    this.score = null;
    this.usable = null;
    this.onChange = onChange;
    this.low = low;
    this.high = high;
    this.typed = node("input", {
      type: "text", inputMode: "decimal", autocomplete: "off", size: 4, maxLength: 4,
      id: `${name}-score`, className: "score",
    });
    this.slider = node("input", {
      type: "range", min: low, max: high, step: 0.1, tabIndex: -1, className: "untouched",
      "aria-hidden": "true",
    });
    this.slider.value = (low + high) / 2;
    this.typed.addEventListener("input", () => this.type());
    this.typed.addEventListener("keydown", (event) => this.step(event));
    this.slider.addEventListener("input", () => this.set(Number(this.slider.value), true));
    const radio = (value, text, letter) =>
      node("label", { className: "choice" },
        node("input", {
          type: "radio", name: `${name}-usable`, value,
          onchange: () => { this.usable = value === "yes"; this.onChange(); },
        }), text, key(letter));
    this.yes = radio("yes", "Yes", "Y");
    this.no = radio("no", "No", "N");
    this.root = node("fieldset", { className: "judged" },
      node("legend", {}, ...title),
      node("div", { className: "row" },
        node("label", { htmlFor: `${name}-score` }, `Score, ${low} to ${high}`), this.typed, this.slider),
      node("div", { className: "row", role: "radiogroup", "aria-label": "Usable as it is?" },
        node("span", {}, "Usable as it is?"), this.yes, this.no));
    this.root.addEventListener("keydown", (event) => {
      const letter = event.key.toLowerCase();
      if ((letter === "y" || letter === "n") && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        event.stopPropagation();
        this.say(letter === "y");
      }
    });
  }

  say(usable) {
    this.usable = usable;
    const input = (usable ? this.yes : this.no).querySelector("input");
    input.checked = true;
    input.focus();
    this.onChange();
  }

  type() {
    const text = this.typed.value.trim().replace(",", ".");
    const ok = /^\d{1,2}(\.\d?)?$/.test(text) && Number(text) >= this.low && Number(text) <= this.high;
    this.typed.setAttribute("aria-invalid", String(text !== "" && !ok));
    this.set(ok ? Number(text) : null, false);
  }

  step(event) {
    const move = { ArrowUp: 0.1, ArrowDown: -0.1, PageUp: 1, PageDown: -1 }[event.key];
    if (!move) return;
    event.preventDefault();
    const from = this.score ?? (this.low + this.high) / 2;
    this.set(Math.min(this.high, Math.max(this.low, from + move)), true);
  }

  set(score, write) {
    this.score = score === null ? null : Math.round(score * 10) / 10;
    if (score !== null) {
      this.slider.value = this.score;
      this.slider.classList.remove("untouched");
      if (write) this.typed.value = this.score.toFixed(1);
      this.typed.setAttribute("aria-invalid", "false");
    }
    this.onChange();
  }

  whole() {
    return this.score !== null && this.usable !== null;
  }
}

const submitButton = () =>
  node("button", { type: "submit", className: "strong" }, "Save and go on", key("Enter"));

export class PairPanel {
  constructor(trial, session, hooks) {
    this.trial = trial;
    this.session = session;
    this.hooks = hooks;
    this.response = null;
    this.bad = node("input", { type: "checkbox", id: "both-bad", onchange: () => hooks.changed() });
    const button = (response, digit, words) =>
      node("button", { type: "button", className: "answer", "data-response": response,
        "aria-pressed": "false", onclick: () => this.choose(response) }, key(digit),
        node("span", {}, ...words));
    this.buttons = [
      button("left", "1", [...side("Left", "Upper"), " is better"]),
      button("right", "2", [...side("Right", "Lower"), " is better"]),
      button("none", "3", ["No visible difference"]),
    ];
    this.more = node("div", { className: "more", hidden: true });
    this.root = node("div", { className: "panel" },
      node("div", { className: "choices", role: "group", "aria-label": "Which is better?" },
        ...this.buttons),
      node("label", { className: "toggle" }, this.bad, key("B"), "Both are bad"),
      this.more);
  }

  keys() {
    return [["1", "left (or upper) is better"], ["2", "right (or lower) is better"],
      ["3", "no visible difference"], ["B", "both are bad, on or off"],
      ["Enter", "save, once scores are given"], ["Esc", "choose again"]];
  }

  pressed(event) {
    const response = { 1: "left", 2: "right", 3: "none" }[event.key];
    if (response) this.choose(response);
    else if (event.key.toLowerCase() === "b") this.bad.click();
    else return false;
    return true;
  }

  escape() {
    this.response = null;
    this.refresh();
    this.buttons[0].focus();
  }

  choose(response) {
    if (!this.hooks.mayAnswer()) return;
    this.response = response;
    this.refresh();
    const asked = response !== "none" || this.trial.scores_when_none;
    if (!asked) {
      this.more.hidden = true; // of a side chosen before: what was not asked is not answered
      this.hooks.submit();
      return;
    }
    if (!this.sides) {
      this.sides = [["Left", "Upper"], ["Right", "Lower"]].map(([wide, narrow], n) =>
        new Judged(side(wide, narrow), this.session.low, this.session.high, `side${n}`,
          () => this.hooks.changed()));
      this.more.append(
        node("div", { className: "sides" }, ...this.sides.map((judged) => judged.root)),
        submitButton());
    }
    this.more.hidden = false;
    this.sides[0].typed.focus();
    this.more.scrollIntoView({ block: "nearest" });
  }

  refresh() {
    for (const button of this.buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.response === this.response));
    }
    if (this.response === null) this.more.hidden = true;
    this.hooks.changed();
  }

  whole() {
    if (this.response === null) return "Choose an answer first.";
    if (this.more.hidden) return "";
    return this.sides.every((judged) => judged.whole())
      ? "" : "Give each side a score and say whether it is usable.";
  }

  answer() {
    const judged = this.more.hidden ? null : this.sides;
    return {
      response: this.response,
      both_bad: this.bad.checked,
      scores: judged && judged.map((one) => one.score),
      usable: judged && judged.map((one) => one.usable),
    };
  }

  // Not a button: a second Enter, meant for the pair before, must not choose.
  focus() {
    document.getElementById("prompt").focus({ preventScroll: true });
  }
}

const WORDS = ["Bad", "Poor", "Fair", "Good", "Excellent"];

export class RatingPanel {
  constructor(trial, session, hooks) {
    this.hooks = hooks;
    this.five = session.question === "acr5";
    this.judged = new Judged(["Your judgment"], session.low, session.high, "one",
      () => hooks.changed());
    this.root = node("div", { className: "panel" });
    if (this.five) {
      this.buttons = WORDS.map((word, n) =>
        node("button", { type: "button", className: "answer", "aria-pressed": "false",
          onclick: () => this.rate(n + 1) }, key(String(n + 1)), node("span", {}, word)));
      this.root.append(
        node("div", { className: "choices five", role: "group", "aria-label": "How good is it?" },
          ...this.buttons));
      this.judged.root.querySelector(".row").hidden = true;
      this.judged.root.querySelector("legend").textContent = "And";
    }
    this.root.append(
      node("div", { className: "more" },
        node("div", { className: "sides" }, this.judged.root), submitButton()));
  }

  keys() {
    const first = this.five ? [["1 to 5", "bad, poor, fair, good, excellent"]]
      : [["0 to 10", "type a score such as 7.5"]];
    return [...first, ["Y, N", "usable as it is, or not"], ["Enter", "save"]];
  }

  rate(value) {
    if (!this.hooks.mayAnswer()) return;
    this.judged.set(value, true);
    this.buttons.forEach((button, n) =>
      button.setAttribute("aria-pressed", String(n + 1 === value)));
    this.judged.yes.querySelector("input").focus();
  }

  pressed(event) {
    const letter = event.key.toLowerCase();
    if (this.five && /^[1-5]$/.test(event.key)) this.rate(Number(event.key));
    else if (letter === "y" || letter === "n") this.judged.say(letter === "y");
    else return false;
    return true;
  }

  escape() {}

  whole() {
    if (this.judged.score === null) return "Say how good it is first.";
    return this.judged.usable === null ? "Say whether it is usable as it is." : "";
  }

  answer() {
    return { response: "rated", scores: [this.judged.score], usable: [this.judged.usable] };
  }

  focus() {
    (this.five ? document.getElementById("prompt") : this.judged.typed)
      .focus({ preventScroll: true });
  }
}

export class RankingPanel {
  constructor(trial, session, hooks) {
    this.hooks = hooks;
    const n = trial.places.length;
    this.ranks = new Array(n).fill(null);
    this.rows = this.ranks.map((_, place) => this.row(place, n));
    this.root = node("div", { className: "panel" },
      node("p", { className: "hint" }, "1 is the best. Equals may share a place."),
      node("div", { className: "ranks" }, ...this.rows),
      node("div", { className: "more" }, submitButton()));
  }

  row(place, n) {
    const name = "ABCD"[place];
    const buttons = Array.from({ length: n }, (_, k) =>
      node("label", { className: "choice" },
        node("input", { type: "radio", name: `rank${place}`, value: k + 1,
          "aria-label": `${name}: place ${k + 1}`,
          onchange: () => { this.ranks[place] = k + 1; this.hooks.changed(); } }),
        String(k + 1)));
    const row = node("fieldset", { className: "rank", tabIndex: -1 },
      node("legend", {}, name), ...buttons);
    row.addEventListener("keydown", (event) => {
      if (!/^[1-4]$/.test(event.key) || Number(event.key) > n) return;
      event.preventDefault();
      event.stopPropagation();
      buttons[Number(event.key) - 1].querySelector("input").click();
      (this.rows[place + 1] ?? this.root.querySelector("button[type=submit]"))
        .querySelector?.("input")?.focus();
      if (!this.rows[place + 1]) this.root.querySelector("button[type=submit]").focus();
    });
    return row;
  }

  keys() {
    return [["1 to 4", "the place of the picture whose row has the focus, then the next row"],
      ["Tab", "next row"], ["Enter", "save"]];
  }

  pressed(event) {
    if (!/^[1-4]$/.test(event.key)) return false;
    const next = this.ranks.findIndex((rank) => rank === null);
    const row = this.rows[next === -1 ? 0 : next];
    row.querySelector("input").focus();
    row.dispatchEvent(new KeyboardEvent("keydown", { key: event.key, bubbles: false }));
    return true;
  }

  escape() {}

  whole() {
    return this.ranks.includes(null) ? "Give every one a place first." : "";
  }

  // Places are sent without gaps: 1, 3, 3 is 1, 2, 2.
  answer() {
    const levels = [...new Set(this.ranks)].sort();
    return { response: "ranked", ranks: this.ranks.map((rank) => levels.indexOf(rank) + 1) };
  }

  focus() {
    this.rows[0].querySelector("input").focus({ preventScroll: true });
  }
}
