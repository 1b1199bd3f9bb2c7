"""Scorers: leaf plugins that turn an output into numbers; the only home of torch.

protocol.py   what a scorer is
clip/         agreement with the prompt          aesthetic/     beauty, read off its embedding
preference/   what people would rather have      naturalness/   BRISQUE, NIQE
technical/    pixels alone                       video/         what changes in time
text.py       words in the picture, read by ocr  text_aggregate.py  one number an offer
audio.py      sound                              safety.py      must it be kept back? (nsfw)
cards/        what each metric means, and how it misleads
weights.py, hub.py   files of weights            rights.py      on what terms they may be used
lanes.py      forwards side by side              parity.py      bf16 and int8 against float32
"""
