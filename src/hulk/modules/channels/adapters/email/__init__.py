"""E-mail: a mailbox that is heard by IMAP, and answers that leave by SMTP.

IMAP > reading > arrivals       whole mails become arrivals (`listening`, `marks`, `imap`; `reading`, `bodies`, `bounces`)
        proving                 who it is from is only believed where the receiving server says so; else it is from nobody known
        manners                 what a program sent is never answered
messages > composing > SMTP     (`line`, `composing`, `smtp`, `checking`)
"""

from hulk.modules.channels.adapters.email.imap import ImapServer
from hulk.modules.channels.adapters.email.line import EmailLine
from hulk.modules.channels.adapters.email.listening import EmailListens
from hulk.modules.channels.adapters.email.oauth import Client, Granted
from hulk.modules.channels.adapters.email.reading import Reader
from hulk.modules.channels.adapters.email.smtp import SmtpServer
from hulk.modules.channels.adapters.email.wire import Login, Place

__all__ = ["Client", "EmailLine", "EmailListens", "Granted", "ImapServer", "Login", "Place", "Reader", "SmtpServer"]
