"""The kinds of actors. Defining a class here registers it; its behaviour is ``[kinds.KEY]`` of a scenario.

A kind is a name and a description. Its Mesa class (``agents.views``) inherits from it, so that
``isinstance(agent, LeadingLab)`` holds.
"""

from __future__ import annotations

import re
from typing import ClassVar

REGISTRY: dict[str, type[ActorKind]] = {}


class ActorKind:
    """What all actors have in common."""

    key: ClassVar[str]
    phrase: ClassVar[str]

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "phrase" in cls.__dict__:  # a kind; views of a kind inherit its phrase
            cls.key = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
            REGISTRY[cls.key] = cls


class LeadingLab(ActorKind):
    """Very large compute and talent, a private code base; wants the lead."""

    phrase = "leading lab"


class OpenFollower(ActorKind):
    """A large firm a step behind, with a policy of openness."""

    phrase = "large follower with an open policy"


class ServiceProvider(ActorKind):
    """Sells access to its own models."""

    phrase = "model-as-a-service firm"


class HardwareVendor(ActorKind):
    """Publishes what sells hardware."""

    phrase = "hardware vendor"


class LargeFirm(ActorKind):
    """A large firm with closed models of its own."""

    phrase = "large firm"


class NationalChampion(ActorKind):
    """A firm with the data and the wish for models of its own language or region."""

    phrase = "national champion"


class OpenCollective(ActorKind):
    """Volunteers with little money, who open everything."""

    phrase = "open collective"


class CrowdConsortium(ActorKind):
    """Many contributors and a public grant."""

    phrase = "crowd-sourced consortium"


class AcademicGroup(ActorKind):
    """Researchers, few engineers."""

    phrase = "academic group"


class CloudSponsor(ActorKind):
    """A cloud start-up with spare new hardware."""

    phrase = "cloud sponsor"


class CloudProgramme(ActorKind):
    """A cloud giant's programme that gives limited accelerator time."""

    phrase = "cloud programme"


class StateSponsor(ActorKind):
    """Money or supercomputers, no team of its own."""

    phrase = "state sponsor"


class IndividualResearchers(ActorKind):
    """People who use, show and study what others made."""

    phrase = "individual researchers"


class Thief(ActorKind):
    """Takes what its skill can reach."""

    phrase = "thief"


class NormEntrepreneur(ActorKind):
    """Seeks agreement on slower or safer diffusion."""

    phrase = "norm entrepreneur"


class OrdinaryActor(ActorKind):
    """One of the many: takes up what reaches it, and passes it on."""

    phrase = "ordinary actor"
