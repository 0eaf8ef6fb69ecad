"""Every single change that can be made to a source file, found in its syntax tree and made in its text."""

from __future__ import annotations

import ast
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise


class Kind(StrEnum):
    """What is changed."""

    COMPARISON = "comparison"
    """One operator for its neighbour: ``<`` for ``<=``, ``==`` for ``!=``."""
    CONDITION = "condition"
    """A condition is turned into its opposite."""
    BOOLEAN = "boolean"
    """``and`` for ``or``, or one of their operands alone."""
    NUMBER = "number"
    """One more, or one less."""
    FLAG = "flag"
    """``True`` for ``False``."""
    ARITHMETIC = "arithmetic"
    STATEMENT = "statement"
    """A call or an assignment to a part of something is left out."""
    CHECKPOINT = "checkpoint"
    """A dialogue does not yield what has to be written down, a task does not let others run."""
    RETURN = "return"
    """``None`` instead of the value."""
    HANDLER = "handler"
    """An exception is handed on instead of being handled."""
    SEED = "seed"
    """Chance gives the same every time."""


@dataclass(frozen=True)
class Change:
    """One change to one file."""

    file: str
    """Relative to the tree."""
    where: str
    """The function or class it is in; empty at the top."""
    line: int
    text: str
    """That line, as it is in the file."""
    kind: Kind
    before: str
    after: str
    start: int
    """Bytes of the file that are replaced."""
    end: int
    nth: int = 0
    """Which of several equal changes on equal lines of the same function."""

    @property
    def key(self) -> tuple[str, str, str, str, str, int]:
        """What tells it from others, wherever its line moves."""
        return self.file, self.where, self.text, self.before, self.after, self.nth

    def made(self, source: bytes) -> bytes:
        """The source with the change."""
        return source[: self.start] + self.after.encode() + source[self.end :]

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.before!r} -> {self.after!r}"


_COMPARISONS = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.Is: "is not", ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in",
}  # fmt: skip
_COMPARISON = re.compile(rb"<=|>=|==|!=|<|>|\bis\s+not\b|\bnot\s+in\b|\bis\b|\bin\b")
_ARITHMETIC: dict[type[ast.operator], tuple[bytes, str]] = {
    ast.Add: (b"+", "-"), ast.Sub: (b"-", "+"), ast.Mult: (b"*", "//"), ast.FloorDiv: (b"//", "*"),
    ast.Mod: (b"%", "//"), ast.Div: (b"/", "*"), ast.BitAnd: (b"&", "|"), ast.BitOr: (b"|", "&"),
}  # fmt: skip
#: Statements whose loss no test must notice.
_TOLD_ONLY = ("log.", "logger.", "_log.")
#: What a task or a dialogue reports to its caller.
_CHECKPOINTS = re.compile(r"yield (Checkpoint|Pause)\b|await (anyio\.lowlevel\.)?\w*checkpoint\w*\(")
_CHANCE: dict[str, str] = {
    "secrets.token_bytes": "bytes({0})", "os.urandom": "bytes({0})", "secrets.token_hex": "'00' * ({0})",
    "secrets.token_urlsafe": "'A' * ({0})", "secrets.randbelow": "0 * ({0})", "random.uniform": "({0})",
    "random.randrange": "0 * ({0})", "secrets.choice": "({0})[0]", "random.choice": "({0})[0]",
}  # fmt: skip


class _Finder:
    """Walks one file."""

    def __init__(self, file: str, source: bytes) -> None:
        self.file = file
        self.source = source
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._where: list[str] = []
        self.found: list[Change] = []

    def at(self, node: ast.AST, *, end: bool = False) -> int:
        """Where a node begins or ends, in bytes."""
        if end:
            return self._starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined, no-any-return]
        return self._starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined, no-any-return]

    def segment(self, node: ast.AST) -> str:
        return self.source[self.at(node) : self.at(node, end=True)].decode()

    def add(self, kind: Kind, start: int, end: int, after: str) -> None:
        before = self.source[start:end].decode()
        if before == after:
            return
        line = self.source.count(b"\n", 0, start) + 1
        text = self.source[self._starts[line - 1] : self._starts[line]].decode().strip()
        self.found.append(Change(self.file, ".".join(self._where), line, text, kind, before, after, start, end))

    def replace(self, kind: Kind, node: ast.AST, after: str) -> None:
        self.add(kind, self.at(node), self.at(node, end=True), after)

    # -- the walk -------------------------------------------------------------------------------------

    def walk(self, node: ast.AST) -> None:
        handler = getattr(self, "_" + type(node).__name__.lower(), None)
        if handler is not None:
            handler(node)
        named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if named:
            self._where.append(node.name)  # type: ignore[attr-defined]
        for child in self._children(node):
            self.walk(child)
        if named:
            self._where.pop()

    def _children(self, node: ast.AST) -> Iterator[ast.AST]:
        """What is looked at inside of a node: no docstring, assertion, decorator, or what only type checkers read."""
        match node:
            case ast.Assert() | ast.JoinedStr():
                return
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                return
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from (each for each in (*node.args.defaults, *node.args.kw_defaults) if each is not None)
                yield from node.body
            case ast.ClassDef():
                yield from node.body
            case ast.Expr(value=ast.Constant()):
                return
            case ast.Expr() if self.segment(node).startswith(_TOLD_ONLY):
                return
            case ast.Call(func=ast.Name(id="zip")):
                yield from node.args  # ``strict`` is an assertion
            case ast.AnnAssign():
                # Bounds of a field stand in its annotation.
                yield from (each for each in ast.walk(node.annotation) if isinstance(each, ast.Call))
                if node.value is not None:
                    yield node.value
            case _:
                yield from ast.iter_child_nodes(node)

    # -- conditions -----------------------------------------------------------------------------------

    def _turn(self, test: ast.expr) -> None:
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            self.replace(Kind.CONDITION, test, f"({self.segment(test.operand)})")
        elif not (isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) not in _ORDERED):
            # A comparison for equality is turned by its operator.
            self.replace(Kind.CONDITION, test, f"not ({self.segment(test)})")

    def _if(self, node: ast.If) -> None:
        if not (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            self._turn(node.test)

    def _while(self, node: ast.While) -> None:
        if not isinstance(node.test, ast.Constant):
            self._turn(node.test)

    def _ifexp(self, node: ast.IfExp) -> None:
        self._turn(node.test)

    def _comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._turn(test)

    def _match_case(self, node: ast.match_case) -> None:
        if node.guard is not None:
            self._turn(node.guard)

    def _compare(self, node: ast.Compare) -> None:
        operands = [node.left, *node.comparators]
        for (left, right), operator in zip(pairwise(operands), node.ops, strict=True):
            after = _COMPARISONS[type(operator)]
            found = _COMPARISON.search(self.source, self.at(left, end=True), self.at(right))
            if found is not None:
                self.add(Kind.COMPARISON, *found.span(), after)

    def _boolop(self, node: ast.BoolOp) -> None:
        word, other = (b"and", "or") if isinstance(node.op, ast.And) else (b"or", "and")
        for left, right in pairwise(node.values):
            found = re.compile(rb"\b%s\b" % word).search(self.source, self.at(left, end=True), self.at(right))
            if found is not None and len(node.values) == 2:
                self.add(Kind.BOOLEAN, *found.span(), other)
        for index, value in enumerate(node.values):
            rest = [self.segment(each) for each in node.values if each is not value]
            if index < len(node.values) and len(rest) == 1:
                self.replace(Kind.BOOLEAN, node, f"({rest[0]})")
            else:
                joined = f" {word.decode()} ".join(f"({each})" for each in rest)
                self.replace(Kind.BOOLEAN, node, f"({joined})")

    # -- values ---------------------------------------------------------------------------------------

    def _constant(self, node: ast.Constant) -> None:
        match node.value:
            case bool():
                self.replace(Kind.FLAG, node, str(not node.value))
            case int():
                for other in (node.value + 1, node.value - 1):
                    self.replace(Kind.NUMBER, node, str(other) if other >= 0 else f"({other})")
            case float():
                self.replace(Kind.NUMBER, node, repr(node.value + 1))

    def _binop(self, node: ast.BinOp) -> None:
        if type(node.op) not in _ARITHMETIC or any(
            isinstance(each, ast.JoinedStr) or (isinstance(each, ast.Constant) and isinstance(each.value, str | bytes))
            for each in (node.left, node.right)
        ):
            return
        sign, after = _ARITHMETIC[type(node.op)]
        found = self.source.find(sign, self.at(node.left, end=True), self.at(node.right))
        if found >= 0:
            self.add(Kind.ARITHMETIC, found, found + len(sign), after)

    def _call(self, node: ast.Call) -> None:
        name = ast.unparse(node.func)
        if name in _CHANCE and node.args:
            self.replace(Kind.SEED, node, _CHANCE[name].format(self.segment(node.args[0])))
        if name in ("contextlib.suppress", "suppress") and node.args:
            self.replace(Kind.HANDLER, node, f"{name}()")

    # -- statements -----------------------------------------------------------------------------------

    def _expr(self, node: ast.Expr) -> None:
        told = self.segment(node)
        if isinstance(node.value, ast.Constant) or told.startswith(_TOLD_ONLY) or told == "yield":
            return
        self.replace(Kind.CHECKPOINT if _CHECKPOINTS.match(told) else Kind.STATEMENT, node, "pass")

    def _assign(self, node: ast.Assign) -> None:
        if all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets):
            self.replace(Kind.STATEMENT, node, "pass")

    def _augassign(self, node: ast.AugAssign) -> None:
        self.replace(Kind.STATEMENT, node, "pass")

    def _raise(self, node: ast.Raise) -> None:
        self.replace(Kind.STATEMENT, node, "pass")

    def _continue(self, node: ast.Continue) -> None:
        self.replace(Kind.STATEMENT, node, "pass")

    def _break(self, node: ast.Break) -> None:
        self.replace(Kind.STATEMENT, node, "pass")

    def _delete(self, node: ast.Delete) -> None:
        self.replace(Kind.STATEMENT, node, "pass")

    def _return(self, node: ast.Return) -> None:
        if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
            self.replace(Kind.RETURN, node, "return None")

    def _excepthandler(self, node: ast.ExceptHandler) -> None:
        if self.segment(node.body[0]) != "raise":
            self.replace(Kind.HANDLER, node.body[0], "raise")


_ORDERED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


def changes(file: str, source: bytes) -> list[Change]:
    """Every change that can be made to that file, in the order of its text. Not all of them need compile."""
    finder = _Finder(file, source)
    finder.walk(ast.parse(source))
    seen: Counter[tuple[str, ...]] = Counter()
    found = []
    places = set()
    for change in sorted(finder.found, key=lambda each: (each.start, each.end, each.kind, each.after)):
        place = (change.start, change.end, change.after)
        if place in places:
            continue
        places.add(place)
        key = change.where, change.text, change.before, change.after
        found.append(
            Change(
                file, change.where, change.line, change.text, change.kind, change.before, change.after, change.start,
                change.end, seen[key],
            )
        )  # fmt: skip
        seen[key] += 1
    return found


def compiles(source: bytes) -> bool:
    """Whether Python reads it."""
    try:
        compile(source, "<changed>", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def sample(sources: Mapping[str, bytes], seed: int, number: int) -> list[Change]:
    """So many changes to these files, drawn by ``seed``; of every kind as many as of any other, while there are any.

    Tables of numbers would otherwise be most of it. What does not compile is no change.
    """
    chance = random.Random(seed)
    by_kind: dict[Kind, list[Change]] = {kind: [] for kind in Kind}
    for file in sorted(sources):
        for change in changes(file, sources[file]):
            by_kind[change.kind].append(change)
    for each in by_kind.values():
        chance.shuffle(each)
    drawn: list[Change] = []
    while len(drawn) < number and any(by_kind.values()):
        for each in by_kind.values():
            while each and len(drawn) < number:
                change = each.pop()
                if compiles(change.made(sources[change.file])):
                    drawn.append(change)
                    break
    return drawn
