"""A twin of the service of Brazil's central bank that publishes rates (PTAX, OData), as a process of its own.

It answers as its documentation shows: `CotacaoDolarPeriodo(…)` with `cotacaoCompra`, `cotacaoVenda`, `dataHoraCotacao` of each day from the
first to the last that is asked for, none on weekends. The first part of the path says what goes wrong: `down` 500, `garbage` no JSON,
`empty` no day, `odd` a day without a rate, `long` and `endless` much that nobody asked for.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

_ASKED = re.compile(
    r"/CotacaoDolarPeriodo\(dataInicial=@dataInicial,dataFinalCotacao=@dataFinalCotacao\)"
    r"\?@dataInicial='(\d\d)-(\d\d)-(\d{4})'&@dataFinalCotacao='(\d\d)-(\d\d)-(\d{4})'&\$format=json"
)

_PADDED = {"long": 900_000, "endless": 2_000_000}


class _Twin(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        kind, _, rest = unquote(self.path).lstrip("/").partition("/")
        asked = _ASKED.fullmatch("/" + rest)
        if kind == "down" or asked is None:
            return self._send(500 if kind == "down" else 400, b"{}")
        first, last = (date(int(year), int(month), int(day)) for month, day, year in (asked.groups()[:3], asked.groups()[3:]))
        return self._send(200, b"<html>" if kind == "garbage" else _body(kind, first, last))

    def _send(self, status: int, data: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json;odata.metadata=minimal")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _body(kind: str, first: date, last: date) -> bytes:
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    open_ = [] if kind == "empty" else [day for day in days if day.weekday() < 5]
    rows = [
        {"cotacaoCompra": 5.3515, "cotacaoVenda": round(5.3 + day.day / 1000, 4), "dataHoraCotacao": f"{day} 13:04:33.123"} for day in open_
    ]
    if kind == "odd":
        rows = [{"cotacaoCompra": None, "cotacaoVenda": None, "dataHoraCotacao": "2026-11-20 13:04:33.123"}]
    if kind in _PADDED:
        rows[0]["nothing"] = " " * _PADDED[kind]
    context = "https://was-p.bcnet.bcb.gov.br/olinda/servico/PTAX/versao/v1/odata$metadata#_CotacaoDolarPeriodo"
    return json.dumps({"@odata.context": context, "value": rows}).encode()


def main() -> None:
    """Serve on a free port and say which."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Twin)
    print(server.server_address[1], flush=True)
    server.serve_forever()


@contextmanager
def a_ptax() -> Iterator[str]:
    """Its address."""
    with subprocess.Popen([sys.executable, "-P", __file__], stdout=subprocess.PIPE, text=True) as twin:
        assert twin.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(twin.stdout.readline())}"
        finally:
            twin.terminate()


if __name__ == "__main__":
    main()
