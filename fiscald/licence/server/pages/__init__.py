"""The pages for people: rendered here, without scripts, from templates and words in three languages.

A view (``views``) has what a page shows; a template has how it looks; the words are in ``words/LANG.toml``. Nothing
here knows requests, sessions or the database.
"""
