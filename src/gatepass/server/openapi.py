"""The OpenAPI 3.1 document, written from the route table and the message types alone."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gatepass.oauth import REVOCATIONS_MEDIA_TYPE
from gatepass.server.answers import PROBLEMS, ProblemDetails
from gatepass.server.bodies import Body, Lasting
from gatepass.server.cookies import SessionCookie
from gatepass.server.onward import onward
from gatepass.server.operation import Access
from gatepass.server.repeats import repeated

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gatepass.server.operation import Operation
    from gatepass.server.site import ServerConfig

_REFERENCE: Final = "#/components/schemas/{name}"


def document(config: ServerConfig, operations: Iterable[Operation], *, lifetime: int) -> bytes:
    """Write the document; `lifetime` is how long a token may live here at most, in seconds."""
    rows = list(operations)
    kinds = {kind for row in rows for kind in (*row.answers, row.body) if kind is not None} | {ProblemDetails}
    schemas = _schemas(kinds, lifetime=lifetime)
    paths: dict[str, dict[str, Any]] = {}
    for row in rows:
        paths.setdefault(row.path, {})[row.method.lower()] = _operation(row)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Gatepass Auth",
                "version": "1",
                "summary": "Log in once; every service checks the pass by itself.",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": config.issuer}],
            "tags": [{"name": tag} for tag in dict.fromkeys(row.tag for row in rows)],
            "paths": paths,
            "components": {"schemas": schemas, "securitySchemes": _security_schemes(config)},
        }
    )


def _schemas(kinds: Iterable[type[msgspec.Struct]], *, lifetime: int) -> dict[str, Any]:
    ordered = sorted(kinds, key=lambda kind: kind.__name__)
    _, schemas = msgspec.json.schema_components(ordered, ref_template=_REFERENCE)
    for kind in ordered:
        if issubclass(kind, Body):
            schemas[kind.__name__] |= kind.TOGETHER
        if issubclass(kind, Lasting):
            allowed = {"type": "integer", "minimum": 1, "maximum": lifetime, "description": "Seconds."}
            schemas[kind.__name__]["properties"]["lifetime"]["anyOf"] = [allowed, {"type": "null"}]
    return schemas


# OpenAPI knows the header for credentials alone; here the pass is what the question is about.
_IN_QUESTION: Final = "One that does not hold is no refusal: it is the answer (RFC 7662 §2.2)."


def _security_schemes(config: ServerConfig) -> dict[str, Any]:
    return {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "A session id (gps_…) or an access token, RFC 6750.",
        },
        "session_id": {
            "type": "http",
            "scheme": "bearer",
            "description": "A session id (gps_…) alone: an access token is not enough.",
        },
        "session_in_question": {
            "type": "http",
            "scheme": "bearer",
            "description": f"The session id (gps_…) that is asked about. {_IN_QUESTION}",
        },
        "token_in_question": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": f"The access token that is asked about. {_IN_QUESTION}",
        },
        "cookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": SessionCookie.for_scheme(https=config.https).name,
            "description": "Set by the log-in page. Unsafe methods then need an Origin of Auth's own or a "
            "configured application, or Sec-Fetch-Site: same-origin.",
        },
    }


def _operation(row: Operation) -> dict[str, Any]:
    written: dict[str, Any] = {
        "operationId": row.name,
        "summary": row.summary,
        "description": repeated(row),
        "tags": [row.tag],
        "security": _security(row.access),
        "responses": {str(row.status): _success(row) | onward(row), **_unchanged(row), **_failures(row)},
    }
    parameters = [*_path_parameters(row.path), *_query_parameters(row.query)]
    if parameters:
        written["parameters"] = parameters
    if row.body is not None:
        written["requestBody"] = {"required": True, "content": _json(_reference(row.body))}
    return written


_WAYS: Final[dict[Access, tuple[str, ...]]] = {
    Access.OPEN: (),
    Access.LOGGED_IN: ("bearer", "cookie"),
    Access.SESSION: ("session_id", "cookie"),
    Access.SESSION_BEARER: ("session_id",),
    Access.SESSION_ID: ("session_in_question",),
    Access.ACCESS_TOKEN: ("token_in_question",),
}


def _security(access: Access) -> list[dict[str, list[str]]]:
    return [{way: []} for way in _WAYS[access]]


_PAGE: Final = {"type": "string", "pattern": r"^[\w-]+\.[\w-]+\.[\w-]+$"}
# Of a stream OpenAPI 3.1 has a schema describe one event, as its reader has it.
_EVENT: Final = {
    "type": "object",
    "description": "An event of the stream.",
    "required": ["id", "data"],
    "properties": {
        "id": {"type": "string", "description": "The cursor to go on from."},
        "data": _PAGE | {"contentMediaType": REVOCATIONS_MEDIA_TYPE},
    },
}
_TEXTS: Final[dict[str, dict[str, Any]]] = {REVOCATIONS_MEDIA_TYPE: _PAGE, "text/event-stream": _EVENT}


def _success(row: Operation) -> dict[str, Any]:
    if row.status == HTTPStatus.NO_CONTENT:
        return {"description": "Done."}
    if row.media_type != "application/json":
        content = {row.media_type: {"schema": _TEXTS.get(row.media_type, {"type": "string"})}}
        return {"description": HTTPStatus(row.status).phrase, "content": content}
    schemas = [_reference(kind) for kind in row.answers]
    schema = schemas[0] if len(schemas) == 1 else {"oneOf": schemas}
    return {"description": HTTPStatus(row.status).phrase, "content": _json(schema)}


def _unchanged(row: Operation) -> dict[str, Any]:
    if not row.revalidates:
        return {}
    return {"304": {"description": "You have it already.", "headers": _HEADERS[304]}}


# What an answer of a status always carries.
_WAIT: Final = {"Retry-After": {"required": True, "schema": {"type": "integer"}}}
_HEADERS: Final[dict[int, dict[str, Any]]] = {
    304: {"ETag": {"required": True, "schema": {"type": "string"}}},
    401: {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}},
    429: _WAIT,
    503: _WAIT,
}


def _failures(row: Operation) -> dict[str, Any]:
    """Write one answer per status, with the codes that it can carry."""
    by_status: dict[int, list[str]] = {}
    for code in sorted(row.all_problems()):
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    return {
        str(status): {
            "description": " ".join(f"`{code}`: {PROBLEMS[code].detail}" for code in codes),
            "headers": _HEADERS.get(status, {}),
            "content": {
                "application/problem+json": {
                    "schema": {
                        "allOf": [_reference(ProblemDetails)],
                        "properties": {"code": {"enum": codes}, "status": {"const": status}},
                    }
                }
            },
        }
        for status, codes in sorted(by_status.items())
    }


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", path)
    ]


def _query_parameters(query: type[msgspec.Struct] | None) -> list[dict[str, Any]]:
    if query is None:
        return []
    _, components = msgspec.json.schema_components([query], ref_template=_REFERENCE)
    schema = components[query.__name__]
    required = schema.get("required", [])
    members = dict(schema["properties"])
    apart = {name: members.pop(name) for name in getattr(query, "ONE_AT_MOST", ())}
    written = [
        {"name": name, "in": "query", "required": name in required, "schema": kind}
        for name, kind in members.items()
    ]
    return [*written, _one_at_most(apart)] if apart else written


def _one_at_most(members: dict[str, Any]) -> dict[str, Any]:
    """Write parameters that exclude each other. Only a schema says that, and each parameter has its own: so
    they are the members of one object, which stand in the query side by side (`form` and `explode`)."""
    return {
        "name": "one_of",
        "in": "query",
        "required": False,
        "style": "form",
        "explode": True,
        "description": "One of these at most, by its own name.",
        "schema": {
            "type": "object",
            "properties": {name: _not_null(kind) for name, kind in members.items()},
            "maxProperties": 1,
            "additionalProperties": False,
        },
    }


def _not_null(kind: dict[str, Any]) -> dict[str, Any]:
    """Leave out the null that stands for a member which isn't there: in a query it would be a text."""
    written: dict[str, Any]
    (written,) = (one for one in kind["anyOf"] if one != {"type": "null"})
    return written


def _reference(kind: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(name=kind.__name__)}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
