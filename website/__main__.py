"""``python -m website FOLDER``: builds the site into ``FOLDER``. A warning is an error."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from website.built import faults
from website.generated import pages
from website.prepare import write_pages


def main(folder: Path) -> int:
    """Build the site. What is wrong with it goes to standard error; the exit code is 1 then."""
    source, html = folder / "source", folder / "html"
    for old in (source, html):
        shutil.rmtree(old, ignore_errors=True)
    source.mkdir(parents=True)
    write_pages(source, pages(source))
    shutil.copytree(Path(__file__).parent / "static", source / "static")
    shutil.copy(Path(__file__).parent / "conf.py", source)
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q", "-j", "auto"]
    done = subprocess.run([*command, "-d", folder / "doctrees", source, html], check=False)
    if done.returncode:
        return 1
    found = faults(html)
    for fault in found:
        print(fault, file=sys.stderr)
    if found:
        return 1
    print(f"{html / 'index.html'}: {len(list(html.rglob('*.html')))} pages")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/site")))
