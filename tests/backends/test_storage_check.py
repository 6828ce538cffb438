"""The operator's commands for the bucket, on real stores."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO

from click.testing import Result
from flask import Flask

from socialproof.backends.storage.local import LocalStorage
from socialproof.backends.storage.s3 import S3Storage
from socialproof.settings import Settings
from tests.s3 import ObjectStore, gateway

MakeApp = Callable[..., Flask]


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["storage", *arguments])


def marks(result: Result) -> dict[str, str]:
    """The mark of each step by its name."""
    lines = [line for line in result.output.splitlines() if line[:8].strip() in ("ok", "warning", "FAILED")]
    return {line[8:].partition(":")[0]: line[:8].strip() for line in lines}


def test_after_the_rules_are_set_every_step_goes_well(make_app: MakeApp, moto: ObjectStore) -> None:
    app = make_app(bucket=moto.fresh_bucket())
    rules = run(app, "cors")
    assert rules.exit_code == 0, rules.output
    result = run(app, "check")
    assert set(marks(result).values()) == {"ok"}, result.output
    assert (len(marks(result)), result.exit_code) == (12, 0)


def test_without_the_rules_it_says_so_and_what_to_do(make_app: MakeApp, moto: ObjectStore) -> None:
    result = run(make_app(bucket=moto.fresh_bucket()), "check")
    failed = [name for name, mark in marks(result).items() if mark == "FAILED"]
    assert failed == ["Let our pages send parts (CORS)", "Let every page play (CORS)"], result.output
    assert "flask storage cors" in result.output
    assert result.exit_code != 0


def test_only_our_own_pages_may_send_and_every_page_may_play(make_app: MakeApp, moto: ObjectStore) -> None:
    place = moto.fresh_bucket()
    app = make_app(bucket=place)
    run(app, "cors")
    found = S3Storage(place).client.get_bucket_cors(Bucket=place.name)["CORSRules"]
    site = json.loads(run(app, "cors").output.partition("\nThe bucket")[0])["CORSRules"][1]["AllowedOrigins"][0]
    assert [(rule["AllowedMethods"], rule["AllowedOrigins"]) for rule in found] == [
        (["GET", "HEAD"], ["*"]),
        (["PUT"], [site]),
    ]


def test_what_a_store_lacks_is_told(make_app: MakeApp, swift: ObjectStore) -> None:
    app = make_app(bucket=swift.folder())
    result = run(app, "check")
    assert marks(result)["Tell the checksums of parts"] == "warning"
    assert marks(result)["Refuse a part with other content"] == "ok"
    assert marks(result)["Refuse who has no signature"] == "ok"
    rules = run(app, "cors")
    assert rules.exit_code != 0
    assert "AllowedOrigins" in rules.output


def test_versions_that_are_kept_are_a_failure(make_app: MakeApp, moto: ObjectStore) -> None:
    place = moto.fresh_bucket()
    S3Storage(place).client.put_bucket_versioning(Bucket=place.name, VersioningConfiguration={"Status": "Enabled"})
    result = run(make_app(bucket=place), "check")
    assert marks(result)["Keep no old versions"] == "FAILED"


def test_a_public_bucket_is_a_failure(make_app: MakeApp, moto: ObjectStore) -> None:
    place = moto.fresh_bucket()
    S3Storage(place).client.put_bucket_acl(Bucket=place.name, ACL="public-read")
    result = run(make_app(bucket=place), "check")
    assert marks(result)["Refuse who has no signature"] == "FAILED", result.output


def test_a_store_that_is_away_fails_every_step_without_a_crash(make_app: MakeApp, moto: ObjectStore) -> None:
    with gateway(moto) as (way, place):
        way.refusal = 403
        way.is_away.set()
        result = run(make_app(bucket=place), "check")
    assert result.exit_code == 1
    assert marks(result)["Write and read"] == "FAILED"
    assert "Traceback" not in result.output


def test_nothing_is_left_behind(make_app: MakeApp, moto: ObjectStore) -> None:
    place = moto.fresh_bucket()
    run(make_app(bucket=place), "check")
    client = S3Storage(place).client
    assert client.list_objects_v2(Bucket=place.name)["KeyCount"] == 0
    assert client.list_multipart_uploads(Bucket=place.name).get("Uploads", []) == []


def test_on_a_disk_there_is_nothing_to_look_after(app: Flask) -> None:
    result = run(app, "check")
    assert result.exit_code == 1
    assert "names no bucket" in result.output


def test_the_media_of_the_disk_move_into_the_bucket_once(
    make_app: MakeApp, settings: Settings, moto: ObjectStore
) -> None:
    disk = LocalStorage(settings.data_dir / "media")
    films = {f"companies/a/media/{name}/video.mp4": name.encode() * 1000 for name in ("one", "two", "three")}
    for key, content in films.items():
        disk.put(key, BytesIO(content))
    place = moto.fresh_bucket()
    bucket = S3Storage(place)
    bucket.put("companies/a/media/two/video.mp4", BytesIO(b"half of it"))
    app = make_app(bucket=place)
    assert "3 files were copied" in run(app, "import").output
    for key, content in films.items():
        with bucket.open(key) as stored:
            assert stored.read() == content
    assert "0 files were copied" in run(app, "import").output
