"""How the fate of a document is proven: ``verdicts`` what follows, ``counters`` and ``own_id`` two kinds of proof.

No family is named here. A family brings its readings and its rules.
"""
