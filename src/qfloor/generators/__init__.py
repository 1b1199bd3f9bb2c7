"""Leaf plugins that make outputs: the painters, folders of files, open weights, sellers.

protocol.py   what a generator is: the adapter that calls one seller
builtin/      painters: programs that draw       local/      open weights, by diffusers
folder.py     files made elsewhere               manifest.py what stands beside them
providers/    a thin module a seller             http/       what they all share
catalogue/    the offers that ship, a file a seller
on_ray.py     what only computes, on many machines
"""
