"""How a company's own server names the person before a popup, to copy. A test runs the first two."""

from __future__ import annotations

PYTHON = """import os, time
import jwt  # pip install pyjwt

def socialproof_token(user):
    claims = {
        "email": user.email,
        "name": user.name,                # optional
        "language": "en",                 # optional
        "exp": int(time.time()) + 3600,   # at most 24 hours ahead
    }
    return jwt.encode(claims, os.environ["SOCIALPROOF_IDENTIFY_SECRET"], algorithm="HS256")
"""

NODE = """const { createHmac } = require("node:crypto");

function socialproofToken(user) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 3600; // at most 24 hours ahead
  const said = part({ alg: "HS256", typ: "JWT" }) + "." + part({ email: user.email, name: user.name, exp });
  return said + "." + createHmac("sha256", process.env.SOCIALPROOF_IDENTIFY_SECRET).update(said).digest("base64url");
}
"""

PHP = """function socialproof_token(string $email, string $name): string {
    $part = fn ($text) => rtrim(strtr(base64_encode($text), '+/', '-_'), '=');
    $claims = ['email' => $email, 'name' => $name, 'exp' => time() + 3600]; // at most 24 hours ahead
    $said = $part(json_encode(['alg' => 'HS256', 'typ' => 'JWT'])) . '.' . $part(json_encode($claims));
    return $said . '.' . $part(hash_hmac('sha256', $said, getenv('SOCIALPROOF_IDENTIFY_SECRET'), true));
}
"""

PAGE = """<script>
  window.socialproof = window.socialproof || [];
  socialproof.push(["identify", "TOKEN FROM YOUR SERVER"]);
</script>
"""

CALLS = """socialproof.push(["event", "order-placed"]);   // for a popup that waits for this event
socialproof.push(["open"]);                       // in the handler of your own button
socialproof.push(["close"]);
socialproof.push(["identify", null]);             // somebody signed out
"""

SAMPLES = (("Python", PYTHON), ("Node", NODE), ("PHP", PHP))
