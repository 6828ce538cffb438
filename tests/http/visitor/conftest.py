"""A company with a public face, for the visitor's pages."""

from tests.showcase import clock, showcase

__all__ = ["clock", "showcase"]
