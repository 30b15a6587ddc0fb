"""A skill of Alexa's: Amazon calls us with each thing that is said, and speaks what stands in the response.

    POST /v1/hooks/NAME
    SignatureCertChainUrl: https://s3.amazonaws.com/echo.api/echo-api-cert-12.pem
    Signature-256: base64 of RSA over SHA-256 of the body

https://developer.amazon.com/docs/custom-skills/host-a-custom-skill-as-a-web-service.html says what a request must prove, and
https://developer.amazon.com/docs/custom-skills/request-and-response-json-reference.html what stands in it. Amazon waits 8 seconds.
"""

from hulk.modules.channels.adapters.alexa.certificates import HOST, Certificates, certificates, roots_of
from hulk.modules.channels.adapters.alexa.door import AlexaDoor
from hulk.modules.channels.adapters.alexa.line import AlexaLine

__all__ = ["HOST", "AlexaDoor", "AlexaLine", "Certificates", "certificates", "roots_of"]
