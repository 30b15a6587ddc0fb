"""What Meta sends to a webhook, as far as Hulk reads it.

Source: “Messages webhook reference” and “Business-scoped user IDs” (developers.facebook.com/documentation/business-messaging/whatsapp). Any
field may be missing, and any other may be there: a phone number is not there for people with usernames.
"""

from pydantic import BaseModel, ConfigDict, Field


class Wire(BaseModel):
    """Read leniently: what is not known is passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True, populate_by_name=True)


class Body(Wire):
    """The words of a message."""

    body: str = ""


class Media(Wire):
    """A file of a message, or a sticker."""

    id: str = ""
    caption: str = ""
    filename: str = ""
    mime_type: str = "application/octet-stream"
    sha256: str = ""
    voice: bool = False


class Context(Wire):
    """The message that this one answers; `sender` is whose that was."""

    id: str = ""
    sender: str = Field(default="", alias="from")


class Reply(Wire):
    """What was chosen."""

    id: str = ""
    title: str = ""


class Interactive(Wire):
    """A button or a row of a list of ours, pressed; or a form of Meta's."""

    type: str = ""
    button_reply: Reply | None = None
    list_reply: Reply | None = None


class QuickReply(Wire):
    """A button of a template, pressed."""

    payload: str = ""
    text: str = ""


class Reaction(Wire):
    """A reaction; without an emoji, it was taken back."""

    message_id: str = ""
    emoji: str = ""


class Location(Wire):
    """A place."""

    latitude: float
    longitude: float
    name: str = ""
    address: str = ""


class Phone(Wire):
    """A number of a card."""

    phone: str = ""


class Name(Wire):
    """The name of a card."""

    formatted_name: str = ""


class Card(Wire):
    """Somebody's card."""

    name: Name = Name()
    phones: tuple[Phone, ...] = ()


class Item(Wire):
    """A line of an order."""

    product_retailer_id: str = ""
    quantity: str = ""
    item_price: str = ""
    currency: str = ""


class Order(Wire):
    """An order from a catalogue."""

    text: str = ""
    product_items: tuple[Item, ...] = ()


class System(Wire):
    """Something about the sender has changed. `wa_id` (in old versions `new_wa_id`) is the new number, `customer` the old one."""

    type: str = ""
    body: str = ""
    wa_id: str = ""
    new_wa_id: str = ""
    user_id: str = ""
    customer: str = ""


class Details(Wire):
    """More on an error."""

    details: str = ""


class Fault(Wire):
    """An error of Meta's."""

    code: int = 0
    error_subcode: int = 0
    title: str = ""
    message: str = ""
    error_data: Details | None = None


class Content(Wire):
    """What a message says; of each type, the field of that name."""

    type: str = "unsupported"
    context: Context | None = None
    text: Body | None = None
    image: Media | None = None
    video: Media | None = None
    audio: Media | None = None
    document: Media | None = None
    sticker: Media | None = None
    interactive: Interactive | None = None
    button: QuickReply | None = None
    reaction: Reaction | None = None
    location: Location | None = None
    contacts: tuple[Card, ...] = ()
    order: Order | None = None


class Edit(Wire):
    """A message as it is now."""

    original_message_id: str = ""
    message: Content = Content()


class Revoke(Wire):
    """A message that its sender deleted."""

    original_message_id: str = ""


class Origin(Wire):
    """From whom a message is, and when; all messages have this, whatever they say."""

    id: str
    sender: str = Field(default="", alias="from")
    user: str = Field(default="", alias="from_user_id")
    group_id: str = ""
    timestamp: str = ""
    type: str = "unsupported"


class Message(Origin, Content):
    """A message."""

    system: System | None = None
    edit: Edit | None = None
    revoke: Revoke | None = None
    errors: tuple[Fault, ...] = ()


class Profile(Wire):
    """What people call themselves."""

    name: str = ""
    username: str = ""


class Person(Wire):
    """Somebody that the webhook is about."""

    wa_id: str = ""
    user_id: str = ""
    profile: Profile = Profile()


class Status(Wire):
    """What became of a message of ours."""

    id: str
    status: str
    timestamp: str = ""
    recipient_id: str = ""
    recipient_user_id: str = ""
    biz_opaque_callback_data: str = ""
    errors: tuple[Fault, ...] = ()


class Ids(Wire):
    """An id before and after."""

    previous: str
    current: str


class UserIdUpdate(Wire):
    """Somebody has another business-scoped user id."""

    wa_id: str = ""
    user_id: Ids
    timestamp: str = ""
