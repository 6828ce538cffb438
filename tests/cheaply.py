"""What every test would make anew although it is the same each time, made once for a whole run.

Each test has an application of its own. What is kept here depends on nothing that a test can change.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule

_builders: dict[object, Callable[..., tuple[str, str]]] = {}


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

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        if self.defaults:
            return super()._compile_builder(append_unknown)
        key = (self.rule, tuple(self._trace), append_unknown)
        if key not in _builders:
            _builders[key] = super()._compile_builder(append_unknown)
        return _builders[key]


def share_what_is_the_same() -> None:
    """For every application that this process makes from now on."""
    Flask.url_rule_class = CompiledRule
