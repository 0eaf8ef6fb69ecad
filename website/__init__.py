"""Builds the documentation site: ``python -m website``, or ``make site``.

The pages are the Markdown files in ``docs``. What the product knows better than a person is written here at build time:
documents with their answers and their paper, error codes, the HTTP routes, the commands.
"""
