"""Calibration: which values of the uncertain inputs go with what is claimed (docs/calibration.md)."""
