"""The shops of examples/ as processes, against a real daemon with an emulated printer."""
