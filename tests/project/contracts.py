"""The import linter's contract for this house: a list of what may be imported; everything else is forbidden."""

from __future__ import annotations

import fnmatch
import sys
from typing import Any, ClassVar, cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class MayImport(Contract):
    """``packages`` may import themselves and ``allowed``; of the standard library all but ``not_stdlib``.

    ``except_for`` names parts of the packages that are none of them: they have a contract of their own, and the rest
    may not import them.

    An entry covers its submodules too, unless it is ``fiscald`` alone or (of ``allowed``) ends in ``:exactly``; ``*``
    is one level.
    """

    type_name: ClassVar[str] = "may_import"

    packages = fields.ListField(subfield=fields.StringField())
    allowed = fields.ListField(subfield=fields.StringField())
    not_stdlib = fields.ListField(subfield=fields.StringField(), required=False)
    except_for = fields.ListField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        wrong = [
            f"{module} -> {imported}"
            for module in sorted(filter(self.inside, graph.modules))
            for imported in sorted(graph.find_modules_directly_imported_by(module))
            if not self._may(imported)
        ]
        return ContractCheck(kept=not wrong, metadata={"wrong": wrong})

    def _may(self, imported: str) -> bool:
        if self.inside(imported):
            return True
        root = imported.partition(".")[0]
        if root in sys.stdlib_module_names:
            return root not in (cast("list[str] | None", self.not_stdlib) or ())
        return any(self._covers(entry, imported) for entry in cast("list[str]", self.allowed))

    def inside(self, module: str) -> bool:
        """Whether the contract is about that module."""
        excepted = cast("list[str] | None", self.except_for) or []
        packages = cast("list[str]", self.packages)
        return any(_within(module, one) for one in packages) and not any(_within(module, one) for one in excepted)

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
    return module == package or (package != "fiscald" and module.startswith(f"{package}."))
