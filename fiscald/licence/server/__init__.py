"""The vendor's licence server: numbers and mailed codes in, signed certificates out.

It shares with the daemon what both ends say to each other (``fiscald.licence.wire``) and how signed texts are made
and read; the daemon never imports it. A request goes ``app`` (HTTP) -> ``handler`` (is it signed, fresh, not too
many) -> ``rules`` (what the vendor decides) -> ``handler`` (the signed answer). Mail leaves later, through ``outbox``.
"""

from __future__ import annotations
