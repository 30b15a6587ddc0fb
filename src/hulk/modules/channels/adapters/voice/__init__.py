"""Hearing and speaking by any server of the Wyoming protocol.

recording (Ogg Opus …) > 16 kHz, mono, 16 bit > transcribe, audio-start, audio-chunk …, audio-stop > transcript
text > synthesize > audio-start, audio-chunk …, audio-stop > Ogg Opus, as WhatsApp and Telegram take voice notes
"""

from hulk.modules.channels.adapters.voice.server import VoiceServer
from hulk.modules.channels.adapters.voice.sound import installed
from hulk.modules.channels.adapters.voice.speaking import WyomingSpeak
from hulk.modules.channels.adapters.voice.transcribing import WyomingTranscribe

__all__ = ["VoiceServer", "WyomingSpeak", "WyomingTranscribe", "installed"]
