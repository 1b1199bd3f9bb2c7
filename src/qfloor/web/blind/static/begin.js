// The invitation: a place is taken by pressing the button, and not by a browser that will see nothing.

import { playsClips } from "./plays.js";

// No `await` at the top: the browsers that this is for do not know it.
if (document.body.dataset.modality === "video") {
  playsClips().then((plays) => {
    document.getElementById("begin").hidden = !plays;
    document.getElementById("cannot").hidden = plays;
  });
}
