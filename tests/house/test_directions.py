"""Imports look upstream only; the rules know nothing but the standard library."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "socialproof"

NOUNS = ["companies", "contacts", "surveys", "campaigns", "responses", "media", "cases", "testimonials", "widgets"]
SIDE_BY_SIDE = {("cases", "testimonials"), ("testimonials", "cases")}
CELLAR = {"clock", "database", "languages", "seal", "settings", "tokens"}
EDGES = {"app", "cli", "demo", "integrations", "web", "wiring"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        yield dotted, ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)


def room(dotted: str) -> str:
    parts = dotted.split(".")
    return parts[1] if len(parts) > 1 else ""


IMPORTS = [(module, target) for module, tree in modules() for target in set(imports(tree))]


def test_the_rules_use_the_standard_library_only() -> None:
    wrong = [
        f"{module} imports {target}"
        for module, target in IMPORTS
        if room(module) == "domain"
        and not target.startswith("socialproof.domain")
        and target.split(".")[0] not in sys.stdlib_module_names
    ]
    assert wrong == []


def test_the_rules_never_ask_for_the_time() -> None:
    wrong = [
        f"{module}:{node.lineno}"
        for module, tree in modules()
        if room(module) == "domain"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("now", "today", "utcnow")
    ]
    assert wrong == []


def test_nouns_import_only_what_lies_upstream() -> None:
    wrong = [
        f"{module} imports {target}"
        for module, target in IMPORTS
        if room(module) in NOUNS and target.startswith("socialproof.") and not is_upstream(room(module), target)
    ]
    assert wrong == []


def is_upstream(noun: str, target: str) -> bool:
    other = room(target)
    if other in NOUNS:
        return NOUNS.index(other) <= NOUNS.index(noun) and (noun, other) not in SIDE_BY_SIDE
    return other in CELLAR | {"domain", "backends"}


def test_nothing_below_the_edge_knows_flask() -> None:
    wrong = [
        f"{module} imports {target}"
        for module, target in IMPORTS
        if room(module) not in EDGES | {"database"}
        and target.split(".")[0] in ("flask", "flask_babel", "flask_wtf", "wtforms", "werkzeug")
    ]
    assert wrong == []


def test_backends_know_no_noun() -> None:
    wrong = [
        f"{module} imports {target}"
        for module, target in IMPORTS
        if room(module) == "backends" and room(target) in NOUNS
    ]
    assert wrong == []


READING = (
    "queries",
    "segments",
    "moderation_queries",
    "insight",
    "catalogue",
    "showing",
    "disclosure",
    "snapshot",
    "wording",
)


@pytest.mark.parametrize("layer", ["models", *READING])
def test_what_only_reads_imports_nothing_that_writes(layer: str) -> None:
    readers = [module for module, _tree in modules() if room(module) in NOUNS and module.endswith(f".{layer}")]
    assert readers, f"no room has a {layer}: take it from the list"
    allowed = {"models"} if layer == "models" else {"models", *READING}
    wrong = [
        f"{module} imports {target}"
        for module, target in IMPORTS
        if module in readers and room(target) in NOUNS and not allowed & set(target.split("."))
    ]
    assert wrong == []


def test_only_settings_reads_the_environment() -> None:
    wrong = [
        f"{module}:{node.lineno}"
        for module, tree in modules()
        if module != "socialproof.settings"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in ("environ", "getenv")
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    ]
    assert wrong == []


def test_services_never_commit() -> None:
    wrong = [
        f"{module}:{node.lineno}"
        for module, tree in modules()
        if room(module) in NOUNS
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("commit", "rollback")
    ]
    assert wrong == []
