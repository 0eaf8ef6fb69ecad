"""The import linter's contract for this house: a list of what may be imported; everything else is forbidden."""

from __future__ import annotations

import fnmatch
import sys
from typing import Any, ClassVar, cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class MayImport(Contract):
    """``package`` may import itself and ``allowed``; of the standard library all but ``not_stdlib``.

    ``except_for`` names parts of the package that are none of it: they have a contract of their own, and the rest may
    not import them.

    An entry of ``allowed`` covers its submodules too, unless it ends in ``:exactly``; ``*`` is one level.
    """

    type_name: ClassVar[str] = "may_import"

    package = fields.StringField()
    allowed = fields.ListField(subfield=fields.StringField())
    not_stdlib = fields.ListField(subfield=fields.StringField(), required=False)
    except_for = fields.ListField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        package = str(self.package)
        wrong = [
            f"{module} -> {imported}"
            for module in sorted(m for m in graph.modules if self._inside(package, m))
            for imported in sorted(graph.find_modules_directly_imported_by(module))
            if not self._may(package, imported)
        ]
        return ContractCheck(kept=not wrong, metadata={"wrong": wrong})

    def _may(self, package: str, imported: str) -> bool:
        if self._inside(package, imported):
            return True
        root = imported.partition(".")[0]
        if root in sys.stdlib_module_names:
            return root not in (cast("list[str] | None", self.not_stdlib) or ())
        return any(self._covers(entry, imported) for entry in cast("list[str]", self.allowed))

    def _inside(self, package: str, module: str) -> bool:
        excepted = cast("list[str] | None", self.except_for) or []
        return _within(module, package) and not any(_within(module, other) for other in excepted)

    @staticmethod
    def _covers(entry: str, imported: str) -> bool:
        if entry.endswith(":exactly"):
            return imported == entry.removesuffix(":exactly")
        if entry == "fiscald":
            return imported == "fiscald"
        parts, wanted = imported.split("."), entry.split(".")
        return len(parts) >= len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))

    def render_broken_contract(self, check: ContractCheck) -> None:
        metadata: dict[str, Any] = check.metadata
        for line in metadata["wrong"]:
            output.print_error(f"- {line}", bold=False)
        output.new_line()


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")
