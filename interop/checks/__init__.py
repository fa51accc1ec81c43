"""Checks of Fairlead's interfaces with software that was not written for it."""
