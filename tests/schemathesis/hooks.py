"""What the configuration allows by status, narrowed to the very answers that are by design."""

import uuid

import schemathesis

# Anyone may add a header to a request, a proxy for one: an unknown one is no violation.
UNKNOWN_HEADER = "x-schemathesis-unknown-property"

# The demo has more events than these.
POSITIONS = 20

# Every read waits for a position in the same way, two seconds for one that is not reached: seen here.
WAITS = "/v1/events"


def position_of(case):
    text = (case.headers or {}).get("Ledger-Min-Position")
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() else 0


@schemathesis.hook
def filter_case(context, case):
    if UNKNOWN_HEADER in (case.headers or {}):
        return False
    return position_of(case) <= POSITIONS or case.operation.path == WAITS


@schemathesis.hook
def map_headers(context, headers):
    """A position by chance is never reached, and each waits two seconds: bounds are tried anyway."""
    position = (headers or {}).get("Ledger-Min-Position")
    if isinstance(position, str) and position.isascii() and position.isdigit():
        headers["Ledger-Min-Position"] = str(int(position) % POSITIONS)
    key = (headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and 8 <= len(key) <= 255 and all("!" <= char <= "~" for char in key):
        # One that came up before stands for another request: 422, which no schema can tell.
        headers["Idempotency-Key"] = str(uuid.uuid4())
    return headers


def code_of(response):
    return response.json()["code"]


@schemathesis.check
def unavailable_by_design(ctx, response, case):
    """A 503 says when to come again, and only a position not yet reached is a reason here."""
    if response.status_code != 503:
        return
    assert "retry-after" in response.headers, "503 without Retry-After"
    assert code_of(response) == "projection_behind", f"503 {code_of(response)}"
    assert "Ledger-Min-Position" in (case.headers or {}), "waited for nothing"


@schemathesis.check
def refused_by_design(ctx, response, case):
    """What fits the schemas is refused only for a cursor that was not given out."""
    if response.status_code != 400 or case.meta is None:
        return
    if not case.meta.generation.mode.is_positive:
        return
    code, query = code_of(response), case.query or {}
    both = code == "parameter_invalid" and "after" in query
    assert "cursor" in query and (code == "cursor_invalid" or both), f"400 {code}"
