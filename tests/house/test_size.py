"""Small functions, small files: a guide, and this is its alarm."""

from __future__ import annotations

import ast
import statistics
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "socialproof").rglob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.*"))
FORBIDDEN_NAMES = {"utils", "helpers", "managers", "misc", "common"}


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_function_is_longer_than_fifty_lines() -> None:
    long = [
        f"{path.name}:{node.name} {length(node)}" for path in SOURCES for node in functions(path) if length(node) > 50
    ]
    assert long == []


def test_half_of_all_functions_have_at_most_eight_lines() -> None:
    assert statistics.median(length(node) for path in SOURCES for node in functions(path)) <= 8


def test_no_file_is_longer_than_350_lines_and_no_template_than_150() -> None:
    long = [str(path.relative_to(ROOT)) for path in SOURCES if len(path.read_text().splitlines()) > 350]
    long += [str(path.relative_to(ROOT)) for path in TEMPLATES if len(path.read_text().splitlines()) > 150]
    assert long == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [path.name for path in SOURCES if path.stem in FORBIDDEN_NAMES] == []


def test_pages_carry_neither_inline_script_nor_inline_style() -> None:
    wrong = []
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        if "mail" in path.relative_to(ROOT / "templates").parts[:1]:
            continue
        text = text.replace("paths[name]|safe", "") if path.name == "icons.html" else text
        if " style=" in text or " onclick=" in text or "<style" in text or "javascript:" in text or "|safe" in text:
            wrong.append(str(path.relative_to(ROOT)))
    assert wrong == []
