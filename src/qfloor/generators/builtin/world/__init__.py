"""The painters' world: its words, its scenes, and the grammar between scenes and prompts.

scene.py       what a picture shows: the record           vocabulary.py  the words of the world
scenes.py      random scenes of a category                phrases.py     English for their parts
grammar.py     scenes -> prompts -> scenes                lettering.py   words to be written
reading.py     any text -> a scene, through notes.py and assembly.py
lexicon.py     which words of a prompt mean which of ours, with forms.py for the other words
"""
