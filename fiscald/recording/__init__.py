"""Recordings: what passed between us and a printer, kept, read, shown, given away and played again.

A recording is a pcapng file (``pcapng``) whose packets have a small header of ours (``packets``). The daemon keeps
one of each printer (``recorder``); all the rest works off-line, on recordings of any origin.
"""
