"""What every request passes through, each piece plain ASGI. `hulk.runtime.http.app` puts them in order."""
