"""A family that exists in the tests only: what a newcomer writes, and the proof that nothing else is needed.

Its two folders and the registry line stand outside of the package; ``tests.families`` joins them to it. A printer of
this family takes cash in, and nothing else.
"""
