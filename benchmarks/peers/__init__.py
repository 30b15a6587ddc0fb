"""The same task under each engine: one file per peer, run as `python -m benchmarks.peers.<name> work` and `… send`.

`work` is one worker process. `send` reads orders from standard input, one JSON object a line, and answers each with a line:

    {"first": 0, "count": 1000}                   enqueue tasks 0…999 as fast as it can; answers the seconds that took
    {"first": 0, "count": 100, "rate": 50}        enqueue 50 a second
    {"ended": true}                               how many tasks the engine itself says are completed, -1 where it cannot tell
"""
