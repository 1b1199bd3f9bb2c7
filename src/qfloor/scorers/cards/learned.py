"""Cards of metrics that are a model's word: CLIP, aesthetics, preference, safety."""

from __future__ import annotations

from qfloor.scorers.cards.card import Card

_FRAMES = "of a clip the mean over 8 evenly spaced frames, which stay in the row's series"
_WORST = "clips only: the 10% quantile over the frames (order statistic `ceil(0.1 n)`)"
_STILL = "a still has no worst frames: *unscored*"
_CUT = (
    "a text longer than the model reads is cut with its end token kept; the row is scored and its "
    "reason says `truncated: 81 of 77 tokens`, so such rows can be counted and left out"
)
_UNDECODABLE = "a file that cannot be decoded: *failed*, a fail in the bound"
_WITHIN = (
    "numbers of two prompts do not compare: some prompts are liked more than others whoever draws "
    "them. Floors take off the prompt's median in a frozen reference set first"
)

LEARNED: tuple[Card, ...] = (
    Card(
        scorer="clip",
        metrics=("clip.cos", "clip.cos_worst_frames"),
        says="How well a picture or clip agrees with its prompt, in the eyes of one CLIP model.",
        formula=f"cos(image, text) of the unit embeddings; {_FRAMES}. `..._worst_frames`, {_WORST}",
        source="Radford et al., *Learning Transferable Visual Models From Natural Language "
        "Supervision*, 2021",
        absent=(_STILL, _UNDECODABLE),
        misleads=(
            _CUT,
            "cosines of two models share no scale; the identity keeps them apart",
            "CLIP models are known to be weak at counts, at who does what to whom, at negation and "
            "at spelling",
            "rank correlation with people's ratings of alignment was .32 on clips of five models "
            "(results/calibration_transfer.md); what is learned from it on some models does not "
            "carry over to others",
            'the embedded default (`checkpoint = "painters"`) has seen only the painters\' '
            "pictures; its scores carry `world: painters` and are refused beside real ones",
        ),
    ),
    Card(
        scorer="clipscore",
        metrics=("clip.cos_prefixed", "clip.cos_prefixed_worst_frames"),
        says="The cosine that the published CLIPScore is made of.",
        formula='cos(image, text) with a prefix ("A photo depicts ") before every prompt. '
        "Derived by `qfloor.scorers.clip.derived`: CLIPScore = 2.5 max(cos, 0); 100 cos. "
        f"`..._worst_frames`, {_WORST}",
        source="Hessel et al., *CLIPScore: A Reference-free Evaluation Metric for Image "
        "Captioning*, 2021",
        absent=(_STILL, _UNDECODABLE),
        misleads=(
            _CUT + " (the prefix takes tokens too)",
            'what others call "CLIPScore" may be cos, 100 cos or 2.5 max(cos, 0), with or without '
            "the prefix; stored here is the cosine, and the name of every derived column says "
            "which",
            "everything said of `clip.cos`",
        ),
    ),
    Card(
        scorer="aesthetic",
        metrics=("aesthetic.*",),
        says="What people found beautiful, read off a picture's CLIP embedding by one head.",
        formula=f"w . e + b of the unit image embedding e, not clipped; {_FRAMES}. "
        f"`..._worst_frames`, {_WORST}",
        source="Schuhmann et al., *LAION-5B*, 2022; LAION-AI/aesthetic-predictor (v1), "
        "christophschuhmann/improved-aesthetic-predictor (v2)",
        absent=(
            _STILL,
            _UNDECODABLE,
            "a head on the vectors of another model than its own is refused before anything is "
            "scored",
        ),
        misleads=(
            "each head is its own scale (about 1 to 10, unbounded); two heads' numbers do not "
            "compare",
            "says nothing of the prompt: a beautiful picture of the wrong thing scores high",
            "trained on what some people liked of photographs, paintings and early generated "
            "pictures: taste of those people, then",
        ),
    ),
    Card(
        scorer="hps",
        metrics=("preference.hps_v2", "preference.hps_v2_1"),
        says="Which of two pictures of one prompt people would choose (HPSv2, HPSv2.1).",
        formula="cos(image, text) of the fine-tuned ViT-H/14, the whole picture padded with "
        "black. Published tables show 100 times it",
        source="Wu et al., *Human Preference Score v2*, arXiv 2306.09341",
        absent=("clips: no row", _UNDECODABLE),
        misleads=(
            _WITHIN,
            _CUT,
            "v2.0 and v2.1 are two models and two metrics; the original's functions have "
            "different defaults",
        ),
    ),
    Card(
        scorer="pickscore",
        metrics=("preference.pickscore",),
        says="Which of two pictures of one prompt users would pick.",
        formula="cos(image, text) of PickScore v1. Its own code prints exp(logit_scale) times "
        "it, or a softmax over the pictures of one prompt; the scale stands in the definition",
        source="Kirstain et al., *Pick-a-Pic*, arXiv 2305.01569",
        absent=("clips: no row", _UNDECODABLE),
        misleads=(_WITHIN, _CUT, "the card of the weights states no licence: unknown"),
    ),
    Card(
        scorer="imagereward",
        metrics=("preference.imagereward",),
        says="How much more than the usual people like a picture for its prompt.",
        formula="(reward - 0.1672) / 1.0333, about N(0, 1) over the original's validation set",
        source="Xu et al., *ImageReward*, arXiv 2304.05977",
        absent=("clips: no row", _UNDECODABLE),
        misleads=(
            _WITHIN,
            "reads 35 tokens of a prompt, the original without a word; the row's reason says so",
        ),
    ),
    Card(
        scorer="safety",
        metrics=("safety.probability", "safety.unsafe"),
        says="Whether a picture or clip must not be shown, by a classifier of your choice.",
        formula="the highest probability over the classifier's labels, of a clip also over 8 "
        "evenly spaced frames; `safety.unsafe` is 1 where it reaches the threshold (0.5)",
        source="the default is Yahoo's open_nsfw, https://github.com/yahoo/open_nsfw",
        absent=(
            "what could not be scored is neither safe nor unsafe: missing in the delivered floor, "
            "and counted",
        ),
        misleads=(
            "the default knows pornographic photographs and nothing else: no violence, no drawing, "
            "no text, and it was not tried on generated pictures",
            "it is a gate, not a quality: delivered floors count an unsafe output as a fail",
        ),
    ),
)
