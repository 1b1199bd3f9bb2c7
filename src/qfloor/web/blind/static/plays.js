// Can this browser play the clips of a session? It is tried, on a clip of one colour written as the
// sheets are: what `canPlayType` says is a guess. Knows nothing of trials.

const WAIT_MS = 15000;
const AGAIN_MS = 50;
const COLOUR = [230, 120, 30];
const NEAR = 60;

// Loads a clip into an element that is shown nowhere, until it can be drawn.
export async function ready(url, waitMs) {
  const video = document.createElement("video");
  Object.assign(video, { muted: true, loop: true, playsInline: true, preload: "auto" });
  await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("not loaded in time")), waitMs);
    const done = (then) => (value) => { clearTimeout(late); then(value); };
    video.oncanplaythrough = done(resolve);
    video.onerror = done(() => reject(new Error("not loaded")));
    video.src = url;
    video.load();
    video.play().catch(() => {}); // phones load nothing of a clip before it is told to play
  });
  video.pause();
  return video;
}

let tried = null;

export function playsClips() {
  if (tried === null) tried = attempt();
  return tried;
}

async function attempt() {
  let url;
  try {
    const response = await fetch("/static/sample.webm");
    if (!response.ok) return true;
    url = URL.createObjectURL(await response.blob());
  } catch {
    return true; // no network: that is no fault of the browser's, and the page says it itself
  }
  try {
    const until = performance.now() + WAIT_MS;
    return await shown(await ready(url, WAIT_MS), until);
  } catch {
    return false;
  } finally {
    URL.revokeObjectURL(url);
  }
}

// Looked at again until its colour is there: a clip that says it can be played through may have no
// frame to draw yet (1 start in 30 on a busy machine), and nobody is turned away for that.
async function shown(video, until) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [16, 16];
  const paint = canvas.getContext("2d");
  for (;;) {
    paint.drawImage(video, 0, 0, 16, 16);
    const seen = paint.getImageData(8, 8, 1, 1).data;
    if (COLOUR.every((value, n) => Math.abs(value - seen[n]) < NEAR)) return true;
    if (performance.now() > until) return false;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}
