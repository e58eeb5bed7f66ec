"""SQL is written by SQLAlchemy; where it is not, no value is a part of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*ROOT.glob("bot/**/*.py"), *ROOT.glob("migrations/**/*.py")])
RAW = {"execute", "executemany", "executescript", "exec_driver_sql", "text", "literal_column"}
"""Calls that take SQL as a text."""
DRIVERS = {
    "bot/storage/database.py",
    "bot/storage/sqlite_driver.py",
    "bot/storage/write_ahead.py",
    "migrations/env.py",
}
"""What talks to the driver itself: pragmas, and how transactions begin."""


def raw_statements(source: str) -> Iterator[ast.expr]:
    """Texts that a call hands over as SQL."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        first = node.args[0]
        if name == "exec_driver_sql" or (name in RAW and is_text(first)):
            yield first


def is_text(node: ast.expr) -> bool:
    """Whether an expression is a text, or puts one together."""
    if isinstance(node, ast.BinOp):
        return is_text(node.left) or is_text(node.right)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and is_text(node.func.value)
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def test_no_value_is_a_part_of_a_statement():
    for path in SOURCES:
        name = path.relative_to(ROOT).as_posix()
        for statement in raw_statements(path.read_text()):
            where = f"{name}:{statement.lineno}"
            if name not in DRIVERS:
                assert isinstance(statement, ast.Constant), where
            # Constants only, never arguments that come from elsewhere.
            parts = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
            assert all(part.isupper() for part in parts - {"begin", "pragma", "write_ahead"}), where


@pytest.mark.parametrize(
    "source",
    [
        'session.execute(text(f"SELECT {x}"))',
        'session.execute(text("SELECT " + x))',
        'session.execute(text("SELECT {}".format(x)))',
        'session.execute(text("SELECT %s" % x))',
        "connection.exec_driver_sql(x)",
    ],
)
def test_the_rule_sees_what_it_is_for(source):
    [statement] = raw_statements(source)
    assert not isinstance(statement, ast.Constant)
