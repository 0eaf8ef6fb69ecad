"""The page for a till without a cable: a request file in, a certificate out, as text and as a QR code."""

from __future__ import annotations

import html
from base64 import b64encode

from fiscald.licence.certificate import armour
from fiscald.licence.wire import Refusal

_PAGE = """<!doctype html>
<html lang="pl"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>fiscald</title>
<style>body{{font:16px/1.5 sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}}
textarea,pre{{width:100%;font:12px monospace;overflow:auto}}svg{{width:22rem;height:auto}}</style>
{body}
</html>
"""
_FORM = """<h1>Aktywacja bez internetu / Offline activation</h1>
<p>Plik z polecenia <code>fiscalctl licence request</code> / the file that
<code>fiscalctl licence request</code> has made:</p>
<form method="post" enctype="multipart/form-data">
<p><input type="file" name="file"></p>
<p>albo wklej jego treść / or paste what is in it:</p>
<p><textarea name="text" rows="8"></textarea></p>
<p><button>Wyślij / Send</button></p></form>{more}"""


def form(product_url: str | None) -> str:
    """Where a request file is uploaded."""
    more = "" if product_url is None else f"<p>{html.escape(product_url)}</p>"
    return _PAGE.format(body=_FORM.format(more=more))


def certificate(token: str) -> str:
    """A certificate to take away."""
    text = armour(token)
    link = b64encode(text.encode()).decode()
    return _PAGE.format(
        body="<h1>Certyfikat / Certificate</h1>"
        f'<p><a download="certificate.txt" href="data:text/plain;base64,{link}">certificate.txt</a></p>'
        f"<p><code>fiscalctl licence import certificate.txt</code></p>{_qr(token)}<pre>{html.escape(text)}</pre>"
    )


def refusal(refused: Refusal) -> str:
    """Why there is no certificate."""
    return _PAGE.format(
        body=f"<h1>{html.escape(refused.code)}</h1><p>{html.escape(refused.detail_pl)}</p>"
        f"<p>{html.escape(refused.detail)}</p>"
    )


def _qr(token: str) -> str:
    """An inline picture where segno is installed; the text does as well."""
    try:
        import segno
    except ImportError:
        return ""
    return f"<p>{segno.make(token, error='l', micro=False).svg_inline(scale=4, border=4)}</p>"
