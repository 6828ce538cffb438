"""What every test would make anew although it is the same each time, made once for a whole run.

Each test has an application of its own. What is kept here depends on nothing that a test can change.
"""

from __future__ import annotations

from typing import Any

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule

_compiled: dict[object, dict[str, Any]] = {}


class Compiled(BytecodeCache):
    """Templates compiled once for all applications of a test run."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self._code.get(bucket.key + bucket.checksum):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key + bucket.checksum] = bucket.bytecode_to_string()


COMPILED = Compiled()


class CompiledRule(Rule):
    """For each of two hundred addresses werkzeug writes two functions: it was most of an application's making."""

    def compile(self) -> None:
        if self.defaults or self.subdomain or self.host:
            return super().compile()
        key = (self.rule, self.merge_slashes)
        if key not in _compiled:
            super().compile()
            _compiled[key] = {name: getattr(self, name) for name in ("_parts", "_trace", "_converters", "arguments")}
            _compiled[key] |= {name: getattr(self, name).__func__ for name in ("_build", "_build_unknown")}
        for name, value in _compiled[key].items():
            setattr(self, name, value.__get__(self) if name.startswith("_build") else value)
        return None


def share_what_is_the_same() -> None:
    """For every application that this process makes from now on."""
    Flask.url_rule_class = CompiledRule
