"""The proof of the promise: the verdict of every job equals the printer's fiscal memory, whatever breaks.

A schedule (drawn from one number) is carried out in one process under virtual time, with the real engine,
dialogues, journal and emulated printer: ``schedule`` draws it, ``cable`` and ``world`` carry it out, ``truth``
keeps what really happened in the register, ``check`` compares. ``python -m tests.chaos`` runs many.
"""
