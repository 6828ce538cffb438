"""The entry point of every WSGI server. A wrong setting ends it with one sentence."""

from socialproof.app import create_app
from socialproof.settings import Misconfigured, Settings

try:
    app = create_app(Settings.from_env())
except Misconfigured as problem:
    raise SystemExit(f"Socialproof does not start: {problem}") from None
