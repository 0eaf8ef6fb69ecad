"""A family whose printers speak HTTP: its two folders are joined to the package by ``tests.families``.

It has no frames, no code page, no speeds, no names for what passes and no commands by hand; it begins with a token, is
asked one thing at a time, and some of its answers end with the stream.
"""
