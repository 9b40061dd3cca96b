"""Programs that differ in one thing from a given one: a check left out, a bound moved, another answer. Pure.

What stands in decorators, annotations, assertions and docstrings stays: those are for people and for the checker of
types. So do words, but for one that something is compared with.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

NOT_TOUCHED = ("annotation", "returns", "decorator_list", "bases")
COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
}  # fmt: skip
COUNTED: dict[type[ast.operator], type[ast.operator]] = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div}
TURNED = {"any": "all", "all": "any", "min": "max", "max": "min"}

Put = Callable[[ast.AST], None]


@dataclass(frozen=True)
class Mutant:
    """A changed module: *name* says in which function what became what, and *source* is the whole of it."""

    name: str
    source: str


def mutants(source: str, functions: Collection[str] | None = None) -> Iterator[Mutant]:
    """Yield the mutants of a module's *source*, of its *functions* alone (by their names; None: of all there is)."""
    tree = ast.parse(source)
    seen: Counter[str] = Counter()
    for owner, node, put in _places(tree, ""):
        if functions is not None and not any(f"{owner}.".startswith(f"{name}.") for name in functions):
            continue
        for changed in _changes(node):
            name = f"{owner or 'module'}: {_said(node)} → {_said(changed)}"
            seen[name] += 1
            put(changed)
            text = ast.unparse(ast.fix_missing_locations(tree))
            put(node)
            yield Mutant(name if seen[name] == 1 else f"{name} ({seen[name]})", text)


def _said(node: ast.AST) -> str:
    """Return the first line of *node* in Python."""
    line, _, more = ast.unparse(node).partition("\n")
    return line + (" …" if more else "")


def _places(node: ast.AST, owner: str) -> Iterator[tuple[str, ast.AST, Put]]:
    """Yield what is within *node* and may be changed: in which function, what, and how another is put there."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        owner = f"{owner}.{node.name}" if owner else node.name
    for field, value in ast.iter_fields(node):
        if field in NOT_TOUCHED:
            continue
        for place, child in enumerate(value) if isinstance(value, list) else [(-1, value)]:
            if isinstance(child, ast.AST) and not _stays(child):
                yield owner, child, _putting(node, field, place)
                yield from _places(child, owner)


def _putting(parent: ast.AST, field: str, place: int) -> Put:
    def put(child: ast.AST) -> None:
        if place < 0:
            setattr(parent, field, child)
        else:
            getattr(parent, field)[place] = child

    return put


def _stays(node: ast.AST) -> bool:
    """Return whether *node* is an assertion, a docstring, a message, or a type that has a name."""
    if isinstance(node, ast.Assert):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assign):
        return isinstance(node.value, ast.Subscript) and isinstance(node.targets[0], ast.Name)
    return isinstance(node, ast.JoinedStr)


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in the place of *node*."""
    match node:
        case ast.Expr(value=ast.Call()) | ast.Raise() | ast.AugAssign():
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()
        case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and not value.value):
            yield ast.Return(ast.Constant(None))
        case ast.If():
            for always in (True, False):
                yield ast.If(ast.Constant(always), node.body, node.orelse)
        case ast.IfExp():
            yield from (node.body, node.orelse)
        case ast.comprehension() if node.ifs:
            yield ast.comprehension(node.target, node.iter, [], node.is_async)
        case ast.BoolOp(values=values):
            for left_out in values:
                rest = [value for value in values if value is not left_out]
                yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.Compare(ops=[op]) if type(op) in COMPARED:
            yield ast.Compare(node.left, [COMPARED[type(op)]()], node.comparators)
            if isinstance(node.left, ast.Constant) and isinstance(node.left.value, str):
                yield ast.Compare(ast.Constant(f"{node.left.value}…"), node.ops, node.comparators)
        case ast.BinOp(op=ast.BitOr()):
            yield from (node.left, node.right)
        case ast.BinOp() if type(node.op) in COUNTED:
            yield ast.BinOp(node.left, COUNTED[type(node.op)](), node.right)
        case ast.Call(func=ast.Name(id=name)) if name in TURNED:
            yield ast.Call(ast.Name(TURNED[name], ast.Load()), node.args, node.keywords)
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            yield ast.Constant(value + 1)
