"""Folds texts so that two that look alike to a person are equal: to find the same company in another spelling.

A folded text is for comparison only, and is not shown.
"""

from __future__ import annotations

import unicodedata

#: Lower-case letters that decomposition leaves, and look-alike letters of Cyrillic and Greek, as Latin ones. A letter
#: is taken for what its capital looks like, since names are often written in capitals.
_LATIN = str.maketrans(
    {
        **dict(zip("łđøħŧıȷĸŋƶɫɨ", "ldohtijknzli", strict=True)),
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ð": "d",
        "ſ": "s",
        **dict(zip("авекмнорстухѕіјһԛԝѵәӏгԍ", "abekmhopctyxsijhqwveirg", strict=True)),
        **dict(zip("αβεζηικμνορτυχσςϲϳγ", "abezhikmnoptyxcccjy", strict=True)),
    }
)


def fold(text: str) -> str:
    """The letters and digits of ``text``, as plain as they can be.

    Without case, accents, spaces, punctuation and invisible characters; full-width forms are plain ones; letters of
    Cyrillic and Greek that look like Latin ones are those.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = unicodedata.normalize("NFKD", plain.translate(_LATIN))
    # Decomposed once more: an accent may have stood on a letter that only looks Latin.
    return "".join(char for char in plain.translate(_LATIN) if char.isalnum() and char not in _INVISIBLE)


#: Letters by category that draw nothing.
_INVISIBLE = "\u115f\u1160\u3164\uffa0"
