"""Who takes part, and how each decides: kinds of actors, and rules on plain values."""

from agents.kinds import REGISTRY as KINDS
from agents.kinds import (
    AcademicGroup,
    ActorKind,
    CloudProgramme,
    CloudSponsor,
    CrowdConsortium,
    HardwareVendor,
    IndividualResearchers,
    LargeFirm,
    LeadingLab,
    NationalChampion,
    NormEntrepreneur,
    OpenCollective,
    OpenFollower,
    OrdinaryActor,
    ServiceProvider,
    StateSponsor,
    Thief,
)

__all__ = [
    "KINDS",
    "AcademicGroup",
    "ActorKind",
    "CloudProgramme",
    "CloudSponsor",
    "CrowdConsortium",
    "HardwareVendor",
    "IndividualResearchers",
    "LargeFirm",
    "LeadingLab",
    "NationalChampion",
    "NormEntrepreneur",
    "OpenCollective",
    "OpenFollower",
    "OrdinaryActor",
    "ServiceProvider",
    "StateSponsor",
    "Thief",
]
