"""`flask demo seed` makes the sample company; `flask demo site` shows its website and the mail it was sent."""

from flask.cli import AppGroup

demo = AppGroup("demo", help="The sample company.")
