"""Settings of Sphinx. The pages are made by ``website.prepare``."""

from __future__ import annotations

import fiscald

project = "fiscald"
author = "the authors of fiscald"
version = release = fiscald.__version__
language = "en"

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "attrs_block", "attrs_inline"]
# As GitHub makes them, so that a link with an anchor works there and here.
myst_heading_anchors = 6
# A command is copied from a page as it stands there: quotes and dashes stay what they are.
smartquotes = False

html_theme = "furo"
html_title = f"fiscald {version}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
# From accessible-pygments, which comes with Furo: every colour can be read.
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
