"""What Meta sends, as its reference shows it for each type of message."""

from typing import Any

NUMBER, APP, ACCOUNT = "106540352242922", "670843887433847", "102290129340398"
OUR_NUMBER = "15550783881"
PHONE, PERSON = "5511987654321", "BR.13491208655302741918"
TOKEN, APP_SECRET, VERIFY_TOKEN = "EAAtwin" * 4, "0123456789abcdef" * 2, "a verify token of ours"
SHA256 = "SfInY0gGKTsJlUWbwxC1k+FAD0FZHvzwfpvO0zX0GUI="

BODIES: dict[str, dict[str, Any]] = {
    "text": {"text": {"body": "Quantos pedidos houve ontem?"}},
    "image": {"image": {"caption": "A nota", "mime_type": "image/jpeg", "sha256": SHA256, "id": "1003383421387256"}},
    "audio": {"audio": {"mime_type": "audio/mpeg", "sha256": SHA256, "id": "1003383421387257", "voice": False}},
    "voice note": {"audio": {"mime_type": "audio/ogg; codecs=opus", "sha256": SHA256, "id": "1003383421387258", "voice": True}},
    "document": {
        "document": {
            "caption": "Leia", "filename": "ação.pdf", "mime_type": "application/pdf", "sha256": SHA256, "id": "1003383421387259",
        }
    },
    "video": {"video": {"mime_type": "video/mp4", "sha256": SHA256, "id": "1003383421387260"}},
    "sticker": {"sticker": {"mime_type": "image/webp", "sha256": SHA256, "id": "1003383421387261", "animated": False}},
    "button reply": {"interactive": {"type": "button_reply", "button_reply": {"id": "a.data", "title": "Sim"}}},
    "list reply": {"interactive": {"type": "list_reply", "list_reply": {"id": "b.data", "title": "Não", "description": "mesmo"}}},
    "button": {"button": {"payload": "Sim, por favor", "text": "Sim, por favor"}},
    "reaction": {"reaction": {"message_id": "wamid.OURS", "emoji": "👍🏽"}},
    "reaction taken back": {"reaction": {"message_id": "wamid.OURS"}},
    "location": {"location": {"latitude": -23.55, "longitude": -46.63, "name": "Sé", "address": "Praça da Sé"}},
    "contacts": {
        "contacts": [
            {
                "name": {"formatted_name": "Bia Souza", "first_name": "Bia"},
                "phones": [{"phone": "+55 11 99999-0000", "type": "CELL", "wa_id": "5511999990000"}],
            }
        ]
    },
    "order": {
        "order": {
            "catalog_id": "194836987003835", "text": "Para hoje",
            "product_items": [{"product_retailer_id": "sku-7", "quantity": 2, "item_price": 10.5, "currency": "BRL"}],
        }
    },
    "unsupported": {
        "errors": [
            {
                "code": 131051, "title": "Message type unknown", "message": "Message type unknown",
                "error_data": {"details": "Message type is currently not supported."},
            }
        ],
        "unsupported": {"type": "poll"},
    },
    "edit": {
        "edit": {"original_message_id": "wamid.BEFORE", "message": {"type": "text", "text": {"body": "Quantos hoje?"}, "context": {}}}
    },
    "revoke": {"revoke": {"original_message_id": "wamid.BEFORE"}},
    "changed number": {
        "system": {
            "body": f"User Ana changed from {PHONE} to 5521912345678", "wa_id": "5521912345678", "user_id": "BR.2000",
            "type": "user_changed_number",
        }
    },
}  # fmt: skip
"""What stands in a message of each type besides from whom it is."""
_TYPES = {
    "voice note": "audio", "button reply": "interactive", "list reply": "interactive", "reaction taken back": "reaction",
    "changed number": "system",
}  # fmt: skip


def message(kind: str, *, id_: str = "wamid.HBgN1", at: int = 1795300000, **other: Any) -> dict[str, Any]:
    """A message of that kind, from a person known by id and phone; `other` is put over it, and None takes a field away."""
    said = {"from": PHONE, "from_user_id": PERSON, "id": id_, "timestamp": str(at), "type": _TYPES.get(kind, kind), **BODIES[kind], **other}
    return {name: value for name, value in said.items() if value is not None}


def status(id_: str, what: str, handle: str | None, *, at: int = 1795300000, errors: Any = None, recipient: str = PHONE) -> dict[str, Any]:
    """What became of a message of ours."""
    said = {
        "id": id_, "status": what, "timestamp": str(at), "recipient_id": recipient, "recipient_user_id": PERSON,
        "biz_opaque_callback_data": handle, "errors": errors,
    }  # fmt: skip
    return {name: value for name, value in said.items() if value is not None}


def person(name: str | None = "Ana", phone: str | None = PHONE, user: str | None = PERSON) -> dict[str, Any]:
    """Somebody, as far as Meta tells."""
    found = {"profile": {"name": name} if name else {}, "wa_id": phone, "user_id": user}
    return {key: value for key, value in found.items() if value is not None}


def value(
    *, messages: list[Any] | None = None, statuses: list[Any] | None = None, contacts: list[Any] | None = None, number: str = NUMBER
) -> dict[str, Any]:
    """The value of a change."""
    said: dict[str, Any] = {
        "messaging_product": "whatsapp", "metadata": {"display_phone_number": OUR_NUMBER, "phone_number_id": number},
        "contacts": contacts if contacts is not None else [person()],
    }  # fmt: skip
    return said | ({"messages": messages} if messages else {}) | ({"statuses": statuses} if statuses else {})


def webhook(*values: dict[str, Any], field: str = "messages") -> dict[str, Any]:
    """A call with a change for each of these."""
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": ACCOUNT, "changes": [{"value": one, "field": field} for one in values]}],
    }


def user_id_update(previous: str, current: str) -> dict[str, Any]:
    """Somebody has another business-scoped user id."""
    update = {"wa_id": PHONE, "detail": "changed", "user_id": {"previous": previous, "current": current}, "timestamp": "1795300000"}
    return webhook(
        {
            "messaging_product": "whatsapp", "metadata": {"display_phone_number": OUR_NUMBER, "phone_number_id": NUMBER},
            "contacts": [person(user=current)], "user_id_update": [update],
        },
        field="user_id_update",
    )  # fmt: skip
