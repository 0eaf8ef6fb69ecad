"""What every family must do: the same tests for all of them, with their own vectors (``families``)."""
