"""What agents remember and how they reason, over the store."""

from hulk.kernel.events import Trail
from hulk.kernel.time import Clock, utc_now
from hulk.modules.agents.adapters.disputes import TicketDisputes
from hulk.modules.agents.adapters.sql_memories import SqlMemories
from hulk.modules.agents.adapters.sql_reasoning import SqlCases
from hulk.modules.agents.adapters.vectors import Embeds, HalfVectors
from hulk.modules.agents.usecases.acts import MindActs
from hulk.modules.agents.usecases.forgetting import Forget, SweepMemories
from hulk.modules.agents.usecases.memory import LookAtMemories, Recall, Remember
from hulk.modules.agents.usecases.reasoning import Note, ReviewReasoning, Show
from hulk.modules.tickets import Board
from hulk.runtime.store import Store


def mind(store: Store, trail: Trail, embedder: Embeds, board: Board, *, outside: bool = False, clock: Clock = utc_now) -> MindActs:
    """The acts. `embedder` is a `hulk.runtime.models.Remembered`; `outside` says whether texts leave the company on their way to it."""
    memories, vectors, cases = SqlMemories(store), HalfVectors(embedder, outside), SqlCases(store)
    disputes = TicketDisputes(board, trail, store.commit, clock)
    return MindActs(
        remember=Remember(memories, vectors, trail, store.commit, clock),
        recall=Recall(memories, vectors, store.commit, clock),
        look=LookAtMemories(memories, vectors, clock),
        forget=Forget(memories, trail, store.commit),
        sweep=SweepMemories(memories, vectors, trail, store.commit, clock),
        note=Note(cases, trail, clock),
        show=Show(cases),
        review=ReviewReasoning(cases, disputes, trail, store.commit, clock),
    )
