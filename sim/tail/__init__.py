"""The long tail: the many small actors of a world, up to millions, on one network.

``populations`` draws them once from a scenario; ``offering``, ``uptake``, ``ties``, ``using`` and ``giving``
hold their rules; ``agenda`` is their calendar; ``unfolding`` says what happens in which order. ``reading``
takes what a run left behind. Only a populated world compiles any of the rules (``agents.rule.rule_where``).
"""
