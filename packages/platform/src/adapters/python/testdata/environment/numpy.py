"""Stands for the package of this name, which rows without types do not need."""
