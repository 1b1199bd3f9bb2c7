// The invitation: a place is taken by pressing the button, and not by a browser that will see nothing.

import { playsClips } from "./plays.js";

if (document.body.dataset.modality === "video" && !(await playsClips())) {
  document.getElementById("begin").hidden = true;
  document.getElementById("cannot").hidden = false;
}
