// Sheets: one file holds all sides of a trial; here it is loaded whole, cut into its cells and
// drawn. Knows nothing of answers. One zoom for all cells, clips in step by construction.

import { ready } from "./plays.js";

const WAIT_MS = 60000;
const READY = new Map(); // trial -> promise of a loaded sheet

export function load(trial) {
  if (!READY.has(trial.trial)) {
    READY.set(trial.trial, fetched(trial).catch((error) => {
      READY.delete(trial.trial);
      throw error;
    }));
  }
  return READY.get(trial.trial);
}

export function forget(keep) {
  for (const [name, promise] of READY) {
    if (!keep.includes(name)) {
      READY.delete(name);
      promise.then((sheet) => URL.revokeObjectURL(sheet.url), () => {});
    }
  }
}

async function fetched(trial) {
  const response = await fetch(`/m/${trial.trial}`);
  if (!response.ok) throw new Error("not loaded");
  const url = URL.createObjectURL(await response.blob());
  if (!trial.clip) {
    const image = new Image();
    image.src = url;
    await image.decode();
    return { url, source: image, clip: false };
  }
  const video = await ready(url, WAIT_MS);
  return { url, source: video, clip: true };
}

export class Stage {
  constructor(root, onZoom, onHold) {
    this.root = root;
    this.onZoom = onZoom;
    this.onHold = onHold;
    this.frames = [];
    this.pointers = new Map();
    this.view = { scale: 1, x: 0, y: 0 };
    this.running = 0;
    this.sheet = null;
    root.addEventListener("wheel", (event) => this.wheeled(event), { passive: false });
    root.addEventListener("dblclick", (event) => this.toggled(event));
    root.addEventListener("pointerdown", (event) => this.pressed(event));
    root.addEventListener("pointermove", (event) => this.moved(event));
    for (const name of ["pointerup", "pointercancel", "pointerleave"]) {
      root.addEventListener(name, (event) => this.pointers.delete(event.pointerId));
    }
  }

  // Shows a loaded sheet. `names` are what each place is called, for eyes and for readers.
  show(sheet, trial, names) {
    this.stop();
    this.sheet = sheet;
    this.trial = trial;
    this.root.replaceChildren();
    this.root.dataset.places = String(trial.places.length);
    this.frames = trial.places.map((cell, place) => {
      const figure = document.createElement("figure");
      const frame = document.createElement("div");
      frame.className = "frame";
      const canvas = document.createElement("canvas");
      canvas.width = trial.width;
      canvas.height = trial.height;
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", names[place].label);
      frame.append(canvas);
      const caption = document.createElement("figcaption");
      caption.append(...names[place].caption());
      figure.append(frame, caption);
      this.root.append(figure);
      return { cell, canvas, paint: canvas.getContext("2d", { alpha: false }) };
    });
    this.fit();
    if (sheet.clip) {
      sheet.source.onplay = sheet.source.onpause = () => this.onHold?.(this.held());
      sheet.source.currentTime = 0;
      this.play();
    } else this.draw();
  }

  draw() {
    const { width, height, stride } = this.trial;
    for (const { cell, paint } of this.frames) {
      paint.drawImage(this.sheet.source, cell * stride, 0, width, height, 0, 0, width, height);
    }
  }

  play() {
    const video = this.sheet.source;
    const run = ++this.running;
    const step = () => {
      if (run !== this.running) return;
      this.draw();
      if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(step);
      else requestAnimationFrame(step);
    };
    step();
    video.play().catch(() => {});
  }

  stop() {
    this.running += 1;
    if (this.sheet?.clip) this.sheet.source.pause();
  }

  held() {
    return !this.sheet?.clip || this.sheet.source.paused;
  }

  toggle() {
    if (!this.sheet?.clip) return;
    if (this.held()) this.play();
    else this.stop();
  }

  clear() {
    this.stop();
    this.sheet = null;
    this.frames = [];
    this.root.replaceChildren();
  }

  // -- zoom: one view for all frames, in shares of a frame ---------------------------------

  fit() {
    this.view = { scale: 1, x: 0, y: 0 };
    this.apply();
  }

  zoom(factor, at = { x: 0.5, y: 0.5 }) {
    const before = this.view.scale;
    const scale = Math.min(12, Math.max(1, before * factor));
    const k = scale / before;
    this.view.x = at.x - (at.x - this.view.x) * k;
    this.view.y = at.y - (at.y - this.view.y) * k;
    this.view.scale = scale;
    this.apply();
  }

  pan(dx, dy) {
    this.view.x += dx;
    this.view.y += dy;
    this.apply();
  }

  apply() {
    const { scale } = this.view;
    for (const axis of ["x", "y"]) {
      this.view[axis] = Math.min(0, Math.max(1 - scale, this.view[axis]));
    }
    for (const { canvas } of this.frames) {
      canvas.style.transform =
        `translate(${100 * this.view.x}%, ${100 * this.view.y}%) scale(${scale})`;
      canvas.classList.toggle("close", scale >= 3);
    }
    this.onZoom?.(scale);
  }

  place(event) {
    const frame = event.target.closest?.(".frame");
    if (!frame) return null;
    const box = frame.getBoundingClientRect();
    return {
      x: (event.clientX - box.left) / box.width,
      y: (event.clientY - box.top) / box.height,
      box,
    };
  }

  wheeled(event) {
    const at = this.place(event);
    if (!at) return;
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY * 0.0016), at);
  }

  toggled(event) {
    const at = this.place(event);
    if (!at) return;
    if (this.view.scale > 1.01) this.fit();
    else this.zoom(3, at);
  }

  pressed(event) {
    const at = this.place(event);
    if (at) this.pointers.set(event.pointerId, { ...at, cx: event.clientX, cy: event.clientY });
  }

  moved(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId);
    if (others.length === 1) {
      const [, other] = others[0];
      const gap = (x, y) => Math.hypot(x - other.cx, y - other.cy) || 1;
      this.zoom(gap(event.clientX, event.clientY) / gap(before.cx, before.cy), {
        x: (before.x + other.x) / 2,
        y: (before.y + other.y) / 2,
      });
    } else if (this.view.scale > 1) {
      this.pan(
        (event.clientX - before.cx) / before.box.width,
        (event.clientY - before.cy) / before.box.height,
      );
    }
    const box = before.box;
    this.pointers.set(event.pointerId, {
      box,
      x: (event.clientX - box.left) / box.width,
      y: (event.clientY - box.top) / box.height,
      cx: event.clientX,
      cy: event.clientY,
    });
  }
}
