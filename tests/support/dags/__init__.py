"""Tasks of agents under fire: random plans carried out over the real journal and a real store, by models, tools and people that misbehave
as a seed has it, in processes that die in the middle.

    plans.py    which agents there are and what they are to do
    minds.py    models: right, wrong, greedy, away, hanging, asking for what they may not
    shop.py     tools, and the counter of side effects outside the process
    kept.py     the store that can die, and what must never be seen in it
    rig.py      all of it wired, executed wake-up by wake-up
    proof.py    what must hold at the end
"""
