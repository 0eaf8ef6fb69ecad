"""The description of the API is held to what others make of it: a linter, three generators of clients, a fuzzer.

Each generator is used with its default options, and what it makes prints a receipt on an emulated printer. Run it with
``python -m tests.contract``. Nothing that is generated is kept in the tree.
"""
