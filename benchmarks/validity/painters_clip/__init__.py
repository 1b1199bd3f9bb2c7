"""Training and testing of the embedded painters' CLIP; see ../train_painters_clip.py."""
