"""The entry point of every WSGI server."""

from socialproof.app import create_app
from socialproof.settings import Settings

app = create_app(Settings.from_env())
