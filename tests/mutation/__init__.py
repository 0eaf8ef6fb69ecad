"""Does a test notice it? Single changes to the product, one at a time, in private copies of the tree.

``changes`` finds every place of a source file that can be changed, ``rooms`` says which tests should notice a change
where, ``trying`` makes the change in a copy and runs them. What no test notices is shown with its file and line: then a
test is missing, or the change makes no difference; those are kept with their reason in ``equivalents.json``.

``make mutation`` runs it; the same seed tries the same changes. We wrote it ourselves because mutmut and cosmic-ray
have neither rooms nor seeds, change every place or none, and run the whole suite for each: hours instead of minutes.
"""
