"""OpenStack Swift with its S3 interface, whole in one process: `python -m tests.swift_server <folder>`.

One replica on one device in the folder, loopback only. Prints the port of the S3 interface when it serves.
"""

from __future__ import annotations

import eventlet

eventlet.monkey_patch()

import os  # noqa: E402
import sys  # noqa: E402
import warnings  # noqa: E402
from pathlib import Path  # noqa: E402

SWIFT = "[swift-hash]\nswift_hash_path_suffix = of\nswift_hash_path_prefix = test\n"
STORE = """[DEFAULT]
devices = {folder}/devices
mount_check = false
swift_dir = {folder}
user = {user}
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""
PROXY = """[DEFAULT]
swift_dir = {folder}
user = {user}
[pipeline:main]
pipeline = catch_errors gatekeeper listing_formats bulk s3api tempauth copy slo dlo proxy-server
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
s3_acl = false
check_bucket_owner = false
cors_preflight_allow_origin = *
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:copy]
use = egg:swift#copy
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
"""
KINDS = ("account", "container", "object")


def main(folder: Path) -> None:
    """Serve until killed."""
    import pwd

    from swift.common.utils import set_swift_dir

    values = {"folder": folder, "user": pwd.getpwuid(os.geteuid()).pw_name}
    (folder / "devices" / "d").mkdir(parents=True)
    (folder / "swift.conf").write_text(SWIFT)
    set_swift_dir(str(folder))
    sockets = {kind: eventlet.listen(("127.0.0.1", 0)) for kind in (*KINDS, "proxy")}
    for kind in KINDS:
        make_ring(folder, kind, sockets[kind].getsockname()[1])
        (folder / f"{kind}.conf").write_text(STORE.format(kind=kind, **values))
    (folder / "proxy.conf").write_text(PROXY.format(**values))
    greens = [eventlet.spawn(serve, folder / f"{kind}.conf", bound) for kind, bound in sockets.items()]
    eventlet.sleep(0)
    print(sockets["proxy"].getsockname()[1], flush=True)
    for green in greens:
        green.wait()


def make_ring(folder: Path, kind: str, port: int) -> None:
    """Everything of this kind lies on the one device of the one server."""
    from swift.common.ring import RingBuilder

    builder = RingBuilder(2, 1, 0)
    builder.add_dev({"id": 0, "region": 1, "zone": 1, "weight": 1, "ip": "127.0.0.1", "port": port, "device": "d"})
    builder.rebalance()
    builder.get_ring().save(str(folder / f"{kind}.ring.gz"))


def serve(conf: Path, bound: object) -> None:
    """As Swift's own servers do it, without the log."""
    from eventlet import wsgi
    from swift.common.utils import NullLogger
    from swift.common.wsgi import SwiftHttpProtocol, loadapp

    app = loadapp(str(conf), global_conf={"log_name": conf.stem})
    wsgi.server(bound, app, NullLogger(), protocol=SwiftHttpProtocol, capitalize_response_headers=False)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(Path(sys.argv[1]))
