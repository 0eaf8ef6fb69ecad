"""Rows of the audit that somebody with the database file removes or rewrites."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import ClassVar

from tests.hostile_licence.office import Office
from tests.hostile_licence.scene import Attack

CHANGES = {
    "a row in the middle": "DELETE FROM audit WHERE id = (SELECT max(id) / 2 FROM audit)",
    "the first row": "DELETE FROM audit WHERE id = (SELECT min(id) FROM audit)",
    "the newest rows": "DELETE FROM audit WHERE id > (SELECT max(id) - 3 FROM audit)",
    "all rows": "DELETE FROM audit",
    "another name": "UPDATE audit SET actor = 'cli:somebody' WHERE id = (SELECT max(id) / 2 FROM audit)",
    "another time": "UPDATE audit SET at = at - 1 WHERE id = (SELECT max(id) FROM audit)",
}


class DeletedAudit(Attack):
    """Hide a decision: drop the triggers, delete or change rows with sqlite3."""

    tries = f"{len(CHANGES)} changes of the audit with sqlite3"
    most: ClassVar[dict[str, int]] = {"changes that stayed hidden": 0, "false alarms": 0}
    processes = True
    meanwhile = False

    def go(self, scene: Office, part: int) -> Iterator[None]:
        newest = scene.command("audit", "--verify").stdout.strip()
        self.gain("false alarms", scene.command("audit", "--verify", "--since", newest).returncode != 0)
        for number, change in enumerate(CHANGES.values()):
            self.attempt()
            folder = self._copy(scene, scene.folder / f"copy{number}")
            with closing(sqlite3.connect(folder / "vendor.db")) as db, db:
                db.execute("DROP TRIGGER audit_kept")
                db.execute("DROP TRIGGER audit_fixed")
                db.execute(change)
            seen = scene.command("audit", "--verify", "--since", newest, folder=folder).returncode
            self.gain("changes that stayed hidden", seen == 0)
            yield

    def _copy(self, scene: Office, folder: Path) -> Path:
        folder.mkdir(mode=0o700)
        shutil.copy(scene.folder / "vendor.toml", folder)
        source, copy = sqlite3.connect(scene.database), sqlite3.connect(folder / "vendor.db")
        source.backup(copy)
        source.close()
        copy.close()
        return folder
