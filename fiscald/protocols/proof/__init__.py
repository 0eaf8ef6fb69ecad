"""Proof of what became of a document: ``verdicts`` draws the conclusions, ``counters`` and ``own_id`` are two proofs.

These modules know no family. A family passes in its readings and its rules.
"""
