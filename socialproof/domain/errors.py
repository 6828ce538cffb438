"""What a rule says when it is broken. Codes are words; the edge turns them into sentences in the reader's language."""


class RuleBroken(Exception):
    """A rule refuses the act. `code` names the rule, `details` holds what the sentence needs."""

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


class NotFound(RuleBroken):
    """There is no such thing for this reader: missing and foreign look the same."""

    def __init__(self, code: str = "not_found", **details: object) -> None:
        super().__init__(code, **details)


class Conflict(RuleBroken):
    """Somebody else was first; `by` is their name when known."""

    def __init__(self, code: str = "conflict", by: str = "", **details: object) -> None:
        super().__init__(code, by=by, **details)
        self.by = by


class Forbidden(RuleBroken):
    """The reader is known but may not do this."""

    def __init__(self, code: str = "forbidden", **details: object) -> None:
        super().__init__(code, **details)
