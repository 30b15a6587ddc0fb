"""Hearing and speaking, as the settings want it."""

from collections.abc import Iterable
from dataclasses import dataclass

from hulk.kernel.errors import Refused
from hulk.modules.channels.adapters.voice import VoiceServer, WyomingSpeak, WyomingTranscribe, installed
from hulk.modules.channels.domain import Channel
from hulk.modules.channels.settings.voice import VoiceSettings, server_of


@dataclass(frozen=True, slots=True)
class Voice:
    """What hears and speaks; None what does not."""

    transcribe: WyomingTranscribe | None = None
    speak: WyomingSpeak | None = None


def voice_of(settings: VoiceSettings, channels: Iterable[Channel] = ()) -> Voice:
    """Over those servers. Raises `Refused` when what reads recordings is not installed, and when what is said on a channel that is private
    would leave the company."""
    if not settings.stt and not settings.tts:
        return Voice()
    if not installed():
        raise Refused("Hearing and speaking (voice.stt, voice.tts) need a package that is not installed: pip install 'hulk-ops[voice]'.")
    private = [one.name for one in channels if one.private]
    if settings.remote and private:
        raise Refused(
            "voice.remote would let what is said leave the company, and what is said on these channels may not: {names}.",
            names=", ".join(private),
        )
    longest = settings.longest.total_seconds()
    names = {language: name for language, name in (("pt", settings.voice_pt), ("en", settings.voice_en)) if name}
    return Voice(
        WyomingTranscribe(_server(settings.stt, settings), longest) if settings.stt else None,
        WyomingSpeak(_server(settings.tts, settings), names, settings.spoken, longest) if settings.tts else None,  # type: ignore[arg-type]  # they are languages
    )


def _server(url: str, settings: VoiceSettings) -> VoiceServer:
    return VoiceServer(*server_of(url), remote=settings.remote, seconds=settings.timeout.total_seconds())
